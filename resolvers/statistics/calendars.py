"""How many periods of a curve make a year, as its own times tell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]

DAY = 86_400_000_000
"""Microseconds of a day."""
YEAR = 365.25 * DAY
TRADING_DAYS, CALENDAR_DAYS = 252, 365
USUAL_PERIODS = (
    *(252.0, 365.0, 365.25, 260.0, 261.0, 250.0, 256.0, 360.0, 52.0, 12.0, 4.0, 1.0),
    *(24 * 365.0, 24 * 365.25, 60 * 24 * 365.0, 6.5 * 252, 390 * 252.0),
)
"""Periods of a year as engines and people take them: days, longer ones, then hours and minutes."""
_FEWEST = 3
_REGULAR_SHARE = 0.6
"""So many steps have the usual length where a curve has a frequency; others are nights, weekends or holidays."""
_LONG = 90 * DAY
_DENSE_SHARE = 2 / 3
"""So many of the points of a year are there where a long curve has a frequency: it is not only that of some days."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The frequency of a curve's points, and how many of them make a year."""

    frequency: str
    periods_per_year: float


def infer_calendar(times: Times, *, with_gaps: bool = False) -> Calendar | None:
    """Return the calendar of instants (microseconds since 1970, rising): None for fewer than three or no time at all.

    Days without any weekend are trading days, 252 a year, else 365. Points within days count as many a year as the
    days that have points have on average (their median). Steps without a usual length count by the time that passed.

    So do points that are missing much of the time, as those of a strategy that is in the market on some days only;
    but not with_gaps: then they are stretches of one run, and what is between these was not measured.
    """
    if len(times) < _FEWEST or times[-1] <= times[0]:
        return None
    found = _of_steps(times)
    return found if with_gaps else _if_dense(found, times)


def _of_steps(times: Times) -> Calendar:
    steps = np.diff(times)
    usual = float(np.median(steps))
    is_regular = np.mean(np.abs(steps - usual) <= 0.1 * usual) >= _REGULAR_SHARE and usual > 0
    if usual < 0.9 * DAY:
        return _within_days(times, usual) if is_regular else _elapsed(times)
    for frequency, days, slack, periods in _LONGER:
        if abs(usual - days * DAY) <= slack * DAY:
            return Calendar(frequency, periods)
    return _days(times) if is_regular and usual <= 1.1 * DAY else _elapsed(times)


_LONGER = (
    ("weekly", 7, 0.5, 52.0),
    ("monthly", 30.5, 2.6, 12.0),
    ("quarterly", 91.3, 2.6, 4.0),
    ("yearly", 365.2, 1, 1.0),
)


def _if_dense(calendar: Calendar, times: Times) -> Calendar:
    passed = _elapsed(times)
    is_sparse = passed.periods_per_year < _DENSE_SHARE * calendar.periods_per_year
    return passed if is_sparse and times[-1] - times[0] >= _LONG else calendar


def _days(times: Times) -> Calendar:
    if _has_weekends(times):
        return Calendar("calendar days", float(CALENDAR_DAYS))
    return Calendar("trading days", float(TRADING_DAYS))


def _within_days(times: Times, usual: float) -> Calendar:
    _, counts = np.unique(times // DAY, return_counts=True)
    days = CALENDAR_DAYS if _has_weekends(times) else TRADING_DAYS
    # The first and the last day may be cut.
    whole = counts[1:-1] if len(counts) > 2 else np.array([round(DAY / usual)])  # noqa: PLR2004 - both ends
    return Calendar(_name(usual), float(np.median(whole)) * days)


def _name(microseconds: float) -> str:
    seconds = microseconds / 1_000_000
    unit, length = next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])
    return f"{seconds / length:g} {unit}"


_UNITS = (("hours", 3600), ("minutes", 60), ("seconds", 1))


def _elapsed(times: Times) -> Calendar:
    return Calendar("irregular", (len(times) - 1) / (float(times[-1] - times[0]) / YEAR))


def _has_weekends(times: Times) -> bool:
    """Tell whether points fall on weekends as often as on any other day, and not just one holiday's make-up session."""
    weekday = (times // DAY + 3) % 7  # 1970-01-01 was a Thursday
    return bool(np.mean(weekday >= 5) > 0.1)  # noqa: PLR2004 - Saturday, Sunday
