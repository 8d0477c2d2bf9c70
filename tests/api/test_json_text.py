import math
import re

import pytest

from api.json_text import parse_json


def test_numbers_come_back_float_for_float() -> None:
    assert parse_json(b"[3.557359545633843, 0.1, -0.0, 5e-324]") == [3.557359545633843, 0.1, -0.0, 5e-324]


def test_nan_and_infinity_are_taken_as_python_writes_them() -> None:
    given = parse_json(b'{"a": NaN, "b": [Infinity, -Infinity, 1e999]}')

    assert math.isnan(given["a"])
    assert given["b"] == [math.inf, -math.inf, math.inf]


@pytest.mark.parametrize("beside", ["1", "NaN"])
def test_an_integer_beyond_64_bits_is_the_nearest_float(beside: str) -> None:
    integers = f"[18446744073709551615, 18446744073709551616, -{'9' * 30}, {beside}]"

    assert parse_json(integers.encode())[:3] == [2**64 - 1, 2.0**64, -1e30]


def test_a_byte_order_mark_is_skipped() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "Empty."),
        (b' {"a": ', "Not JSON: unexpected end of data at column 8."),
        (b'{\n"a": 1,\n"b" 2}', "Not JSON: unexpected character, expected ':' after key at line 3, column 5."),
        (b'{"a": "\xff"}', "Not UTF-8 text: invalid start byte at byte 8."),
        ('{"a": 1}'.encode("utf-16"), "Not UTF-8 text: invalid start byte at byte 1."),
        (rb'{"a": NaN, "b": "\ud800"}', "Not JSON: unexpected character, expected a JSON value at column 7."),
        (b'{"a": ' + b"1" * 5000 + b", NaN}", "Not JSON: "),
        (b"[" * 100_000, "Not JSON: depth limit exceeded at column "),
    ],
)
def test_what_is_no_json_is_refused_with_the_reason(text: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(reason)}"):
        parse_json(text)
