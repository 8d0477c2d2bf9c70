"""How an objective depends on one or two parameters, over all that was tried with them."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvers.statistics.json_values import identity, order_key

Values = NDArray[np.float64]
Places = NDArray[np.intp]


class Statistic(StrEnum):
    """What becomes of several trials in one place."""

    MEAN = "MEAN"
    MEDIAN = "MEDIAN"
    MIN = "MIN"
    MAX = "MAX"
    COUNT = "COUNT"
    BEST = "BEST"


def find_axis(values: Sequence[Any]) -> tuple[list[Any], Places]:
    """Return the different values of a parameter in order, and the position there of each of the values given.

    Numbers come first, by their size, and all else by its text; 10 and 10.0 are the same, of which the first is kept.
    """
    first = {identity(value): value for value in reversed(values)}
    ordered = sorted(first.values(), key=order_key)
    positions = {identity(value): position for position, value in enumerate(ordered)}
    return ordered, np.array([positions[identity(value)] for value in values], dtype=np.intp)


def aggregate(
    cells: Places, objective: Values, count: int, statistic: Statistic, *, higher_is_better: bool = True
) -> tuple[Values, NDArray[np.int64]]:
    """Return a figure for each of so many cells, NaN for one without any, and how many values it is made of.

    cells: the cell of each value of the objective, from 0; NaN values belong to none. BEST is the highest or lowest.
    """
    known = np.isfinite(objective)
    cells, objective = cells[known], objective[known]
    order = np.lexsort((objective, cells))
    cells, objective = cells[order], objective[order]
    counts = np.bincount(cells, minlength=count).astype(np.int64)
    if statistic is Statistic.COUNT:
        return counts.astype(np.float64), counts
    filled = np.flatnonzero(counts)
    starts = np.searchsorted(cells, filled)
    figures = np.full(count, np.nan)
    if len(filled):
        figures[filled] = _figures(objective, starts, counts[filled], _kind(statistic, higher_is_better))
    return figures, counts


def _kind(statistic: Statistic, higher_is_better: bool) -> Statistic:
    if statistic is not Statistic.BEST:
        return statistic
    return Statistic.MAX if higher_is_better else Statistic.MIN


def _figures(objective: Values, starts: Places, counts: NDArray[np.int64], statistic: Statistic) -> Values:
    """Return a figure for each group; the groups follow each other, and each rises."""
    lowest: Values = objective[starts]
    highest: Values = objective[starts + counts - 1]
    match statistic:
        case Statistic.MIN:
            return lowest
        case Statistic.MAX:
            return highest
        case Statistic.MEDIAN:
            below: Values = objective[starts + (counts - 1) // 2]
            above: Values = objective[starts + counts // 2]
            return below + (above / 2 - below / 2)
    # Parts of the sum stay in range, and rounding does not take a mean beyond the values it is of.
    with np.errstate(over="ignore"):
        means: Values = np.add.reduceat(objective / np.repeat(counts, counts), starts)
    return np.clip(means, lowest, highest)
