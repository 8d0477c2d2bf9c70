"""Windows as one run: exact where their returns are known, one return a window elsewhere."""

import math
import statistics
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kurtosis, norm, skew

from resolvers.statistics.calendars import DAY
from resolvers.statistics.stitching import Stitched, StitchedFrom, stitch
from resolvers.statistics.walk_forward import Window, WindowsReason

START = date(2024, 1, 1)
LENGTH = 100


def windows(*totals: float | None, length: int = LENGTH) -> list[Window]:
    """Return windows of a length that follow on one another."""
    return [
        Window(
            test_start=START + timedelta(length * number),
            test_end=START + timedelta(length * (number + 1) - 1),
            test_return=total,
        )
        for number, total in enumerate(totals)
    ]


def with_returns(*parts: Any) -> list[Window]:
    """Return windows with a return for each of their first days."""
    epoch = date(1970, 1, 1)
    found = []
    for window, values in zip(windows(*[None] * len(parts)), parts, strict=True):
        times = ((window.test_start - epoch).days + np.arange(len(values))) * DAY
        found.append(Window(test_start=window.test_start, test_end=window.test_end, returns=(times, np.array(values))))
    return found


def expect(found: Stitched, returns: list[float], periods: float) -> None:
    """Check figures against their formulas, written out with other packages."""
    ratio = statistics.mean(returns) / statistics.stdev(returns)
    third, fourth = skew(returns), kurtosis(returns, fisher=False)
    error = math.sqrt((1 - third * ratio + (fourth - 1) / 4 * ratio**2) / (len(returns) - 1))
    assert found.observations == len(returns)
    assert found.total == pytest.approx(math.prod(1 + each for each in returns) - 1, rel=1e-12)
    assert found.periods_per_year == pytest.approx(periods, rel=1e-12)
    assert found.sharpe == pytest.approx(ratio * math.sqrt(periods), rel=1e-9)
    assert (found.skewness, found.kurtosis) == pytest.approx((third, fourth), rel=1e-9)
    assert found.probability == pytest.approx(norm.cdf(ratio / error), rel=1e-9)


def test_a_window_is_one_return_where_no_more_is_known() -> None:
    totals = [0.1, -0.05, 0.02, 0.07]
    found = stitch(windows(*totals))
    assert found.source is StitchedFrom.WINDOWS
    expect(found, totals, 365.25 / LENGTH)


def test_returns_follow_on_one_another_where_all_windows_have_theirs() -> None:
    parts = [0.01, -0.02, 0.03], [0.005, 0.0], [-0.01, 0.02, 0.01, 0.01]
    found = stitch(with_returns(*parts))
    assert found.source is StitchedFrom.RETURNS
    expect(found, [each for part in parts for each in part], 365)


def test_windows_of_which_some_have_their_returns_are_one_return_each() -> None:
    [first, *_] = with_returns([0.1, 0.1, 0.1])
    others = windows(0.331, 0.1, -0.2)
    mixed = [
        Window(**{name: getattr(first, name) for name in ("test_start", "test_end", "returns")}, test_return=0.331)
    ]
    assert stitch([*mixed, *others[1:]]) == stitch(others)


SHORT = windows(0.1, 0.2)
UNEQUAL = [*windows(0.1, 0.2, 0.1), Window(test_start=date(2025, 1, 1), test_end=date(2025, 1, 9), test_return=0.1)]


@pytest.mark.parametrize(
    ("given", "total", "sharpe"),
    [
        ([], WindowsReason.NO_WINDOWS, WindowsReason.NO_WINDOWS),
        (windows(0.1, None, 0.2), WindowsReason.NOT_REPORTED, WindowsReason.NOT_REPORTED),
        ([*SHORT, *SHORT], WindowsReason.OVERLAP, WindowsReason.OVERLAP),
        (SHORT, 0.32, WindowsReason.TOO_SHORT),
        (UNEQUAL, 0.5972, WindowsReason.UNEQUAL_WINDOWS),
        (windows(0.1, 0.1, 0.1), 0.331, WindowsReason.ZERO_VARIANCE),
        (windows(0.1, -1.5, 0.1), WindowsReason.NON_FINITE, None),
        (windows(1e308, 1e308, 0.1), WindowsReason.NON_FINITE, WindowsReason.NON_FINITE),
        (with_returns([0.1], [0.2]), 0.32, WindowsReason.TOO_SHORT),
    ],
)
def test_what_is_undefined_has_a_reason(given: list[Window], total: Any, sharpe: Any) -> None:
    found = stitch(sorted(given, key=lambda each: each.test_start))
    assert found.total is total or found.total == pytest.approx(total)
    assert isinstance(found.sharpe, float) if sharpe is None else found.sharpe is found.probability is sharpe


def test_a_time_that_stands_in_two_windows_is_not_counted_twice() -> None:
    first, second = with_returns([0.01, 0.02], [0.01, 0.03])
    assert first.returns is not None
    times, values = first.returns
    late = Window(test_start=first.test_start, test_end=first.test_end, returns=(times + LENGTH * DAY, values))
    assert stitch([late, second]).total is WindowsReason.OVERLAP


@given(st.lists(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=20), min_size=1, max_size=5))
def test_the_cuts_between_windows_do_not_change_the_return(parts: list[list[float]]) -> None:
    exact = stitch(with_returns(*parts))
    whole = stitch(windows(*(math.prod(1 + each for each in part) - 1 for part in parts)))
    assert exact.total == pytest.approx(whole.total, abs=1e-9)
    for found in (exact, whole):
        assert not isinstance(found.probability, float) or 0 <= found.probability <= 1
        assert isinstance(found.sharpe, float) == (found.periods_per_year is not None)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=6))
def test_a_figure_is_finite_or_has_a_reason(totals: list[float]) -> None:
    found = stitch(windows(*totals))
    for figure in (found.total, found.sharpe, found.probability):
        assert isinstance(figure, WindowsReason) or math.isfinite(figure)
