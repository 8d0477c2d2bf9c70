import math

import numpy as np
import pytest

from resolvers.importers.numbers import NumberError, parse_number, parse_numbers, read_numbers
from resolvers.importers.quoting import quote


def test_numbers_come_through_bit_for_bit() -> None:
    given = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 3]
    assert parse_numbers(given).values.tobytes() == np.array(given, dtype=np.float64).tobytes()


def test_null_is_told_from_what_is_not_finite() -> None:
    numbers = parse_numbers([1.0, None, math.nan, "Infinity", -math.inf, 10**400, 2])
    assert numbers.non_finite.tolist() == [2, 3, 4, 5]
    assert np.isnan(numbers.values).tolist() == [False, True, True, True, True, True, False]


@pytest.mark.parametrize("value", [True, "1.5", "", "x", [], {}])
def test_what_is_no_number_is_refused_with_its_position(value: object) -> None:
    with pytest.raises(NumberError) as refused:
        parse_numbers([1.0, None, value])
    assert refused.value.index == 2


def test_all_that_is_no_number_is_found_at_once() -> None:
    numbers, bad = read_numbers(["x", 1.5, False, None])
    assert list(bad) == [0, 2]
    assert numbers.values[1] == 1.5
    assert numbers.non_finite.tolist() == []


def test_a_number_alone_keeps_what_is_not_finite() -> None:
    assert parse_number("-inf") == -math.inf
    assert parse_number(-(10**400)) == -math.inf
    assert parse_number(3) == 3.0
    with pytest.raises(NumberError, match="null is not a number"):
        parse_number(None)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("x" * 99, "'" + "x" * 40 + "…'"),
        (None, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (10**18, "a very long number"),
        ([[]], "a list"),
        ({}, "an object"),
    ],
)
def test_a_value_is_named_in_a_few_characters(value: object, words: str) -> None:
    assert quote(value) == words
