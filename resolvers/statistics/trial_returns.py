"""What the returns of one trial of an optimization say of it, and which of several trials' returns belong together."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from resolvers.statistics.performance import deviation, moments

Times = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Moments:
    """Of returns, per period: mean / standard deviation (n - 1); how many; skewness and non-excess kurtosis (n)."""

    sharpe: float
    observations: int
    skewness: float
    kurtosis: float


def measure_returns(returns: Values) -> Moments | None:
    """Return the moments of a trial's returns, fractions per period; NaN ones are left out.

    None where a Sharpe ratio is undefined: fewer than two returns, no variance, or numbers out of range.
    """
    known = returns[np.isfinite(returns)]
    if len(known) < 2:  # noqa: PLR2004 - n - 1
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        spread = deviation(known)
        if spread == 0 or not math.isfinite(spread):
            return None
        found = Moments(float(np.mean(known)) / spread, len(known), *moments(known))
    return found if all(map(math.isfinite, (found.sharpe, found.skewness, found.kurtosis))) else None


@dataclass(frozen=True, slots=True)
class Common:
    """Returns on common times: T x N, a column for each trial, in the order of time, without any NaN.

    times: how many times all trials have, whether their returns are known or not. dropped: rows that are not here
    although some trial has them, for want of others or for a NaN.
    """

    matrix: Values
    times: int
    dropped: int


def join_returns(trials: Sequence[tuple[Times, Values]]) -> Common:
    """Return the rows of the times that all trials have and all returns of which are known.

    trials: times in microseconds, never falling, and a return for each; of several at one time the last counts. Times
    meet only where they are equal: a return over a day is none over an hour.
    """
    points = [_last_at_each(times, values) for times, values in trials]
    times = reduce(_intersect, (each for each, _ in points))
    matrix = np.column_stack([values[np.searchsorted(own, times)] for own, values in points])
    kept = matrix[np.isfinite(matrix).all(axis=1)]
    is_shared = all(len(own) == len(times) for own, _ in points)
    every = len(times) if is_shared else len(np.unique(np.concatenate([own for own, _ in points])))
    return Common(kept, len(times), every - len(kept))


def _last_at_each(times: Times, values: Values) -> tuple[Times, Values]:
    last = np.append(times[1:] != times[:-1], True)[: len(times)]
    return times[last], values[last]


def _intersect(first: Times, second: Times) -> Times:
    return first if np.array_equal(first, second) else np.intersect1d(first, second, assume_unique=True)
