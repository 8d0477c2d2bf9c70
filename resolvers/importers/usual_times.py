"""Times in the spellings that programs write, read many times faster than by a parser of all spellings."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from types import NoneType

import numpy as np
from numpy.typing import NDArray

FEW = 64
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
T, SPACE, ZERO = b"T"[0], b" "[0], b"0"[0]
CLOCK = 10
"""Where the T or the space stands."""

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
    found = _read_few(known) if len(known) <= FEW else _read_many(known)  # type: ignore[arg-type] - joining tells
    if found is None or known is given:
        return found
    times = np.full(len(given), NOT_A_TIME)
    times[[text is not None for text in given]] = found
    return times


def _read_few(texts: Sequence[str]) -> NDArray[np.int64] | None:
    if not all(map(SPELLING.fullmatch, texts)):
        return None
    try:
        times = [datetime.fromisoformat(text).replace(tzinfo=None) for text in texts]
    except ValueError:
        return None
    return np.array([(time - _EPOCH) // _MICROSECOND for time in times], dtype=np.int64)


def _read_many(texts: Sequence[str]) -> NDArray[np.int64] | None:
    """Read texts of one spelling, one character of all texts at a time."""
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
    columns = np.ascontiguousarray(np.frombuffer(whole.encode(), dtype=np.uint8).reshape(len(texts), width).T)
    body, rest = columns[: len(pattern)], columns[len(pattern) :]
    if not _is_spelled(body, pattern) or any((column != code).any() for column, code in zip(rest, end.encode(), strict=True)):
        return None
    return _compute(body)


def _is_spelled(columns: NDArray[np.uint8], pattern: str) -> bool:
    for place, (column, expected) in enumerate(zip(columns, pattern.encode(), strict=True)):
        if expected == ZERO:
            fits = column - ZERO <= 9  # noqa: PLR2004 - below "0" a byte turns into a large number
        elif place == CLOCK:
            fits = (column == T) | (column == SPACE)
        else:
            fits = column == expected
        if not fits.all():
            return False
    return True


def _compute(columns: NDArray[np.uint8]) -> NDArray[np.int64] | None:
    """Return the instants of characters; None where a part is out of its range."""
    days = _days(_number(columns[0:4]), _number(columns[5:7]), _number(columns[8:10]))
    if days is None:
        return None
    seconds = days * 86_400
    for start, most, unit in ((11, 23, 3600), (14, 59, 60), (17, 59, 1)):
        if start < len(columns):
            part = _number(columns[start : start + 2])
            if part.max() > most:
                return None
            seconds += part * unit
    fraction = columns[20:]
    return seconds * 1_000_000 + _number(fraction) * 10 ** (6 - len(fraction)) if len(fraction) else seconds * 1_000_000


def _number(digits: NDArray[np.uint8]) -> NDArray[np.int32]:
    found = np.zeros(digits.shape[1], dtype=np.int32)
    for digit in digits:
        found *= 10
        found += digit - ZERO
    return found


def _days(years: NDArray[np.int32], months: NDArray[np.int32], days: NDArray[np.int32]) -> NDArray[np.int64] | None:
    """Return days since 1970-01-01; None where one is not in the calendar."""
    if years.min() < 1 or months.min() < 1 or months.max() > 12 or days.min() < 1:  # noqa: PLR2004 - months of a year
        return None
    counted = years * 12 + months - 1970 * 12 - 1
    first = int(counted.min())
    starts = np.arange(first, int(counted.max()) + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    counted -= first
    if (days > np.diff(starts)[counted]).any():
        return None
    found: NDArray[np.int64] = starts[counted] + days - 1
    return found
