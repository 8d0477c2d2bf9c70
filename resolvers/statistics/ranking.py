"""Ranks and figures of a list of values with gaps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

Value = float | None


@dataclass(frozen=True, slots=True)
class Spread:
    """Figures over the values that are there; None where undefined or beyond float64."""

    mean: Value = None
    median: Value = None
    standard_deviation: Value = None
    """Of a sample (n - 1)."""


def rank_values(values: Sequence[Value], *, lower_is_better: bool) -> list[tuple[int, int | None]]:
    """Return the positions of the values, best first, each with its competition rank: 1, 2, 2, 4.

    Equal values keep their order; those without a value come last, in their order and without a rank.
    """
    present = {position: value for position, value in enumerate(values) if value is not None}
    sign = 1 if lower_is_better else -1
    order = sorted(present, key=lambda position: sign * present[position])
    ranks: dict[float, int] = {}
    for rank, position in enumerate(order, start=1):
        ranks.setdefault(present[position], rank)
    absent = [(position, None) for position, value in enumerate(values) if value is None]
    return [*((position, ranks[present[position]]) for position in order), *absent]


def spread_of(values: Sequence[Value]) -> Spread:
    """Return mean, median and standard deviation of the values that are there."""
    present = np.array([value for value in values if value is not None], dtype=np.float64)
    if not len(present):
        return Spread()
    with np.errstate(over="ignore", invalid="ignore"):
        deviation = present.std(ddof=1) if len(present) > 1 else np.nan
        return Spread(_finite(present.mean()), _finite(np.median(present)), _finite(deviation))


def _finite(value: np.floating | float) -> Value:
    return float(value) if np.isfinite(value) else None
