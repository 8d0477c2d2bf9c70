"""The cause of a difference is named where a convention of engines gives the reported number, and only there."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolvers.statistics.calendars import DAY
from resolvers.statistics.performance import measure_curve, returns_of
from resolvers.statistics.reconciliation import TOLERANCE, Cause, Facts, Verdict, agree, find_cause
from resolvers.statistics.undefined import Reason

RETURNS = np.random.default_rng(7).normal(0.0006, 0.011, 700)
EQUITY = 10_000 * np.concatenate(([1.0], np.cumprod(1 + RETURNS)))
WITH_START = np.concatenate(([0.0], RETURNS))
TOTAL = float(np.prod(1 + RETURNS) - 1)


def facts_of(periods: float = 252.0, **trades: float) -> Facts:
    found = measure_curve(np.arange(len(EQUITY)) * DAY, EQUITY, periods)
    figures = {name: figure for name, figure in found.items() if not isinstance(figure, Reason)}
    with_open = {name.removeprefix("open_"): value for name, value in trades.items() if name.startswith("open_")}
    own = {name: value for name, value in trades.items() if not name.startswith("open_")}
    return Facts(
        computed=figures | own, periods_per_year=periods, observations=len(RETURNS), with_open_trades=with_open
    )


def cause_of(name: str, reported: float, facts: Facts | None = None) -> Verdict:
    facts = facts or facts_of()
    assert not agree(name, reported, facts.computed[name])
    verdict = find_cause(name, reported, facts)
    assert verdict is not None
    return verdict


def sharpe(returns: Any, periods: float, ddof: int = 1) -> float:
    return float(np.mean(returns) / np.std(returns, ddof=ddof) * math.sqrt(periods))


def sortino(returns: Any, periods: float) -> float:
    return float(np.mean(returns) / math.sqrt(np.mean(np.minimum(returns, 0) ** 2)) * math.sqrt(periods))


def test_what_is_computed_agrees_with_itself() -> None:
    assert returns_of(EQUITY) == pytest.approx(RETURNS, abs=1e-12)
    assert agree("total_return", 0.0, 2.2e-16)
    assert not agree("total_trades", 3, 4)
    for name, figure in facts_of().computed.items():
        assert agree(name, figure, figure)
        assert agree(name, figure * (1 + TOLERANCE / 2), figure)


@pytest.mark.parametrize("periods", [365, 365.25, 260, 261, 250, 360, 52, 12, 253, 300])
def test_other_periods_of_a_year_are_named(periods: float) -> None:
    for name, reported in {
        "sharpe_ratio": sharpe(RETURNS, periods),
        "sortino_ratio": sortino(RETURNS, periods),
        "volatility": float(np.std(RETURNS, ddof=1) * math.sqrt(periods)),
    }.items():
        verdict = cause_of(name, reported)
        assert verdict.cause is Cause.OTHER_PERIODS_PER_YEAR
        assert verdict.explanation == f"Annualised by sqrt({periods:g}) instead of sqrt(252)."


def test_other_periods_of_a_year_are_named_for_what_is_compounded() -> None:
    annual = (1 + TOTAL) ** (365 / len(RETURNS)) - 1
    for name, reported in {
        "annualized_return": annual,
        "calmar_ratio": annual / -facts_of().computed["max_drawdown"],
    }.items():
        verdict = cause_of(name, reported)
        assert verdict.cause is Cause.OTHER_PERIODS_PER_YEAR
        assert verdict.explanation == "Annualised with 365 periods a year instead of 252."


def test_hours_of_trading_days_are_told_from_hours_of_all_days() -> None:
    verdict = cause_of("sharpe_ratio", sharpe(RETURNS, 24 * 365), facts_of(24 * 252))
    assert verdict.explanation == "Annualised by sqrt(8760) instead of sqrt(6048)."


def test_a_return_of_zero_at_the_start_is_named_beside_other_periods() -> None:
    verdict = cause_of("sharpe_ratio", sharpe(WITH_START, 365))
    assert verdict.cause is Cause.OTHER_PERIODS_PER_YEAR
    assert verdict.explanation == "Annualised by sqrt(365) instead of sqrt(252); the start counts as a return of 0."
    assert cause_of("sortino_ratio", sortino(WITH_START, 252)).cause is Cause.START_AS_RETURN
    assert cause_of("volatility", float(np.std(WITH_START, ddof=1) * math.sqrt(252))).cause is Cause.START_AS_RETURN
    annual = (1 + TOTAL) ** (252 / len(WITH_START)) - 1
    assert cause_of("annualized_return", annual).cause is Cause.START_AS_RETURN


def test_a_geometric_return_is_named() -> None:
    annual = (1 + TOTAL) ** (252 / len(RETURNS)) - 1
    volatility = float(np.std(RETURNS, ddof=1) * math.sqrt(252))
    assert cause_of("sharpe_ratio", annual / volatility).cause is Cause.GEOMETRIC_RETURN
    downside = math.sqrt(np.mean(np.minimum(RETURNS, 0) ** 2) * 252)
    assert cause_of("sortino_ratio", annual / downside).cause is Cause.GEOMETRIC_RETURN


def test_a_deviation_of_the_population_is_named() -> None:
    assert cause_of("sharpe_ratio", sharpe(RETURNS, 252, ddof=0)).cause is Cause.POPULATION_DEVIATION
    volatility = float(np.std(RETURNS) * math.sqrt(252))
    assert cause_of("volatility", volatility).cause is Cause.POPULATION_DEVIATION


@pytest.mark.parametrize(
    ("name", "computed", "reported", "cause"),
    [
        ("win_rate", 0.583, 58.3, Cause.PERCENT),
        ("max_drawdown", -0.34, -34.0, Cause.PERCENT),
        ("max_drawdown", -0.34, 34.0, Cause.PERCENT),
        ("max_drawdown", -0.34, 0.34, Cause.SIGN),
        ("average_loss", -3.5, 3.5, Cause.SIGN),
        ("profit_factor", 1.23456789, 1.2346, Cause.ROUNDED),
        ("average_win", 45.678912, 45.68, Cause.ROUNDED),
        ("max_drawdown_duration", 365.25, 252.0, Cause.DURATION_IN_PERIODS),
    ],
)
def test_the_same_value_in_other_words_is_named(name: str, computed: float, reported: float, cause: Cause) -> None:
    assert cause_of(name, reported, facts_of(**{name: computed})).cause is cause


def test_percent_is_named_beside_other_periods() -> None:
    annual = 100 * ((1 + TOTAL) ** (365 / len(RETURNS)) - 1)
    verdict = cause_of("annualized_return", annual)
    assert verdict.cause is Cause.PERCENT
    assert verdict.explanation == (
        "In percent instead of a fraction; annualised with 365 periods a year instead of 252."
    )


def test_a_return_on_the_capital_is_named_where_the_curve_begins_later() -> None:
    computed = {"total_return": 0.2, "final_portfolio_value": 12_600.0}
    facts = Facts(computed=computed, initial_capital=10_000.0, with_open_trades={})
    assert cause_of("total_return", 0.26, facts).cause is Cause.FROM_CAPITAL
    assert find_cause("total_return", 0.27, facts) is None


def test_open_trades_are_named_where_they_make_the_difference() -> None:
    counted = facts_of(total_trades=8, open_total_trades=9, win_rate=0.125, open_win_rate=2 / 9)
    assert cause_of("total_trades", 9, counted).cause is Cause.OPEN_TRADES
    assert cause_of("win_rate", 2 / 9, counted).cause is Cause.OPEN_TRADES
    assert find_cause("total_trades", 10, counted) is None
    assert find_cause("total_trades", 9, facts_of(total_trades=8)) is None


@example(name="sharpe_ratio", reported=0.0, periods=5e-324)
@given(
    name=st.sampled_from(sorted(facts_of().computed)),
    reported=st.floats(allow_nan=False, allow_infinity=False),
    periods=st.sampled_from([5e-324, 1.0, 252.0, 1e9]),
)
def test_any_number_can_be_reported(name: str, reported: float, periods: float) -> None:
    facts = facts_of(periods)
    if name in facts.computed and not agree(name, reported, facts.computed[name]):
        verdict = find_cause(name, reported, facts)
        assert verdict is None or verdict.explanation.endswith(".")


def test_numbers_of_nowhere_have_no_cause() -> None:
    dice = np.random.default_rng(1)
    facts = facts_of()
    named = [
        find_cause(name, facts.computed[name] * float(factor), facts)
        for name in ("sharpe_ratio", "sortino_ratio", "volatility", "annualized_return")
        for factor in dice.uniform(0.5, 2, 100)
    ]
    assert sum(verdict is not None for verdict in named) <= 1


def test_without_returns_only_spelling_is_looked_at() -> None:
    facts = Facts(computed={"sharpe_ratio": 1.0, "total_return": 0.5}, with_open_trades={})
    assert find_cause("sharpe_ratio", 1.2, facts) is None
    assert find_cause("total_return", 50.0, facts) == Verdict(
        Cause.PERCENT, "In percent instead of a fraction: times 100."
    )
