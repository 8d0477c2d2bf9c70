"""Times in whatever spelling, to microseconds since 1970-01-01 UTC. Pandas does the parsing."""

import re
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from resolvers.importers.quoting import quote
from resolvers.importers.usual_times import read_usual_times

if TYPE_CHECKING:
    import pandas as pd

EARLIEST = np.datetime64("0001-01-01", "us").astype(np.int64)
LATEST = np.datetime64("9999-12-31T23:59:59.999999", "us").astype(np.int64)
NOT_A_TIME = np.iinfo(np.int64).min
DAY = 86_400_000_000
SAMPLE = 1_000
ENOUGH = 100

CLOCK_WORDS = frozenset({"now", "today"})
"""Pandas reads the clock for these; a document that means another time each day is a mistake."""

YEAR = re.compile(r"\d{4}")
"""Without a year, pandas fills in today's."""

NUMBERED = re.compile(r"\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{4})\b(.*)", re.DOTALL)
"""31/12/2024 or 12/31/2024, and whatever follows."""


class TimeError(ValueError):
    """A value is not a time; index is its position."""

    def __init__(self, index: int, value: object) -> None:
        super().__init__(f"{quote(value)} is not a time such as 2024-01-31 or 2024-01-31T09:30:00Z.")
        self.index = index


def read_times(given: Sequence[object]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Turn times as parse_times does; also return the positions of what is none, the smallest int64 in the column."""
    times = read_iso_times(given)
    missing = np.flatnonzero(times == NOT_A_TIME)
    found = ((index, given[index]) for index in missing.tolist())
    others = {index: text for index, text in found if isinstance(text, str) and text not in CLOCK_WORDS}
    if others:
        times[list(others)] = _other_spellings(list(others.values()))
    return times, np.flatnonzero(times == NOT_A_TIME)


def read_iso_times(given: Sequence[object]) -> NDArray[np.int64]:
    """Turn times in a spelling of ISO 8601 as parse_times does; the smallest int64 stands for all else."""
    times = read_usual_times(given)
    if times is not None:
        return times
    texts = [value if isinstance(value, str) and value not in CLOCK_WORDS else None for value in given]
    return _microseconds(_parsed(texts, "ISO8601"))


def parse_times(given: Sequence[object]) -> NDArray[np.int64]:
    """Turn RFC 3339 times, dates and whatever else pandas.to_datetime reads into microseconds since 1970-01-01 UTC.

    A time without an offset is UTC; parts below a microsecond are cut off. 01/02/2024 is the second of January, unless
    another time of the column shows that the day comes first.

    Raises:
        TimeError: a value is missing or not a time between the years 1 and 9999.
    """
    times, bad = read_times(given)
    if len(bad):
        raise TimeError(int(bad[0]), given[bad[0]])
    return times


def parse_time(given: object) -> int:
    """Turn one time into microseconds since 1970-01-01 UTC; raises TimeError."""
    return int(parse_times([given])[0])


def parse_date(given: object) -> date:
    """Turn a date, or a time whose date in UTC is meant, into a date; raises TimeError."""
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            pass
    microseconds = parse_time(given)
    day: date = np.datetime64(microseconds, "us").astype("datetime64[D]").item()
    return day


def has_time_of_day(given: str) -> bool:
    """Tell whether a date says more than the date; raises TimeError."""
    try:
        date.fromisoformat(given)
    except ValueError:
        return parse_time(given) % DAY != 0
    return False


def _parsed(texts: Sequence[str | None], spelling: str) -> "pd.DatetimeIndex":
    import pandas as pd  # noqa: PLC0415 - a third of the start of every command, and most need none of it

    given: list[Any] = list(texts)
    return pd.to_datetime(given, utc=True, format=spelling, errors="coerce")


def _other_spellings(texts: Sequence[str]) -> NDArray[np.int64]:
    """Read each text by itself, which is slow; after ENOUGH that are no times the others are not tried."""
    dated = [text if YEAR.search(text) else None for text in _year_first(texts)]
    times = np.full(len(texts), NOT_A_TIME)
    bad = 0
    for start in range(0, len(texts), SAMPLE):
        part = slice(start, start + SAMPLE)
        times[part] = _microseconds(_parsed(dated[part], "mixed"))
        bad += int((times[part] == NOT_A_TIME).sum())
        if bad >= ENOUGH:
            break
    return times


def _year_first(texts: Sequence[str]) -> list[str]:
    matches = [NUMBERED.fullmatch(text) for text in texts]
    day_first = any(int(match[1]) > 12 for match in matches if match)  # noqa: PLR2004 - months of a year
    day, month = (1, 3) if day_first else (3, 1)
    return [
        f"{match[4]}-{match[month]:0>2}-{match[day]:0>2}{match[5]}" if match else text
        for text, match in zip(texts, matches, strict=True)
    ]


def _microseconds(parsed: "pd.DatetimeIndex") -> NDArray[np.int64]:
    microseconds: NDArray[np.int64] = parsed.tz_localize(None).to_numpy().astype("datetime64[us]").astype(np.int64)
    microseconds[(microseconds < EARLIEST) | (microseconds > LATEST)] = NOT_A_TIME
    return microseconds
