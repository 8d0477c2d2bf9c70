"""A surface is what plain Python makes of the trials of each cell."""

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics.surfaces import Statistic, aggregate, find_axis

FIGURES: dict[Statistic, Callable[[Any], float]] = {
    Statistic.MEAN: statistics.fmean,
    Statistic.MEDIAN: statistics.median,
    Statistic.MIN: min,
    Statistic.MAX: max,
    Statistic.COUNT: len,
    Statistic.BEST: min,
}


def test_numbers_stand_by_their_size_and_others_behind_them_by_their_text() -> None:
    values, places = find_axis([10, "b", 9, 10.0, True, "a", 2.5, [1], False])
    assert values == [2.5, 9, 10, [1], "a", "b", False, True]
    assert places.tolist() == [2, 5, 1, 2, 7, 4, 0, 3, 6]
    assert [type(each) for each in values[:3]] == [float, int, int]


def test_a_parameter_without_values_has_no_axis() -> None:
    values, places = find_axis([])
    assert (values, places.tolist()) == ([], [])


TRIALS = st.lists(st.tuples(st.integers(0, 5), st.floats(-1e6, 1e6) | st.just(np.nan)), max_size=30)


@given(TRIALS, st.sampled_from(list(Statistic)))
def test_each_cell_is_what_its_trials_give(trials: list[tuple[int, float]], statistic: Statistic) -> None:
    cells = np.array([cell for cell, _ in trials], dtype=np.intp)
    objective = np.array([value for _, value in trials], dtype=np.float64)
    figures, counts = aggregate(cells, objective, 7, statistic, higher_is_better=False)
    for cell in range(7):
        own = [value for place, value in trials if place == cell and not np.isnan(value)]
        assert counts[cell] == len(own)
        if own or statistic is Statistic.COUNT:
            assert figures[cell] == pytest.approx(FIGURES[statistic](own), rel=1e-12, abs=1e-9)
        else:
            assert np.isnan(figures[cell])


def test_the_best_is_the_highest_where_higher_is_better() -> None:
    figures, _ = aggregate(np.array([0, 0]), np.array([1.0, 2.0]), 1, Statistic.BEST)
    assert figures.tolist() == [2.0]


@pytest.mark.parametrize("statistic", [Statistic.MEAN, Statistic.MEDIAN])
def test_figures_of_huge_numbers_stay_in_range(statistic: Statistic) -> None:
    largest = np.finfo(np.float64).max
    figures, _ = aggregate(np.zeros(3, np.intp), np.full(3, largest), 1, statistic)
    assert figures.tolist() == [largest]
