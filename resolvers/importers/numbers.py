"""Columns of numbers, read in one pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvers.importers.quoting import quote

NON_FINITE_WORDS = frozenset({"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"})
"""How JSON writers that cannot write a non-finite number spell it in a string."""


class NumberError(ValueError):
    """A value is not a number; index is its position."""

    def __init__(self, index: int, value: object) -> None:
        super().__init__(f"{quote(value)} is not a number.")
        self.index = index


@dataclass(slots=True)
class Numbers:
    """A float64 column in which NaN means undefined.

    non_finite holds the positions that were given as NaN or infinity rather than as null; they are NaN in values, too.
    """

    values: NDArray[np.float64]
    non_finite: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.values)

    def part(self, start: int, stop: int) -> "Numbers":
        """Return the numbers from one position to another; values are not copied."""
        strange = self.non_finite
        if len(strange):
            strange = strange[(strange >= start) & (strange < stop)] - start
        return Numbers(self.values[start:stop], strange)


def read_numbers(given: Sequence[object]) -> tuple[Numbers, Sequence[int]]:
    """Turn numbers and nulls into a column; also return the positions of what is neither, NaN in the column."""
    bad: Sequence[int] = ()
    if not set(map(type, given)) <= {int, float, type(None)}:
        bad = [index for index, value in enumerate(given) if value is not None and not _is_number(value)]
        given = _without(given, bad)
    return take_numbers(given), bad


def take_numbers(given: Sequence[object]) -> Numbers:
    """Turn what is known to be numbers and nulls into a column."""
    try:
        values = np.array(given, dtype=np.float64)
    except OverflowError:
        values = np.array([_clipped(value) for value in given], dtype=np.float64)
    strange = np.flatnonzero(~np.isfinite(values))
    if not len(strange):
        return Numbers(values, strange)
    values[strange] = np.nan
    return Numbers(values, np.array([place for place in strange.tolist() if given[place] is not None], dtype=np.intp))


def parse_numbers(given: Sequence[object]) -> Numbers:
    """Turn numbers and nulls into a column.

    Raises:
        NumberError: a value is neither a number nor null (booleans and other text are not).
    """
    numbers, bad = read_numbers(given)
    if bad:
        raise NumberError(bad[0], given[bad[0]])
    return numbers


def parse_number(given: object) -> float:
    """Turn one number into a float, which may be NaN or infinite; raises NumberError."""
    if not _is_number(given):
        raise NumberError(0, given)
    return float(_clipped(given))  # type: ignore[arg-type]


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in NON_FINITE_WORDS
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without(given: Sequence[object], positions: Sequence[int]) -> list[object]:
    kept = list(given)
    for index in positions:
        kept[index] = None
    return kept


def _clipped(value: object) -> object:
    if not isinstance(value, int):
        return value
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
