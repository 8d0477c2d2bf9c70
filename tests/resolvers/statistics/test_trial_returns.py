"""What is said of a trial by its returns, and which returns of several trials belong together."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kurtosis, skew

from resolvers.statistics.trial_returns import join_returns, measure_returns


def points(pairs: dict[int, float]) -> Any:
    return np.array(list(pairs), dtype=np.int64), np.array(list(pairs.values()))


def test_moments_are_those_of_the_known_returns() -> None:
    returns = np.random.default_rng(1).gamma(2, 0.01, 300)
    found = measure_returns(np.concatenate([[np.nan], returns, [np.nan]]))
    assert found is not None
    assert found.observations == 300
    assert found.sharpe == pytest.approx(returns.mean() / returns.std(ddof=1))
    assert (found.skewness, found.kurtosis) == pytest.approx((skew(returns), kurtosis(returns, fisher=False)))


@pytest.mark.parametrize("returns", [[], [0.1], [np.nan, 0.1], [0.1] * 9, [1e200, -1e200, 0.0], [1e308] * 5 + [-1e308]])
def test_what_has_no_sharpe_ratio_has_no_moments(returns: list[float]) -> None:
    assert measure_returns(np.array(returns)) is None


def test_returns_meet_at_equal_times() -> None:
    found = join_returns([points({1: 0.1, 2: 0.2, 3: 0.3, 5: 0.5}), points({2: 2.0, 3: 3.0, 4: 4.0, 5: 5.0})])
    assert found.matrix.tolist() == [[0.2, 2.0], [0.3, 3.0], [0.5, 5.0]]
    assert (found.times, found.dropped) == (3, 2)


def test_a_time_with_a_null_is_dropped_for_all() -> None:
    found = join_returns([points({1: np.nan, 2: 0.2, 3: 0.3}), points({1: 1.0, 2: 2.0, 3: np.nan})])
    assert found.matrix.tolist() == [[0.2, 2.0]]
    assert (found.times, found.dropped) == (3, 2)


def test_of_several_returns_at_one_time_the_last_counts() -> None:
    found = join_returns([(np.array([1, 1, 2]), np.array([0.1, 0.2, 0.3])), points({1: 1.0, 2: 2.0})])
    assert found.matrix.tolist() == [[0.2, 1.0], [0.3, 2.0]]


def test_trials_that_never_meet_have_no_rows() -> None:
    found = join_returns([points({1: 0.1, 3: 0.3}), points({2: 2.0})])
    assert (found.matrix.shape, found.times, found.dropped) == ((0, 2), 0, 3)


@given(st.lists(st.dictionaries(st.integers(0, 9), st.sampled_from([0.5, 1.5, np.nan])), min_size=1, max_size=4))
def test_rows_are_those_that_plain_python_finds(trials: list[dict[int, float]]) -> None:
    trials = [dict(sorted(each.items())) for each in trials]
    found = join_returns([points(each) for each in trials])
    common = sorted(set.intersection(*map(set, trials)))
    rows = [[each[time] for each in trials] for time in common]
    kept = [row for row in rows if not np.isnan(row).any()]
    assert found.matrix.tolist() == kept
    assert (found.times, found.dropped) == (len(common), len(set().union(*trials)) - len(kept))
