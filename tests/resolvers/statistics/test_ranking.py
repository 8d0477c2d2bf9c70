"""Ranks and figures of values with gaps."""

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics.ranking import Spread, rank_values, spread_of

values = st.lists(st.none() | st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 1e308]) | st.floats(-5, 5), max_size=30)


def test_ties_share_a_rank_and_nulls_have_none() -> None:
    found = rank_values([1.0, None, 3.0, 2.0, 3.0, None], lower_is_better=False)
    assert found == [(2, 1), (4, 1), (3, 3), (0, 4), (1, None), (5, None)]


def test_lower_is_better_turns_the_order_but_not_the_ties() -> None:
    found = rank_values([1.0, None, 3.0, 1.0], lower_is_better=True)
    assert found == [(0, 1), (3, 1), (2, 3), (1, None)]


@given(values, st.booleans())
def test_a_rank_is_one_more_than_the_number_of_better_values(given: list[float | None], lower: bool) -> None:
    ranked = rank_values(given, lower_is_better=lower)
    assert sorted(position for position, _ in ranked) == list(range(len(given)))
    for position, rank in ranked:
        own = given[position]
        if own is None:
            assert rank is None
        else:
            assert rank == 1 + sum(v is not None and (v < own if lower else v > own) for v in given)
    keys = [(rank or math.inf, position) for position, rank in ranked]
    assert keys == sorted(keys)


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30))
def test_figures_are_those_of_the_values_that_are_there(given: list[float | None]) -> None:
    there = [value for value in given if value is not None]
    found = spread_of(given)
    assert found.mean == (pytest.approx(statistics.fmean(there), abs=1e-9) if there else None)
    assert found.median == (pytest.approx(statistics.median(there)) if there else None)
    expected = statistics.stdev(there) if len(there) > 1 else None
    assert found.standard_deviation == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_figures_beyond_a_float_are_undefined() -> None:
    assert spread_of([1e308, 1e308, 1e308]) == Spread(mean=None, median=1e308, standard_deviation=None)
