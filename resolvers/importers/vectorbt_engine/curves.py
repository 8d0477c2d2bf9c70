"""Curves: {time: value}, a plain list, [time, value] pairs or {time, value} objects."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from resolvers.importers.drafts import Instants, Part, Path, PointPlace, SeriesDraft
from resolvers.importers.quoting import quote
from resolvers.importers.reading import Reader

TIME_WORDS = ("time", "date", "timestamp")
PAIR = 2


@dataclass(slots=True)
class Points:
    """A curve as columns of the document; times is None where it has none."""

    times: Sequence[object] | None
    values: Sequence[object]
    place: PointPlace
    beside: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(slots=True)
class Curve:
    """A curve, the times it was read from, where its points stand, and further columns of the points."""

    series: SeriesDraft
    spelled: Sequence[object] | None
    place: PointPlace
    beside: dict[str, list[Any]]


def read_curve(
    reader: Reader, given: Any, path: Path, value_words: Sequence[str], like: Curve | None = None
) -> Curve | None:
    """Read a curve; None where there is not one point. The times of another curve are taken over where they agree."""
    points = _points(reader, given, path, value_words)
    if points is None:
        return None
    values = reader.numbers(points.values, _inside(path, points.place, "values"))
    times = _times(reader, points, path, like)
    return Curve(SeriesDraft(times=times, values=values), points.times, points.place, points.beside)


def _times(reader: Reader, points: Points, path: Path, like: Curve | None) -> Instants | None:
    if points.times is None:
        return None
    if like is not None and like.spelled == points.times:
        return like.series.times
    return reader.times(points.times, _inside(path, points.place, "times"))


def _inside(path: Path, place: PointPlace, part: Part) -> Callable[[int], Path]:
    return lambda index: (*path, *place(index, part))


def _points(reader: Reader, given: Any, path: Path, value_words: Sequence[str]) -> Points | None:
    if given is None or given in ({}, [], ()):
        return None
    if isinstance(given, Mapping):
        return _by_time(given)
    if not isinstance(given, list | tuple):
        reader.refuse(f"{quote(given)} is not a curve: an object of times and values, or a list.", path)
        return None
    kinds = set(map(type, given))
    if dict in kinds:
        return _from_objects(reader, given, path, value_words)
    if kinds & {list, tuple}:
        return _from_pairs(reader, given, path)
    return Points(None, given, lambda index, _: (str(index),))


def _by_time(given: Mapping[str, Any]) -> Points:
    keys: list[Any] = list(given)
    numbered = keys[0] == "0" and keys == list(map(str, range(len(keys))))
    return Points(None if numbered else keys, list(given.values()), lambda index, _: (str(keys[index]),))


def _from_pairs(reader: Reader, given: Sequence[Any], path: Path) -> Points | None:
    bad = [index for index, pair in enumerate(given) if not isinstance(pair, list | tuple) or len(pair) != PAIR]
    for index in bad:
        reader.refuse(f"{quote(given[index])} is not a pair of a time and a value.", (*path, str(index)))
    if bad:
        return None
    times, values = zip(*given, strict=True)
    return Points(times, values, lambda index, part: (str(index), "0" if part == "times" else "1"))


def _from_objects(reader: Reader, given: Sequence[Any], path: Path, value_words: Sequence[str]) -> Points | None:
    bad = [index for index, point in enumerate(given) if not isinstance(point, Mapping)]
    for index in bad:
        reader.refuse(f"{quote(given[index])} is not a point with a time and a value.", (*path, str(index)))
    if bad:
        return None
    words: list[str] = list(dict.fromkeys(word for point in given for word in point))
    value = _word(reader, words, value_words, path)
    time = _word(reader, words, TIME_WORDS, path)
    beside = {word: [point.get(word) for point in given] for word in words if word not in {time, value}}
    return Points(
        [point.get(time) for point in given],
        [point.get(value) for point in given],
        lambda index, part: (str(index), time if part == "times" else value),
        beside,
    )


def _word(reader: Reader, present: Sequence[str], words: Sequence[str], path: Path) -> str:
    word = next((word for word in words if word in present), None)
    if word is None:
        reader.refuse(f"A point has none of {', '.join(words)}.", (*path, "0"))
    return word or words[0]
