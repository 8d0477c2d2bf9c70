"""The periods of a year follow from a curve's own times."""

import numpy as np
import pandas as pd
import pytest

from resolvers.statistics.calendars import infer_calendar


def calendar_of(times: pd.DatetimeIndex) -> tuple[str, float]:
    found = infer_calendar(times.as_unit("us").astype("int64").to_numpy())
    assert found is not None
    return found.frequency, found.periods_per_year


def session_of(frequency: str) -> pd.DatetimeIndex:
    """Return the times of four months of sessions on an exchange, 9:30 to 16:00."""
    times = pd.date_range("2024-01-01", "2024-04-30", freq=frequency)
    is_open = (times.time >= pd.Timestamp("09:30").time()) & (times.time < pd.Timestamp("16:00").time())
    return times[is_open & (times.day_of_week < 5)]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (pd.bdate_range("2020-01-01", "2023-12-31"), ("trading days", 252)),
        (pd.date_range("2020-01-01", "2020-12-31"), ("calendar days", 365)),
        (pd.bdate_range("2024-01-02", periods=4), ("trading days", 252)),
        (pd.date_range("2020-01-03", periods=100, freq="W-FRI"), ("weekly", 52)),
        (pd.date_range("2020-01-31", periods=48, freq="ME"), ("monthly", 12)),
        (pd.date_range("2020-01-31", periods=48, freq="BME"), ("monthly", 12)),
        (pd.date_range("2020-03-31", periods=20, freq="QE"), ("quarterly", 4)),
        (pd.date_range("2000-12-31", periods=20, freq="YE"), ("yearly", 1)),
        (pd.date_range("2024-01-01", periods=24 * 60, freq="h"), ("1 hours", 24 * 365)),
        (pd.date_range("2024-01-01", periods=6 * 90, freq="4h"), ("4 hours", 6 * 365)),
        (session_of("30min"), ("30 minutes", 13 * 252)),
        (session_of("1min"), ("1 minutes", 390 * 252)),
        (pd.date_range("2024-01-01", periods=1440 * 9, freq="min"), ("1 minutes", 1440 * 365)),
        (pd.date_range("2024-01-01", periods=2880 * 9, freq="30s"), ("30 seconds", 2880 * 365)),
    ],
    ids=[
        "business days",
        "days",
        "four days",
        "Fridays",
        "month ends",
        "last business days",
        "quarters",
        "years",
        "hours",
        "4 hours",
        "half hours of sessions",
        "minutes of sessions",
        "minutes",
        "half minutes",
    ],
)
def test_a_calendar_is_told_from_the_times(times: pd.DatetimeIndex, expected: tuple[str, float]) -> None:
    assert calendar_of(times) == expected


def test_times_without_a_frequency_count_by_the_time_that_passed() -> None:
    steps = np.random.default_rng(1).exponential(3.0, size=400)
    times = pd.Timestamp("2020-01-01") + pd.to_timedelta(np.cumsum(steps), unit="D")
    frequency, periods = calendar_of(pd.DatetimeIndex(times))
    assert frequency == "irregular"
    assert periods == pytest.approx(365.25 / 3, rel=0.1)


@pytest.mark.parametrize(
    ("times", "days", "per_day"),
    [
        (session_of("30min"), [2], 13),
        (session_of("1min"), [0, 3], 390),
        (pd.bdate_range("2024-01-01", "2024-12-31"), [0, 1, 2], 1),
    ],
    ids=["half hours of Wednesdays", "minutes of two days a week", "three days a week"],
)
def test_points_on_some_days_count_by_the_time_that_passed(
    times: pd.DatetimeIndex, days: list[int], per_day: int
) -> None:
    some = times[times.day_of_week.isin(days)]
    frequency, periods = calendar_of(some)
    assert frequency == "irregular"
    assert periods == pytest.approx(per_day * len(days) * 365.25 / 7, rel=0.1)
    stretches = infer_calendar(some.as_unit("us").astype("int64").to_numpy(), with_gaps=True)
    assert stretches is not None
    assert stretches.periods_per_year == 252 * per_day


def test_a_long_holiday_changes_no_calendar() -> None:
    times = pd.bdate_range("2024-01-01", "2024-12-31")
    assert calendar_of(times[(times.month != 8) & (times.month != 2)]) == ("trading days", 252)


@pytest.mark.parametrize("times", [[], [1], [1, 2], [5, 5, 5]])
def test_too_few_times_have_no_calendar(times: list[int]) -> None:
    assert infer_calendar(np.array(times, dtype=np.int64)) is None
