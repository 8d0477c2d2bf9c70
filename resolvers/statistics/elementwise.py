"""Formulas of plain numbers, over arrays as well."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import numpy as np

P = ParamSpec("P")

_PLAIN = frozenset({float, int})
"""Types that are told from arrays in no time: thousands of runs are measured at once."""


def elementwise(formula: Callable[P, float]) -> Callable[P, float]:
    """Return a formula that also takes arrays or lists for any of its numbers.

    They are broadcast as numpy does, and the answer is an array of their common shape. Of plain numbers, Python's or
    numpy's, it is a float, whatever their type.
    """

    def of_numbers(*numbers: Any, **named: Any) -> float:
        # Python's floats: numpy's warn where a number leaves their range.
        return formula(*map(float, numbers), **{name: float(number) for name, number in named.items()})  # type: ignore[arg-type]

    def of_arrays(*arrays: Any, **named: Any) -> Any:
        with np.errstate(all="ignore"):  # comparing with NaN is no fault here
            return np.vectorize(of_numbers, otypes=[np.float64])(*arrays, **named)

    @wraps(formula)
    def of_any(*values: P.args, **named: P.kwargs) -> Any:
        given: list[Any] = [*values, *named.values()]
        is_plain = _PLAIN.issuperset(map(type, given)) or not any(map(np.ndim, given))
        return (of_numbers if is_plain else of_arrays)(*values, **named)

    return of_any
