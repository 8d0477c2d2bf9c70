"""The figures of a run are those of an independent package where it means the same, and undefined for a reason."""

import math
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from resolvers.statistics.calendars import DAY, infer_calendar
from resolvers.statistics.performance import deviation, measure_curve, measure_trades, moments, returns_of
from resolvers.statistics.undefined import Reason
from tests.samples import real_documents

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, about pandas
    import empyrical

INDEPENDENT = {
    "total_return": empyrical.cum_returns_final,
    "annualized_return": empyrical.annual_return,
    "max_drawdown": empyrical.max_drawdown,
    "volatility": empyrical.annual_volatility,
    "downside_volatility": empyrical.downside_risk,
    "sharpe_ratio": empyrical.sharpe_ratio,
    "sortino_ratio": empyrical.sortino_ratio,
    "calmar_ratio": empyrical.calmar_ratio,
}


def curve_of(document: Any) -> tuple[Any, Any]:
    curve = document["equity_curve"]
    times = pd.to_datetime(list(curve)).as_unit("us")
    return times.astype("int64").to_numpy(), np.array(list(curve.values()), dtype=float)


def days(*values: float) -> tuple[Any, Any]:
    return np.arange(len(values)) * DAY, np.array(values)


@pytest.mark.parametrize(
    "document", real_documents("BACKTEST"), ids=lambda run: f"{run['strategy']} {run['parameters']}"
)
def test_the_figures_of_real_runs_are_those_of_an_independent_package(document: Any) -> None:
    times, equity = curve_of(document)
    calendar = infer_calendar(times)
    assert calendar is not None
    assert calendar.periods_per_year == 252
    found = measure_curve(times, equity, calendar.periods_per_year)
    returns = pd.Series(returns_of(equity))
    for name, compute in INDEPENDENT.items():
        expected = float(compute(returns))
        figure = found[name]
        assert math.isnan(expected) if isinstance(figure, Reason) else figure == pytest.approx(expected, rel=1e-9), name


def test_the_longest_time_below_a_peak_is_measured_to_the_recovery_or_to_the_end() -> None:
    assert measure_curve(*days(10, 9, 8, 10, 11, 10), 252)["max_drawdown_duration"] == 3
    assert measure_curve(*days(10, 11, 10, 10, 10), 252)["max_drawdown_duration"] == 3
    assert measure_curve(*days(10, 10, 11), 252)["max_drawdown_duration"] == 0


@pytest.mark.parametrize(
    ("values", "undefined"),
    [
        ((10.0,), dict.fromkeys(["total_return", "sharpe_ratio", "max_drawdown"], Reason.TOO_SHORT)),
        (
            (10.0, 11.0),
            {"sharpe_ratio": Reason.TOO_SHORT, "volatility": Reason.TOO_SHORT, "calmar_ratio": Reason.NO_LOSSES},
        ),
        ((10.0, 10.0, 10.0), {"sharpe_ratio": Reason.ZERO_VARIANCE, "sortino_ratio": Reason.NO_LOSSES}),
        ((10.0, 0.0, 10.0), dict.fromkeys(["total_return", "sharpe_ratio"], Reason.NON_FINITE)),
        ((10.0, -5.0, 10.0), dict.fromkeys(["total_return", "volatility"], Reason.NON_FINITE)),
        ((1e-300, 1e300, 1e300), dict.fromkeys(["total_return", "calmar_ratio"], Reason.NON_FINITE)),
    ],
)
def test_a_figure_that_is_undefined_says_why(values: tuple[float, ...], undefined: dict[str, Reason]) -> None:
    found = measure_curve(*days(*values), 252)
    assert {name: found[name] for name in undefined} == undefined
    assert not any(isinstance(each, float) and not math.isfinite(each) for each in found.values())


def test_equal_returns_have_no_variance_whatever_rounding_leaves() -> None:
    equity = np.float64(100) * np.power(1.001, np.arange(300), dtype=np.float64)
    assert measure_curve(np.arange(300) * DAY, equity, 252)["sharpe_ratio"] is Reason.ZERO_VARIANCE
    assert deviation(returns_of(equity)) == 0
    assert all(math.isnan(each) for each in moments(returns_of(equity)))


def test_moments_are_those_of_the_normal_distribution_for_normal_returns() -> None:
    skewness, kurtosis = moments(np.random.default_rng(3).normal(size=200_000))
    assert skewness == pytest.approx(0, abs=0.02)
    assert kurtosis == pytest.approx(3, abs=0.05)


def test_open_trades_do_not_count() -> None:
    found = measure_trades(np.array([5.0, -2.0, 0.0, 100.0]), np.array([True, True, True, False]))
    assert found == {
        "total_trades": 3,
        "winning_trades": 1,
        "losing_trades": 1,
        "win_rate": 1 / 3,
        "profit_factor": 2.5,
        "average_win": 5.0,
        "average_loss": -2.0,
        "largest_win": 5.0,
        "largest_loss": -2.0,
    }


@pytest.mark.parametrize(
    ("profits", "name", "reason"),
    [
        ([], "win_rate", Reason.NO_TRADES),
        ([1.0], "profit_factor", Reason.NO_LOSSES),
        ([1.0], "largest_loss", Reason.NO_LOSSES),
        ([math.nan, 1.0], "win_rate", Reason.NOT_REPORTED),
    ],
)
def test_figures_of_trades_that_are_undefined_say_why(profits: list[float], name: str, reason: Reason) -> None:
    assert measure_trades(np.array(profits), np.ones(len(profits), dtype=bool))[name] is reason
