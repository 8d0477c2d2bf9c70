"""How chosen parameters change from one window of a walk-forward test to the next."""

import json
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np


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
    keys = [_key(value) for value in known]
    changes = sum(before != after for before, after in pairwise(keys))
    return Drift(name, values, changes, len(set(keys)), *_measure_numbers(known))


def _key(value: Any) -> Hashable:
    """Return what equal values have in common: True is not 1."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number else json.dumps(value, sort_keys=True)


def _measure_numbers(known: Sequence[Any]) -> tuple[float | None, float | None, float | None]:
    """Return mean, deviation and their ratio; without rounding errors where all are equal."""
    if not known or not all(type(value) in {int, float} for value in known):
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
