"""Windows: efficiency and overlaps, by hand and by brute force."""

import math
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics.walk_forward import (
    Efficiency,
    Overlap,
    OverlapKind,
    Performance,
    Window,
    WindowsReason,
    annualize,
    efficiency,
    find_overlaps,
    measure_efficiency,
)

START = date(2020, 1, 1)


def window(first: int, last: int, **known: Any) -> Window:
    """Return a window tested from one day after the start to another."""
    return Window(test_start=START + timedelta(first), test_end=START + timedelta(last), **known)


def trained(first: int, last: int, **known: Any) -> Window:
    """Return a window trained on the two years before it is tested."""
    training = {"training_start": START + timedelta(first - 731), "training_end": START + timedelta(first - 1)}
    return window(first, last, **training, **known)


def test_returns_are_compounded_to_a_year_of_their_own_period() -> None:
    # 21 % in 730 days and 1 % in 73, both with their last day: 365.25 / 730 and 365.25 / 73 of them make a year.
    two_years = (date(2020, 1, 1), date(2021, 12, 30))
    assert annualize(0.21, *two_years) == pytest.approx(1.21 ** (365.25 / 730) - 1, rel=1e-14)
    assert annualize(0.01, START, START + timedelta(72)) == pytest.approx(1.01 ** (365.25 / 73) - 1, rel=1e-14)
    assert annualize(-1.0, *two_years) == -1
    assert math.isnan(annualize(-1.5, *two_years))
    assert annualize(1e300, START, START) == math.inf
    for total in (-1.0, 0.1):
        assert math.isnan(annualize(total, START, START - timedelta(1)))


def test_an_efficiency_is_a_ratio_of_sums_over_the_windows_that_say_both() -> None:
    windows = [
        trained(0, 180, training_return=0.44, test_return=0.05),
        trained(181, 361, training_return=-0.1, test_return=0.02),
        trained(362, 542, training_return=0.3),
        window(543, 723, training_return=0.3, test_return=0.1),
    ]
    share = 365.25 / 181
    out_of_sample = 1.05**share - 1 + 1.02**share - 1
    in_sample = math.fsum((1 + each) ** (365.25 / 731) - 1 for each in (0.44, -0.1))
    found = measure_efficiency(windows)
    assert (found.of, found.windows) == (Performance.RETURN, 2)
    assert found.value == pytest.approx(out_of_sample / in_sample, rel=1e-12)


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_windows_come_as_lists_or_arrays(kind: Any) -> None:
    assert efficiency(in_sample=kind([0.5, 0.1]), out_of_sample=kind([0.2, 0.05])) == 0.25 / 0.6
    assert efficiency(kind([20_000]), kind([12_000])) == efficiency(20_000, np.float64(12_000)) == 0.6


def test_sums_may_leave_the_range_of_numbers() -> None:
    assert efficiency([1e308] * 3, [5e307] * 3) == 0.5
    assert efficiency([1e308, 1e308, -1e308], [1, 1, 1]) == pytest.approx(3e-308, rel=1e-14, abs=0)
    assert (efficiency([1e-300], [1e300]), efficiency([1e-300], [-1e300])) == (math.inf, -math.inf)


@pytest.mark.parametrize(
    ("in_sample", "out_of_sample"),
    [
        ([], []),
        ([0.0], [0.1]),
        ([-0.2, 0.1], [-0.2, 0.1]),
        ([0.1, -0.1], [0.1, 0.1]),
        ([math.nan], [0.1]),
        ([0.1], [math.nan]),
        ([math.inf], [0.1]),
        ([math.inf, -math.inf], [0.1, 0.1]),
    ],
)
def test_a_ratio_to_no_gain_is_not_a_number(in_sample: list[float], out_of_sample: list[float]) -> None:
    assert math.isnan(efficiency(in_sample, out_of_sample))


def test_sharpe_ratios_count_where_more_windows_have_them() -> None:
    both = {"training_sharpe": 2.0, "test_sharpe": 0.5}
    windows = [trained(0, 9, training_return=0.4, test_return=0.1, **both), window(10, 19, **both)]
    assert measure_efficiency(windows) == Efficiency(0.25, Performance.SHARPE, 2)
    assert measure_efficiency(windows[:1]).of is Performance.RETURN


