"""Times in the spellings that programs write, read many times faster than by a parser of all spellings."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 24
"""Up to so many are read one by one, which is quicker than two dozen operations of numpy."""
SPELLING = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{3}|\.\d{6})?)?(?:Z|\+00:00)?)?", re.ASCII)
ENDS = ("Z", "+00:00")
PATTERNS = {
    10: "0000-00-00",
    16: "0000-00-00T00:00",
    19: "0000-00-00T00:00:00",
    23: "0000-00-00T00:00:00.000",
    26: "0000-00-00T00:00:00.000000",
}
"""The spellings by their lengths, without what ends them."""
T, SPACE, ZERO = b"T "[0], b"T "[1], b"0"[0]
CLOCK = 10
"""Where the T or the space stands."""
WHOLE = 14
"""Digits from the year to the second."""
LEAST = np.array([[0], [0], [1], [1], [0], [0], [0]], dtype=np.uint8)
RANGE = np.array([[99], [99], [11], [30], [23], [59], [59]], dtype=np.uint8)
"""The least of each two digits, and how much more they can be: century, year in it, month, day, hour, minute, second.

What is less turns into a large number.
"""

Cells = NDArray[np.uint8]
"""One row for each place in a text, one column for each text."""

NOT_A_TIME = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all is UTC here
_MICROSECOND = timedelta(microseconds=1)


def read_usual_times(given: Sequence[object]) -> NDArray[np.int64] | None:
    """Return microseconds since 1970-01-01 UTC, the smallest int64 for null; None where a text is spelled otherwise.

    2024-01-31 and 2024-01-31T09:30:00Z are usual, also without seconds, with 3 or 6 digits behind them, with a space
    for the T, with +00:00 for the Z and without either.
    """
    known = [text for text in given if text is not None] if None in given else given
    if not all(isinstance(text, str) for text in known[:FEW]):
        return None
    found = _read_few(known) if len(known) <= FEW else _read_many(known)
    if found is None or known is given:
        return found
    times = np.full(len(given), NOT_A_TIME)
    times[[text is not None for text in given]] = found
    return times


def _read_few(texts: Sequence[Any]) -> NDArray[np.int64] | None:
    if not all(map(SPELLING.fullmatch, texts)):
        return None
    try:
        times = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    except ValueError:
        return None
    return np.array([(time - _EPOCH) // _MICROSECOND for time in times], dtype=np.int64)


def _read_many(texts: Sequence[Any]) -> NDArray[np.int64] | None:
    """Read texts of one spelling, one character of all texts at a time; the first of them is known to be a text."""
    end = next((end for end in ENDS if texts[0].endswith(end)), "")
    pattern = PATTERNS.get(len(texts[0]) - len(end))
    if pattern is None or (end and len(pattern) <= CLOCK):
        return None
    end += "\n"
    try:
        whole = "\n".join(texts) + "\n"
    except TypeError:
        return None
    width = len(pattern + end)
    if len(whole) != width * len(texts) or not whole.isascii():
        return None
    cells = np.ascontiguousarray(np.frombuffer(whole.encode(), dtype=np.uint8).reshape(len(texts), width).T)
    return _compute(cells, pattern) if _is_separated(cells, pattern + end) else None


def _is_separated(cells: Cells, pattern: str) -> bool:
    """Tell whether all but the digits is as in the pattern; a space may stand for the T."""
    places = [place for place, sign in enumerate(pattern) if sign not in "0T"]
    signs = np.frombuffer(pattern.encode(), dtype=np.uint8)
    if not (cells[places] == signs[places, None]).all():
        return False
    return "T" not in pattern or bool(((cells[CLOCK] == T) | (cells[CLOCK] == SPACE)).all())


def _compute(cells: Cells, pattern: str) -> NDArray[np.int64] | None:
    """Return the instants; None where a part is no number or out of its range."""
    digits = cells[[place for place, sign in enumerate(pattern) if sign == "0"]] - ZERO
    if (digits > 9).any():  # noqa: PLR2004 - what is below "0" turns into a large number
        return None
    clock = digits[:WHOLE]
    parts = clock[0::2] * np.uint8(10) + clock[1::2]
    if (parts - LEAST[: len(parts)] > RANGE[: len(parts)]).any():
        return None
    starts, lengths = _months()
    months = (parts[0] * np.int32(100) + parts[1]) * 12 + parts[2] - 1
    if (parts[3] > lengths[months]).any():
        return None
    seconds = starts[months] + parts[3] - 1
    for place, unit in ((4, 24), (5, 60), (6, 60)):
        seconds = seconds * unit + parts[place] if place < len(parts) else seconds * unit
    times = seconds * 1_000_000
    for place, digit in enumerate(digits[WHOLE:]):
        times += digit * np.int64(10 ** (5 - place))
    found: NDArray[np.int64] = times
    return found


@cache
def _months() -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the first day, since 1970-01-01, and the number of days of each month of the years 0 to 9999.

    There is no year 0 here, so its months have no day.
    """
    months = np.arange("0000-01", "10000-02", dtype="datetime64[M]")
    starts = months.astype("datetime64[D]").astype(np.int64)
    lengths = np.diff(starts).astype(np.uint8)
    lengths[:12] = 0
    return starts, lengths
