"""The deflated Sharpe ratio of a best trial is made of what is known of it, and says what that is."""

import math
from typing import Any

import pytest

from resolvers.best_trials import Measured, deflate_best, spread_of
from resolvers.statistics.sharpe import deflated_sharpe_ratio
from resolvers.statistics.trial_returns import Moments

SWEEP: dict[str, Any] = {
    "combinations_tested": 100,
    "objective": "sharpe_ratio",
    "best_number": 1,
    "run_parameters": {"fast": 10.0, "slow": 50, "fees": 0.1},
    "run_periods_per_year": 252.0,
    "run_observations": 1000,
    "run_skewness": -0.5,
    "run_kurtosis": 5.0,
    "run_computed_sharpe_ratio": 1.0,
    "run_sharpe_ratio": 1.0,
    "run_metrics_filled": [],
    "best_parameters": {"fast": 10, "slow": 50},
    "best_sharpe_ratio": 1.0,
    "best_objective_value": None,
    "sharpe_ratios": [1.0, 0.5, 0.0, None],
    "objective_values": [None] * 4,
}
OTHER = {"best_parameters": {"fast": 10, "slow": 60}}


def test_returns_of_the_trial_itself_come_first() -> None:
    best = Moments(0.1, 500, -0.2, 4.0)
    found = deflate_best(SWEEP | {"sharpe_ratios": None, "objective_values": None}, Measured(best, spread_of([0.1, 0])))
    assert (found.basis, found.recorded_trials) == ("RETURNS", 2)
    assert found.variance == pytest.approx(0.005)
    assert found.value == deflated_sharpe_ratio(0.1, 500, -0.2, 4.0, 100, found.variance or 0)


def test_the_curve_of_a_run_with_its_parameters_is_next() -> None:
    found = deflate_best(SWEEP, Measured())
    assert (found.basis, found.observations, found.skewness, found.kurtosis) == ("RUN", 1000, -0.5, 5.0)
    assert found.sharpe_ratio == pytest.approx(1 / math.sqrt(252))
    assert found.variance == pytest.approx(0.25 / 252)
    assert found.periods_per_year == pytest.approx(252)
    assert found.value == pytest.approx(
        deflated_sharpe_ratio(1 / math.sqrt(252), 1000, -0.5, 5.0, 100, found.variance or 0)
    )


def test_without_either_normal_returns_are_assumed() -> None:
    found = deflate_best(SWEEP | OTHER, Measured())
    assert (found.basis, found.observations, found.skewness, found.kurtosis) == ("NORMAL", 1000, 0.0, 3.0)
    assert found.value is not None


def test_reported_ratios_are_brought_to_the_basis_of_the_run() -> None:
    theirs = math.sqrt(365 / 252)
    sweep = SWEEP | OTHER | {"run_sharpe_ratio": theirs, "best_sharpe_ratio": theirs, "sharpe_ratios": [theirs, 0.0]}
    found = deflate_best(sweep | {"objective_values": [None, None]}, Measured())
    assert (found.basis, found.periods_per_year) == ("NORMAL", 252)
    assert found.sharpe_ratio == pytest.approx(1 / math.sqrt(252))
    assert found.variance == pytest.approx(0.5 / 252)


@pytest.mark.parametrize("reported", [30.0, -1.0, 0.0, None])
def test_a_ratio_that_is_no_annualisation_is_not_taken_for_one(reported: float | None) -> None:
    found = deflate_best(SWEEP | {"run_sharpe_ratio": reported, "sharpe_ratios": [1.0, 0.0, None, None]}, Measured())
    assert found.variance == pytest.approx(0.5 / 252)


def test_measured_and_reported_ratios_spread_together() -> None:
    best, period = Moments(0.1, 500, 0.0, 3.0), math.sqrt(252)
    sweep = SWEEP | {"best_sharpe_ratio": None, "sharpe_ratios": [1.0, 2.0], "objective_values": [None, None]}
    found = deflate_best(sweep, Measured(best, spread_of([0.1, 0.2, 0.3])))
    together = spread_of([0.1, 0.2, 0.3, 1 / period, 2 / period])
    assert found.recorded_trials == 5
    assert found.variance == pytest.approx(together[2] / 4)


def test_the_objective_stands_for_the_ratio_where_it_is_that() -> None:
    sweep = SWEEP | OTHER | {"best_sharpe_ratio": None, "best_objective_value": 1.0}
    sweep |= {"sharpe_ratios": [None, None], "objective_values": [1.0, 0.0]}
    assert deflate_best(sweep, Measured()).recorded_trials == 2
    assert deflate_best(sweep | {"objective": "total_return"}, Measured()).reason == "NOT_REPORTED"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"best_number": None}, "TOO_FEW_TRIALS"),
        ({"sharpe_ratios": [1.0], "objective_values": [None]}, "TOO_FEW_TRIALS"),
        ({"run_periods_per_year": None}, "NO_CURVE"),
        ({"run_observations": None}, "NO_CURVE"),
        ({"run_computed_sharpe_ratio": None, "best_sharpe_ratio": None}, "NOT_REPORTED"),
        (OTHER | {"run_observations": 1}, "TOO_SHORT"),
        (OTHER | {"best_sharpe_ratio": 1e300}, "NON_FINITE"),
    ],
)
def test_what_is_not_known_has_a_reason(changes: dict[str, Any], reason: str) -> None:
    found = deflate_best(SWEEP | changes, Measured())
    assert (found.value, found.reason) == (None, reason)


def test_one_trial_needs_no_variance() -> None:
    one = {"combinations_tested": 1, "sharpe_ratios": [1.0], "objective_values": [None]}
    found = deflate_best(SWEEP | one, Measured())
    assert (found.threshold, found.variance, found.reason) == (0.0, None, None)
    assert found.value is not None


def test_values_of_another_type_are_other_parameters() -> None:
    sweep = SWEEP | {"run_parameters": {"fast": True}, "best_parameters": {"fast": 1}}
    assert deflate_best(sweep, Measured()).basis == "NORMAL"
    assert deflate_best(sweep | {"best_parameters": {}}, Measured()).basis == "NORMAL"
