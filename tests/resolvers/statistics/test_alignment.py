"""Curves on common times."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics.alignment import DAY, Points, align, choose_points, normalize

HOUR = DAY // 24
NAN = float("nan")


def curve(**points: float) -> Points:
    """Return a curve from values by time, such as d2h14=1.5: the third day at 14:00."""
    times = [int(day) * DAY + int(hour or 0) * HOUR for day, _, hour in (name[1:].partition("h") for name in points)]
    return np.array(times), np.array(list(points.values()))


def same(found: object, expected: object) -> bool:
    return np.array_equal(np.asarray(found, float), np.asarray(expected, float), equal_nan=True)


def test_curves_meet_on_the_times_that_all_have() -> None:
    aligned = align(
        [curve(d1=1, d2=2, d3=3, d4=4), curve(d2=20, d3=NAN, d4=40, d5=50), curve(d0=0, d2=200, d3=3, d4=4)]
    )
    assert aligned.times.tolist() == [2 * DAY, 3 * DAY, 4 * DAY]
    assert same(aligned.values, [[2, 3, 4], [20, NAN, 40], [200, 3, 4]])
    assert not aligned.by_day


def test_daily_and_intraday_curves_meet_on_days_with_the_last_point_of_each() -> None:
    daily = curve(d0=1, d1=2, d2=3)
    intraday = curve(d0=5, d0h10=6, d0h16=7, d1=8, d1h9=NAN, d3=9)
    aligned = align([daily, intraday])
    assert aligned.times.tolist() == [0, DAY]
    assert same(aligned.values, [[1, 2], [7, NAN]])
    assert aligned.by_day


def test_daily_curves_stamped_at_other_hours_meet_on_days() -> None:
    aligned = align([curve(d0h21=1, d1h21=2, d2h20=3), curve(d0=4, d1=5, d3=6)])
    assert (aligned.times.tolist(), aligned.values.tolist()) == ([0, DAY], [[1, 2], [4, 5]])
    assert aligned.by_day


def test_days_win_where_they_are_more_than_one_common_time() -> None:
    aligned = align([curve(d0h9=1, d1h9=2), curve(d0h9=3, d1h10=4)])
    assert (aligned.times.tolist(), aligned.values.tolist()) == ([0, DAY], [[1, 2], [3, 4]])
    assert aligned.by_day


def test_days_are_those_before_1970_too() -> None:
    aligned = align([(np.array([-HOUR, HOUR]), np.array([1.0, 2.0])), (np.array([-2 * HOUR, 0]), np.array([3.0, 4.0]))])
    assert (aligned.times.tolist(), aligned.values.tolist()) == ([-DAY, 0], [[1, 2], [3, 4]])


def test_one_common_time_is_kept_where_days_give_no_more() -> None:
    aligned = align([curve(d0h9=1, d1h9=2), curve(d1h9=3, d2h9=4)])
    assert (aligned.times.tolist(), aligned.by_day) == ([DAY + 9 * HOUR], False)


def test_a_single_curve_keeps_its_times() -> None:
    aligned = align([curve(d0h9=1, d0h10=2)])
    assert (aligned.times.tolist(), aligned.values.tolist(), aligned.by_day) == ([9 * HOUR, 10 * HOUR], [[1, 2]], False)


def test_of_points_at_one_time_the_last_counts() -> None:
    aligned = align([(np.array([0, DAY, DAY]), np.array([1.0, 2.0, 3.0])), curve(d0=4, d1=5)])
    assert aligned.values.tolist() == [[1, 3], [4, 5]]


def test_nothing_in_common_gives_empty_rows() -> None:
    aligned = align([curve(d0=1, d1=2), curve(d3=3)])
    assert (aligned.times.shape, aligned.values.shape) == ((0,), (2, 0))
    assert normalize(aligned.values).shape == (2, 0)


def test_no_curves_give_no_rows() -> None:
    assert align([]).values.shape == (0, 0)


def test_rows_are_divided_by_their_first_value() -> None:
    values = np.array([[2, 3, NAN], [0, 1, 2], [NAN, 1, 2], [-4, 2, 0]])
    assert same(normalize(values), [[1, 1.5, NAN], [NAN] * 3, [NAN] * 3, [1, -0.5, 0]])


def test_a_row_of_extremes_is_normalized_without_a_warning() -> None:
    assert normalize(np.array([[5e-324, 1e308]])).tolist() == [[1, np.inf]]


matrices = st.tuples(st.integers(1, 6), st.integers(1, 120), st.integers(0, 2**32 - 1), st.floats(0, 0.5))


@given(matrices, st.integers(4, 80))
def test_chosen_points_are_few_and_hold_first_last_highest_and_lowest(
    matrix: tuple[int, int, int, float], most: int
) -> None:
    rows, count, seed, gaps = matrix
    random = np.random.default_rng(seed)
    values = np.where(random.random((rows, count)) < gaps, NAN, random.normal(size=(rows, count)))
    kept = choose_points(values, most)
    assert len(kept) == len(set(kept)) == min(count, len(kept))
    assert len(kept) <= most
    assert kept.tolist() == sorted(kept)
    assert (kept[0], kept[-1]) == (0, count - 1)
    if not np.isnan(values).all():
        assert np.nanmax(values[:, kept]) == np.nanmax(values)
        assert np.nanmin(values[:, kept]) == np.nanmin(values)
    if count <= most:
        assert kept.tolist() == list(range(count))


def test_each_row_keeps_its_own_highest_and_lowest_where_there_is_room() -> None:
    values = np.random.default_rng(7).normal(size=(5, 5000)) * np.array([[1], [2], [3], [4], [5]])
    kept = choose_points(values, 100)
    assert values[:, kept].max(axis=1).tolist() == values.max(axis=1).tolist()
    assert values[:, kept].min(axis=1).tolist() == values.min(axis=1).tolist()


@pytest.mark.parametrize("most", [4, 5, 23])
def test_more_rows_than_points_still_fit(most: int) -> None:
    assert len(choose_points(np.random.default_rng(7).normal(size=(200, 1000)), most)) <= most
