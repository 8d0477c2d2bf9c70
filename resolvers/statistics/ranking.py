"""Ranks and figures of a list of values with gaps."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

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
    """Return mean, median and standard deviation of the values that are there, from exactly rounded sums.

    A comparison has few values: for them this takes a tenth of the time that arrays take.
    """
    present = [value for value in values if value is not None]
    if not present:
        return Spread()
    try:
        mean = math.fsum(present) / len(present)
        return Spread(mean, _finite(statistics.median(present)), _deviation(present, mean))
    except OverflowError:
        return Spread(median=_finite(statistics.median(present)))


def _deviation(values: Sequence[float], mean: float) -> Value:
    if len(values) < 2:  # noqa: PLR2004 - one value has none
        return None
    try:
        return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    except OverflowError:
        return None


def _finite(value: float) -> Value:
    return value if math.isfinite(value) else None