@pytest.mark.parametrize(
    ("windows", "reason"),
    [
        ([], WindowsReason.NO_WINDOWS),
        ([window(0, 9, test_return=0.1, training_sharpe=1.0)], WindowsReason.NOT_REPORTED),
        ([window(0, 9, training_sharpe=-1.0, test_sharpe=1.0)], WindowsReason.IN_SAMPLE_NOT_POSITIVE),
        ([window(0, 9, training_sharpe=0.0, test_sharpe=1.0)], WindowsReason.IN_SAMPLE_NOT_POSITIVE),
        ([window(0, 9, training_sharpe=5e-324, test_sharpe=1.0)], WindowsReason.NON_FINITE),
        ([window(0, 9, training_sharpe=1e-300, test_sharpe=-1e300)] * 3, WindowsReason.NON_FINITE),
        ([trained(0, 9, training_return=0.5, test_return=-1.01)], WindowsReason.NON_FINITE),
        ([trained(0, 0, training_return=0.5, test_return=1e9)], WindowsReason.NON_FINITE),
    ],
)
def test_an_efficiency_that_is_undefined_has_a_reason(windows: list[Window], reason: WindowsReason) -> None:
    assert measure_efficiency(windows).value is reason


def test_overlaps_are_named_with_the_days_in_common() -> None:
    windows = [window(0, 99), window(10, 19), window(90, 120), window(121, 130), window(130, 140)]
    assert find_overlaps(windows) == [
        Overlap(OverlapKind.TEST, 1, 0, 10),
        Overlap(OverlapKind.TEST, 2, 0, 10),
        Overlap(OverlapKind.BOUNDARY, 4, 3, 1),
    ]


def test_one_day_that_is_all_of_a_window_is_no_boundary() -> None:
    for windows in ([window(0, 9), window(9, 9)], [window(0, 0), window(0, 9)], [window(3, 3), window(3, 3)]):
        assert [each.kind for each in find_overlaps(windows)] == [OverlapKind.TEST]


def test_a_window_that_was_trained_on_days_of_its_test_is_named() -> None:
    def days(start: int | None, end: int | None) -> list[Overlap]:
        ends = [None if day is None else START + timedelta(day) for day in (start, end)]
        return find_overlaps([window(100, 199, training_start=ends[0], training_end=ends[1])])

    assert days(0, 99) == days(200, 300) == days(0, None) == days(None, None) == []
    assert days(0, 100) == [Overlap(OverlapKind.TRAINING, 0, 0, 1)]
    assert days(None, 109) == [Overlap(OverlapKind.TRAINING, 0, 0, 10)]
    assert days(150, 400) == [Overlap(OverlapKind.TRAINING, 0, 0, 50)]


PERIODS = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(PERIODS, max_size=8).map(sorted))
def test_each_window_with_days_of_an_earlier_one_is_found(periods: list[tuple[int, int]]) -> None:
    days = [set(range(first, last + 1)) for first, last in periods]
    expected = {
        later: max(len(days[later] & days[earlier]) for earlier in range(later))
        for later in range(1, len(days))
        if days[later] & set().union(*days[:later])
    }
    found = find_overlaps([window(*period) for period in periods])
    assert {each.position: each.days for each in found} == expected
    assert all(len(days[each.position] & days[each.other]) == each.days for each in found)


@given(st.lists(st.tuples(st.floats(-0.9, 3), st.floats(-0.9, 3)), min_size=1, max_size=6), st.randoms())
def test_an_efficiency_does_not_depend_on_the_order_of_windows(pairs: list[tuple[float, float]], dice: Any) -> None:
    windows = [
        trained(100 * number, 100 * number + 99, training_return=before, test_return=after)
        for number, (before, after) in enumerate(pairs)
    ]
    found = measure_efficiency(windows)
    dice.shuffle(windows)
    assert measure_efficiency(windows) == found
