"""Several curves on common times."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from resolvers.statistics.curves import FEWEST

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Points = tuple[Times, Values]
"""The times of a curve in microseconds, never falling, and a value for each; NaN is null."""

DAY = 86_400_000_000
"""Microseconds."""


@dataclass(frozen=True, slots=True)
class Aligned:
    """Common times, and for each curve a row with one value for each of them; by_day says that times are UTC days."""

    times: Times
    values: Values
    by_day: bool = False


def align(curves: Sequence[Points]) -> Aligned:
    """Return the curves on the times that all of them have; of points at one time the last counts.

    Curves meet on UTC days, each with its last point of the day, where some are intraday (a median step below one day)
    and others are not, or where they have fewer than two times in common and more days.
    """
    if not curves:
        return Aligned(np.empty(0, np.int64), np.empty((0, 0)))
    points = [_last_at_each(times, values) for times, values in curves]
    mixed = len({_is_intraday(times) for times, _ in points}) > 1
    exact = _join(points, by_day=False)
    if not mixed and (len(points) == 1 or len(exact.times) > 1):
        return exact
    days = _join([_last_at_each(times // DAY * DAY, values) for times, values in points], by_day=True)
    return days if mixed or len(days.times) > len(exact.times) else exact


def normalize(values: Values) -> Values:
    """Return each row divided by its first value; a row that starts with zero or NaN is all NaN."""
    first = values[:, :1]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return np.where(first != 0, values / first, np.nan)


def choose_points(values: Values, most: int) -> NDArray[np.intp]:
    """Return the positions of at most so many common points that keep the picture of all rows, in order.

    The first and last points, the highest and lowest of all rows, and the highest and lowest of even stretches are
    among them; each row's own highest and lowest, too, where they take no more than half of the room. most is at
    least FEWEST.
    """
    count = values.shape[1]
    if count <= most:
        return np.arange(count)
    high = np.where(np.isnan(values), -np.inf, values)
    low = np.where(np.isnan(values), np.inf, values)
    highest, lowest = high.max(axis=0), low.min(axis=0)
    kept = {0, count - 1, int(highest.argmax()), int(lowest.argmin())}
    own = {*high.argmax(axis=1).tolist(), *low.argmin(axis=1).tolist()}
    if len(own) <= (most - FEWEST) // 2:
        kept |= own
    edges = np.linspace(0, count, (most - len(kept)) // 2 + 1).astype(np.intp)
    for start, end in pairwise(edges.tolist()):
        kept.add(start + int(highest[start:end].argmax()))
        kept.add(start + int(lowest[start:end].argmin()))
    return np.array(sorted(kept), dtype=np.intp)


def _last_at_each(times: Times, values: Values) -> Points:
    last = np.append(times[1:] != times[:-1], True)
    return times[last], values[last]


def _is_intraday(times: Times) -> bool:
    return len(times) > 1 and bool(np.median(np.diff(times)) < DAY)


def _join(points: Sequence[Points], *, by_day: bool) -> Aligned:
    times = reduce(_intersect, (times for times, _ in points))
    return Aligned(times, np.stack([values[np.searchsorted(own, times)] for own, values in points]), by_day)


def _intersect(first: Times, second: Times) -> Times:
    return first if np.array_equal(first, second) else np.intersect1d(first, second, assume_unique=True)
