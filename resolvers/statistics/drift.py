"""How chosen parameters change from one window of a walk-forward test to the next."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from resolvers.statistics.json_values import identity, is_number


@dataclass(frozen=True, slots=True)
class Drift:
    """One parameter over the windows.

    Attributes:
        values: one for each window in their order, None where it has none.
        changes: how often a value differs from that of the window before that has one.
        distinct: how many different values there are.
        mean: of numbers; None where a value is none, as for the deviation and their ratio.
        standard_deviation: with n - 1; None for a single value.
        coefficient_of_variation: the deviation divided by the size of the mean; None where that is 0.
    """

    name: str
    values: Sequence[Any]
    changes: int
    distinct: int
    mean: float | None = None
    standard_deviation: float | None = None
    coefficient_of_variation: float | None = None


def measure_drift(parameters: Sequence[Mapping[str, Any] | None]) -> list[Drift]:
    """Return the drift of each parameter, in the order in which they first appear.

    parameters: the chosen ones of each window, in the windows' order; values are JSON. 10 and 10.0 are the same.
    """
    names = dict.fromkeys(name for chosen in parameters for name in chosen or ())
    return [_measure(name, [(chosen or {}).get(name) for chosen in parameters]) for name in names]


def _measure(name: str, values: Sequence[Any]) -> Drift:
    known = [value for value in values if value is not None]
    keys = [identity(value) for value in known]
    changes = sum(before != after for before, after in pairwise(keys))
    return Drift(name, values, changes, len(set(keys)), *_measure_numbers(known))


def _measure_numbers(known: Sequence[Any]) -> tuple[float | None, float | None, float | None]:
    """Return mean, deviation and their ratio; without rounding errors where all are equal."""
    if not known or not all(map(is_number, known)):
        return None, None, None
    numbers = np.array(known, dtype=np.float64)
    is_constant = bool((numbers == numbers[0]).all())
    with np.errstate(all="ignore"):
        mean = numbers[0] if is_constant else np.mean(numbers)
        deviation = np.float64(0 if is_constant else np.std(numbers, ddof=1)) if len(numbers) > 1 else np.float64("nan")
        ratio = deviation / abs(mean)
    return _finite(mean), _finite(deviation), _finite(ratio)


def _finite(value: np.floating) -> float | None:
    return float(value) if math.isfinite(value) else None
