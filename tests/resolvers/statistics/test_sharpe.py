"""What holds of the statistics of Sharpe ratios whatever the numbers are, and where they are undefined."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics import multiple_testing, sharpe, walk_forward

ratios = st.floats(-0.3, 0.5)
counts = st.integers(10, 5000)
skews = st.floats(-1, 1)
kurtoses = st.floats(2.5, 12)


@given(st.floats(0.001, 0.5), counts, skews, kurtoses)
def test_more_observations_make_a_good_ratio_more_probable(
    ratio: float, count: int, skewness: float, kurtosis: float
) -> None:
    fewer, more = (
        sharpe.probabilistic_sharpe_ratio(ratio, 0, observations, skewness, kurtosis)
        for observations in (count, 2 * count)
    )
    assert 0.5 <= fewer <= more <= 1


@given(ratios, counts, st.tuples(skews, kurtoses), st.floats(1, 10_000), st.floats(0, 0.1))
def test_counting_trials_never_makes_a_ratio_more_probable(
    ratio: float, count: int, moments: tuple[float, float], trials: float, variance: float
) -> None:
    skewness, kurtosis = moments
    alone = sharpe.probabilistic_sharpe_ratio(ratio, 0, count, skewness, kurtosis)
    deflated = sharpe.deflated_sharpe_ratio(ratio, count, skewness, kurtosis, trials, variance)
    assert deflated <= alone
    assert sharpe.deflated_sharpe_ratio(ratio, count, skewness, kurtosis, 1, variance) == alone


@given(st.floats(0.01, 0.5), skews, kurtoses, st.floats(0.6, 0.99))
def test_the_minimum_track_record_is_just_long_enough(
    ratio: float, skewness: float, kurtosis: float, confidence: float
) -> None:
    length = sharpe.minimum_track_record_length(ratio, 0, skewness, kurtosis, confidence)
    assert sharpe.probabilistic_sharpe_ratio(ratio, 0, length, skewness, kurtosis) == pytest.approx(confidence)


@pytest.mark.parametrize("trials", [5, 10, 100, 1000])
def test_the_expected_maximum_is_what_draws_give(trials: int) -> None:
    draws = np.random.default_rng(trials).normal(size=(4000, trials)).max(axis=1)
    assert sharpe.expected_maximum(trials) == pytest.approx(draws.mean(), abs=0.06)


def test_one_trial_is_no_choice() -> None:
    assert sharpe.expected_maximum(1) == 0
    assert sharpe.expected_maximum_sharpe(1, math.nan) == 0
    assert sharpe.minimum_backtest_length(1, 1.0) == 0


@given(st.floats(1, 10_000), st.floats(1, 10_000))
def test_the_expected_maximum_rises_with_the_trials(one: float, other: float) -> None:
    fewer, more = sorted((one, other))
    assert sharpe.expected_maximum(fewer) <= sharpe.expected_maximum(more)


def test_correlated_trials_count_less() -> None:
    assert sharpe.effective_trials(50, 1.0) == 1
    assert sharpe.effective_trials(50, 0.0) == sharpe.effective_trials(50, -0.5) == 50


def test_returns_that_follow_themselves_are_worth_less_in_a_year() -> None:
    assert sharpe.annualization_factor(252) == pytest.approx(math.sqrt(252))
    assert sharpe.annualization_factor(12, 0.2) < math.sqrt(12) < sharpe.annualization_factor(12, -0.2)


@pytest.mark.parametrize(
    "figure",
    [
        sharpe.standard_error(0.1, 1),
        sharpe.standard_error(1.0, 100, 3.0, 1.0),
        sharpe.standard_error_of_independent_returns(1.0, 0),
        sharpe.probabilistic_sharpe_ratio(0.1, 0, 1),
        sharpe.probabilistic_sharpe_ratio(0.1, 0, math.inf),
        sharpe.probabilistic_sharpe_ratio(0.1, math.nan, 100),
        sharpe.minimum_track_record_length(0.1, 0.1),
        sharpe.minimum_track_record_length(0.1, 0.2),
        sharpe.minimum_track_record_length(1.0, 0.0, 3.0, 1.0),
        sharpe.minimum_track_record_length(1e155, 0.0),
        sharpe.minimum_track_record_length(0.1, 0.0, confidence=1.0),
        sharpe.expected_maximum(0),
        sharpe.expected_maximum(math.nan),
        sharpe.deflated_sharpe_ratio(0.1, 100, 0, 3, 10, -1.0),
        sharpe.minimum_backtest_length(10, 0.0),
        sharpe.effective_trials(0, 0.5),
        sharpe.effective_trials(10, 1.5),
        sharpe.annualization_factor(252, 1.0),
        sharpe.annualization_factor(0),
        sharpe.annualization_factor(252.5, -0.1),
        multiple_testing.haircut_sharpe(1.0, 5, 1, 10),
        multiple_testing.haircut_sharpe(1.0, 0, 60, 10).p_multi,
        walk_forward.efficiency([], []),
        walk_forward.efficiency([0.1, -0.2], [0.1, 0.1]),
    ],
)
def test_what_is_undefined_is_not_a_number(figure: float) -> None:
    assert math.isnan(figure)


@given(st.floats(0.01, 3), st.floats(1, 30), st.integers(1, 5000))
def test_a_haircut_only_takes(annual: float, years: float, trials: int) -> None:
    found = multiple_testing.haircut_sharpe(annual, years, years * 12 + 1, trials)
    assert 0 <= found <= annual
    assert found.p_single <= found.p_multi * (1 + 1e-9)
    worse = multiple_testing.haircut_sharpe(-annual, years, years * 12 + 1, trials)
    assert worse == -found


@given(st.lists(st.floats(0, 1), max_size=12), st.sampled_from(multiple_testing.Adjustment))
def test_adjusting_keeps_the_order_of_p_values_and_never_lowers_one(
    p_values: list[float], method: multiple_testing.Adjustment
) -> None:
    found = multiple_testing.adjust_p_values(p_values, method)
    assert all(raw <= adjusted <= 1 for raw, adjusted in zip(p_values, found, strict=True))
    pairs = sorted(zip(p_values, found, strict=True))
    assert [adjusted for _, adjusted in pairs] == sorted(found)


def test_unequal_windows_and_wrong_p_values_are_refused() -> None:
    with pytest.raises(ValueError, match="1 windows in-sample and 2 out of sample"):
        walk_forward.efficiency([0.1], [0.1, 0.2])
    with pytest.raises(ValueError, match="between 0 and 1"):
        multiple_testing.adjust_p_values([1.5], "holm")
    with pytest.raises(ValueError, match="median"):
        multiple_testing.adjust_p_values([0.5], "median")


@given(st.lists(st.tuples(ratios, counts, skews, kurtoses), min_size=1, max_size=20), st.floats(1, 1e6))
def test_many_are_deflated_as_each_by_itself(runs: list[tuple[float, int, float, float]], trials: float) -> None:
    errors = np.array([sharpe.standard_error(*run) for run in runs])
    threshold = sharpe.expected_maximum_sharpe(trials, 0.01)
    found = sharpe.deflated_sharpe_ratios(np.array([run[0] for run in runs]), errors, threshold)
    assert found == pytest.approx([sharpe.deflated_sharpe_ratio(*run, trials, 0.01) for run in runs], abs=1e-12)


@given(st.floats(0.001, 0.5), counts, st.floats(2, 1000), st.floats(2, 1000))
def test_more_trials_only_deflate_more(ratio: float, count: int, one: float, other: float) -> None:
    fewer, more = sorted((one, other))
    found = [sharpe.deflated_sharpe_ratio(ratio, count, 0, 3, trials, 0.01) for trials in (fewer, more)]
    assert found[1] <= found[0]


def test_as_many_trials_as_can_be_counted_have_a_finite_maximum() -> None:
    assert 8 < sharpe.expected_maximum(1e18) < sharpe.expected_maximum(1e300) < 40


def test_what_cannot_be_deflated_is_not_a_number() -> None:
    found = sharpe.deflated_sharpe_ratios(np.array([0.1, np.nan, 0.1, 0.1]), np.array([0.0, 1.0, np.nan, -1.0]), 0.0)
    assert np.isnan(found).all()
