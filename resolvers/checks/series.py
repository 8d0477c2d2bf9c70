"""Checks of curves."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from resolvers.checks.report import Report, first_index
from resolvers.importers.drafts import Instants, SeriesDraft

MOST_POINTS = 5_000_000


@dataclass(frozen=True, slots=True)
class Curve:
    """Times in microseconds since 1970-01-01 UTC, never falling, and a value for each; NaN is null."""

    times: Instants
    values: NDArray[np.float64]


def check_curve(report: Report, draft: SeriesDraft | None, name: str) -> SeriesDraft | None:
    """Check lengths, order of times and values; a curve without points is none."""
    if draft is None or not len(draft.values):
        return None
    if len(draft.values) > MOST_POINTS:
        report.invalid(
            report.places.of(name), f"{len(draft.values)} points; at most {MOST_POINTS} are taken.", "TOO_LARGE"
        )
        return None
    if not _times_fit(report, draft, name):
        return None
    strange = draft.values.non_finite
    first = report.places.of_point(name, int(strange[0]), "values") if len(strange) else ()
    report.numbers(draft.values, report.places.of(name), first)
    return draft


def check_drawdown_curve(report: Report, draft: SeriesDraft | None, name: str) -> SeriesDraft | None:
    """Check a curve of drawdowns and turn positive ones, with a notice."""
    draft = check_curve(report, draft, name)
    if draft is None:
        return None
    values = draft.values.values
    positive = values > 0
    if positive.any():
        path = report.places.of_point(name, int(np.argmax(positive)), "values")
        report.notice("SIGN", path, f"A drawdown is never positive: {int(positive.sum())} values were stored negative.")
        values[positive] = -values[positive]
    return draft


def place_in_time(report: Report, draft: SeriesDraft | None, name: str, start: date, end: date) -> Curve | None:
    """Return the curve; one without times is spread over the run's days, with a notice."""
    if draft is None:
        return None
    if draft.times is not None:
        return Curve(draft.times, draft.values.values)
    report.notice("ASSUMED", report.places.of(name), f"No times were given: spread over {start} to {end}.")
    return Curve(spread_over(len(draft.values), start, end), draft.values.values)


def _times_fit(report: Report, draft: SeriesDraft, name: str) -> bool:
    times = draft.times
    if times is None:
        return True
    if len(times) != len(draft.values):
        message = f"{len(draft.values)} values for {len(times)} times: there must be one for each."
        report.invalid(report.places.of(f"{name}.values"), message)
        return False
    falling = first_index(np.diff(times) < 0)
    if falling is not None:
        report.invalid(report.places.of_point(name, falling + 1, "times"), "A time is earlier than the one before it.")
    return falling is None


def spread_over(points: int, start: date, end: date) -> Instants:
    """Return one time a day where the number of points is that of the days or weekdays, else even steps."""
    days = np.arange(np.datetime64(start), np.datetime64(end) + np.timedelta64(1, "D"))
    weekdays = days[np.is_busday(days)]
    for chosen in (days, weekdays):
        if len(chosen) == points:
            return _microseconds(chosen)
    first, last = _microseconds(days[[0, -1]]).tolist()
    return np.linspace(first, last, points).round().astype(np.int64)


def _microseconds(days: NDArray[np.datetime64]) -> Instants:
    microseconds: Instants = days.astype("datetime64[us]").astype(np.int64)
    return microseconds
