"""Lists are cut into their elements wherever the chunks end, and a broken element costs itself alone."""

import io
import random
from typing import Any

import orjson
import pytest

from api.importing.json_lists import ListReader


def read(text: bytes, *, longest: int = 1000, chunk: int = 1000) -> list[Any]:
    """Return the elements of a list, and what is wrong with some; chunks are of at most this many bytes."""
    file = io.BytesIO(text)
    assert file.read(1) == b"["
    elements = list(ListReader(b"", lambda _: file.read(chunk), longest=longest))
    return [element.problem or element.value for element in elements]


def random_value(rng: random.Random, depth: int = 0) -> Any:
    kind = rng.randrange(7) if depth < 4 else 0
    if kind < 3:
        return rng.choice([1, 2.5, None, True, 'a"b', "\\", '\\"', "[{", "]}", "é,", '\\\\"', ""])
    values = [random_value(rng, depth + 1) for _ in range(rng.randrange(4))]
    return values if kind < 5 else {rng.choice(['a"', "b\\", "{", "]"]) + str(at): at for at in values}


def test_any_list_in_any_chunks_gives_its_elements() -> None:
    rng = random.Random(4)
    for _ in range(250):
        values = [random_value(rng) for _ in range(rng.randrange(6))]
        text = orjson.dumps(values, option=rng.choice([0, orjson.OPT_INDENT_2]))
        assert read(text, longest=10**6, chunk=rng.choice([1, 2, 3, 17, 1000])) == values


def test_no_damage_ends_in_anything_but_elements_and_problems() -> None:
    rng = random.Random(5)
    for _ in range(150):
        text = bytearray(orjson.dumps([random_value(rng) for _ in range(6)]))
        for _ in range(3):
            text[rng.randrange(1, len(text))] = rng.choice(b'{}[]",\\ 1')
        elements = read(bytes(text), longest=20, chunk=rng.choice([3, 1000]))
        assert len(elements) <= len(text)


A, B, C = {"symbol": "A"}, {"symbol": "B"}, {"symbol": "C"}
BEHIND = "Not JSON: there is more text behind the end of the list."


@pytest.mark.parametrize("chunk", [1, 7, 1000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'[{"symbol": "A"}, {"symbol": }, {"symbol": "C"}]', [A, "Not JSON: ", C]),
        (b'[{"symbol": "A"}, {"symbol": "B", "t": {"n": 1}, {"symbol": "C"}]', [A, "Not JSON: ", C]),
        (b'[{"symbol": "A"}, {"symbol": "B", "t": [1}, {"symbol": "C"}]', [A, "Not JSON: ", C]),
        (b'[{"symbol": "A}, {"symbol": "B"}, {"symbol": "C"}]', ["Not JSON: ", B, C]),
        (b'[{"symbol": "A"}}, {"symbol": "B"}]', [A, BEHIND, B]),
        (b'[{"symbol": "A"}] {"symbol": "B"}', [A, BEHIND, B, "Cut off"]),
        (b'[{"symbol": "A"}, nul, {"symbol": "B"}]', [A, "Not JSON: ", B]),
        (b'[{"symbol": "A"}, 1, "x", {"symbol": "B"}, null]', [A, 1, "x", B, None]),
        (b'[{"symbol": "A"}, {"symbol": "B"', [A, "Not JSON: "]),
        (b'[{"symbol": "A"}', [A, "Cut off: the list does not end."]),
        (b'[{"symbol": "A"}, {"symbol": "\xff"}, {"symbol": "C"}]', [A, "Not UTF-8 text", C]),
        (b"[", ["Cut off: the list does not end."]),
        (b"[] \n", []),
    ],
)
def test_a_broken_element_costs_itself_alone(text: bytes, expected: list[Any], chunk: int) -> None:
    found = read(text, chunk=chunk)
    assert len(found) == len(expected), found
    for one, other in zip(found, expected, strict=True):
        assert one == other if not isinstance(other, str) or other == "x" else other in one


@pytest.mark.parametrize("chunk", [1, 10, 1000])
def test_an_element_that_is_too_long_is_passed_over_whether_or_not_it_ends(chunk: int) -> None:
    long = b'{"symbol": "A", "t": ["' + b"x" * 300 + b'"%s}'
    for ending in (b"]", b""):
        text = b'[{"symbol": "A"}, %s, {"symbol": "B"}, {"symbol": "C"}]' % (long % ending)
        first, problem, *others = read(text, longest=100, chunk=chunk)
        assert (first, others) == (A, [B, C])
        assert problem.startswith(("Longer than 100 bytes", "Not JSON"))


def test_memory_does_not_grow_behind_a_bracket_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.importing.json_lists.PATIENCE", 1000)
    reader = ListReader(b"", io.BytesIO(b'{"symbol": [}, ' + b'{"symbol": 1}, ' * 10**4 + b"]").read, longest=10**6)
    monkeypatch.setattr("api.importing.json_lists.CHUNK", 5000)
    found = [(element.problem, len(reader._buffer)) for element in reader]
    assert [problem for problem, _ in found if problem] == [
        "Not JSON: unexpected character, expected a JSON value at column 13."
    ]
    assert (len(found), max(size for _, size in found) < 10_000) == (10**4 + 1, True)


def test_what_elements_begin_with_is_not_trusted_where_it_also_stands_inside() -> None:
    nested = b'{"symbol": "A", "of": {"symbol": "B"}}'
    broken = b'{"symbol": "A", "of": {"symbol": "B"}, 1}'
    assert len(read(b"[%s, %s, %s]" % (nested, broken, nested))) == 3
