"""What is computed of runs, through the API: on the real runs of the demo, and on runs that lack something."""

import math
import warnings
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from api.demo import load_demo
from resolvers.store.database import Database
from resolvers.store.metrics import COMPUTED, METRICS
from tests.client import Client
from tests.operations import RUN, save_id
from tests.statements import counted_statements

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own, about pandas
    import empyrical

RUNS = """
{ backtests(first: 89) { nodes {
  strategy parameters metricsFilled periodsPerYear frequency study
  undefined { metric reason }
  ofComputed: undefined(basis: COMPUTED) { metric reason }
  reconciliation { metric reported computed difference agrees likelyCause explanation }
  metrics { totalReturn volatility averageLoss }
  computed { totalReturn annualizedReturn maxDrawdown volatility downsideVolatility sharpeRatio sortinoRatio calmarRatio
    maxDrawdownDuration finalPortfolioValue peakPortfolioValue
    totalTrades winningTrades losingTrades winRate profitFactor averageWin averageLoss largestWin largestLoss }
  equityCurve { times values }
  trades(first: 300) { nodes { pnl exitTime } }
} } }
"""
INDEPENDENT = {
    "totalReturn": empyrical.cum_returns_final,
    "annualizedReturn": empyrical.annual_return,
    "maxDrawdown": empyrical.max_drawdown,
    "volatility": empyrical.annual_volatility,
    "downsideVolatility": empyrical.downside_risk,
    "sharpeRatio": empyrical.sharpe_ratio,
    "sortinoRatio": empyrical.sortino_ratio,
    "calmarRatio": empyrical.calmar_ratio,
}
AS_REPORTED = Counter(
    dict.fromkeys(("TOTAL_RETURN", "MAX_DRAWDOWN", "TOTAL_TRADES", "WINNING_TRADES", "LOSING_TRADES"), 89)
    | dict.fromkeys(("WIN_RATE", "AVERAGE_WIN", "LARGEST_WIN"), 89)
    # One run lost nothing: the engine reported 0 for these three, which are undefined.
    | dict.fromkeys(("PROFIT_FACTOR", "AVERAGE_LOSS", "LARGEST_LOSS"), 88)
)
# The engine takes a year of 365 periods for curves of 252, and the first value for a return of 0.
BY_ITS_ROOT = "Annualised by sqrt(365) instead of sqrt(252); the start counts as a return of 0."
AS_POWER = "Annualised with 365 periods a year instead of 252; the start counts as a return of 0."
DIFFERENT = {
    **dict.fromkeys(("SHARPE_RATIO", "SORTINO_RATIO"), BY_ITS_ROOT),
    **dict.fromkeys(("ANNUALIZED_RETURN", "CALMAR_RATIO"), AS_POWER),
}
FILLED = ["DOWNSIDE_VOLATILITY", "FINAL_PORTFOLIO_VALUE", "MAX_DRAWDOWN_DURATION", "PEAK_PORTFOLIO_VALUE", "VOLATILITY"]


@pytest.fixture
async def demo(database: Database, client: Client) -> list[dict[str, Any]]:
    """The 89 runs of the demo."""
    await load_demo(database, lambda _: None)
    runs: list[dict[str, Any]] = (await client.ask(RUNS))["backtests"]["nodes"]
    assert len(runs) == 89
    return runs


async def test_the_demo_is_computed_as_independent_packages_do_and_differs_as_its_engine_annualises(
    demo: list[dict[str, Any]],
) -> None:
    for run in demo:
        assert (run["periodsPerYear"], run["frequency"], run["study"]) == (252, "trading days", None)
        assert_curve_figures(run)
        assert_trade_figures(run)
        assert run["metrics"]["volatility"] == run["computed"]["volatility"]
        assert sorted(run["metricsFilled"]) == FILLED
    found = [each for run in demo for each in run["reconciliation"]]
    assert Counter(each["metric"] for each in found if each["agrees"]) == AS_REPORTED
    others = [each for each in found if not each["agrees"]]
    assert Counter(each["metric"] for each in others) == dict.fromkeys(DIFFERENT, 89)
    assert {each["likelyCause"] for each in others} == {"OTHER_PERIODS_PER_YEAR"}
    assert all(each["explanation"] == DIFFERENT[each["metric"]] for each in others)
    assert {each["likelyCause"] for each in found if each["agrees"]} == {None}
    for each in others:
        assert each["difference"] == each["reported"] - each["computed"]
        if each["metric"] == "SORTINO_RATIO":
            assert each["reported"] / each["computed"] == pytest.approx(math.sqrt(365 / 252), rel=1e-3)


def assert_curve_figures(run: dict[str, Any]) -> None:
    values = pd.Series(run["equityCurve"]["values"], index=pd.to_datetime(run["equityCurve"]["times"]))
    returns, computed = values.pct_change().dropna(), run["computed"]
    for name, compute in INDEPENDENT.items():
        assert computed[name] == pytest.approx(float(compute(returns)), rel=1e-9), name
    assert computed["finalPortfolioValue"] == values.iloc[-1]
    assert computed["peakPortfolioValue"] == values.max()
    # empyrical has no duration: the longest time between two highs, or from the last one to the end.
    highs = values.index[values == values.cummax()].append(values.index[-1:])
    assert computed["maxDrawdownDuration"] == highs.to_series().diff().max() / pd.Timedelta("1D")


def assert_trade_figures(run: dict[str, Any]) -> None:
    profits = np.array([trade["pnl"] for trade in run["trades"]["nodes"] if trade["exitTime"]])
    wins, losses, computed = profits[profits > 0], profits[profits < 0], run["computed"]
    assert (computed["totalTrades"], computed["winningTrades"]) == (len(profits), len(wins))
    assert (computed["losingTrades"], computed["winRate"]) == (len(losses), len(wins) / len(profits))
    assert (computed["averageWin"], computed["largestWin"]) == (pytest.approx(wins.mean()), wins.max())
    if len(losses):
        assert computed["profitFactor"] == pytest.approx(wins.sum() / -losses.sum())
        assert (computed["averageLoss"], computed["largestLoss"]) == (pytest.approx(losses.mean()), losses.min())
        undefined = ["BETA", "ALPHA"]
    else:
        undefined = ["BETA", "ALPHA"]
        assert run["metrics"]["averageLoss"] == 0
        reasons = {each["metric"]: each["reason"] for each in run["ofComputed"]}
        assert reasons == dict.fromkeys(("PROFIT_FACTOR", "AVERAGE_LOSS", "LARGEST_LOSS"), "NO_LOSSES")
    assert run["undefined"] == [{"metric": name, "reason": "NOT_REPORTED"} for name in undefined]


ONE = """
query($id: ID!) { backtest(id: $id) {
  metricsFilled periodsPerYear frequency study
  undefined { metric reason } ofComputed: undefined(basis: COMPUTED) { metric reason }
  reconciliation { metric reported computed difference agrees likelyCause }
  different: reconciliation(onlyDifferences: true) { metric }
  metrics { totalTrades winRate sharpeRatio } computed { totalTrades winRate sharpeRatio }
} }
"""
TIMES = ["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"]
TRADES = [
    {"direction": "LONG", "entryTime": "2024-01-01", "entryPrice": 1.0, "exitTime": "2024-01-02", "pnl": 5.0},
    {"direction": "LONG", "entryTime": "2024-01-02", "entryPrice": 1.0, "exitTime": "2024-01-03", "pnl": -2.0},
    {"direction": "LONG", "entryTime": "2024-01-03", "entryPrice": 1.0, "pnl": 1.0},
]


async def ask_one(client: Client, **fields: Any) -> dict[str, Any]:
    run: dict[str, Any] = (await client.ask(ONE, id=await save_id(client, **fields)))["backtest"]
    return run


def reasons_of(found: list[dict[str, Any]]) -> dict[str, str]:
    return {each["metric"]: each["reason"] for each in found}


async def test_a_run_of_nothing_is_undefined_throughout(client: Client) -> None:
    run = await ask_one(client)
    everything = {metric.name.upper() for metric in METRICS}
    reported, computed = reasons_of(run["undefined"]), reasons_of(run["ofComputed"])
    assert set(reported) == everything - {"TOTAL_TRADES", "WINNING_TRADES", "LOSING_TRADES"}
    assert set(computed) == {metric.name.upper() for metric in COMPUTED}
    assert {name for name, reason in reported.items() if reason == "NO_TRADES"} == {
        *("WIN_RATE", "PROFIT_FACTOR", "AVERAGE_WIN", "AVERAGE_LOSS", "LARGEST_WIN", "LARGEST_LOSS")
    }
    assert {reported["SHARPE_RATIO"], reported["BETA"]} == {"NOT_REPORTED"}
    assert (run["metricsFilled"], run["reconciliation"]) == ([], [])
    assert (run["periodsPerYear"], run["frequency"], run["study"]) == (None, None, None)


async def test_each_reason_is_told(client: Client) -> None:
    short = await ask_one(client, equityCurve={"times": TIMES[:1], "values": [1.0]})
    assert reasons_of(short["undefined"])["SHARPE_RATIO"] == "TOO_SHORT"
    flat = await ask_one(client, equityCurve={"times": TIMES, "values": [1.0] * 4})
    assert reasons_of(flat["undefined"])["SHARPE_RATIO"] == "ZERO_VARIANCE"
    assert reasons_of(flat["ofComputed"])["CALMAR_RATIO"] == "NO_LOSSES"
    gap = await ask_one(client, equityCurve={"times": TIMES, "values": [1.0, None, 2.0, 1.0]})
    assert reasons_of(gap["undefined"])["TOTAL_RETURN"] == "NON_FINITE"
    none = await ask_one(client, equityCurve={"times": TIMES, "values": [1.0, -1.0, 2.0, 1.0]}, trades=[])
    assert reasons_of(none["undefined"])["WIN_RATE"] == "NO_TRADES"


async def test_open_trades_that_were_counted_are_found_by_one_more_statement(client: Client) -> None:
    metrics = {"totalTrades": 3, "winRate": 2 / 3, "sharpeRatio": 9.87654321, "profitFactor": 2.5}
    given = {"trades": TRADES, "metrics": metrics, "equityCurve": {"times": TIMES, "values": [1.0, 2.0, 1.5, 1.6]}}
    run = await ask_one(client, **given, study="s", periodsPerYear=100, frequency="x")
    assert (run["periodsPerYear"], run["frequency"], run["study"]) == (100, "x", "s")
    found = {each.pop("metric"): each for each in run["reconciliation"]}
    assert found["TOTAL_TRADES"] == {
        "reported": 3, "computed": 2, "difference": 1, "agrees": False, "likelyCause": "OPEN_TRADES"
    }  # fmt: skip
    assert found["WIN_RATE"]["likelyCause"] == "OPEN_TRADES"
    assert (found["SHARPE_RATIO"]["agrees"], found["SHARPE_RATIO"]["likelyCause"]) == (False, None)
    assert found["PROFIT_FACTOR"]["agrees"]
    assert set(found) == {"TOTAL_TRADES", "WIN_RATE", "SHARPE_RATIO", "PROFIT_FACTOR"}
    assert {each["metric"] for each in run["different"]} == set(found) - {"PROFIT_FACTOR"}
    assert (run["metrics"]["totalTrades"], run["computed"]["totalTrades"]) == (3, 2)
    await save_id(client, **given)
    await save_id(client, **RUN)
    query = "{ backtests { nodes { reconciliation { likelyCause } undefined { reason } } } }"
    with counted_statements() as statements:
        await client.ask(query)
    assert len(statements) == 2


async def test_a_difference_that_no_number_holds_is_null(client: Client) -> None:
    curve = {"times": TIMES, "values": [-1e308, 1.0, 2.0, -1e308]}
    run = await ask_one(client, equityCurve=curve, metrics={"finalPortfolioValue": 1e308})
    [found] = run["reconciliation"]
    assert (found["difference"], found["agrees"], found["likelyCause"]) == (None, False, None)


async def test_lists_of_it_are_completed_as_columns(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    await save_id(client, equityCurve={"times": TIMES, "values": [1.0, 2.0, 1.5, 1.6]}, metrics={"totalReturn": 60.0})
    await save_id(client, trades=TRADES)
    caplog.set_level("DEBUG", logger="backtest_graph.bulk")
    query = """{ backtests { nodes { metricsFilled periodsPerYear computed { totalReturn totalTrades }
      undefined { metric reason } reconciliation { metric agrees likelyCause explanation difference } } } }"""
    first, second = (await client.ask(query))["backtests"]["nodes"]
    assert [record for record in caplog.records if record.name == "backtest_graph.bulk"] == []
    assert (first["computed"], second["computed"]["totalReturn"]) == (
        {"totalReturn": None, "totalTrades": 2},
        pytest.approx(0.6),
    )
    [found] = second["reconciliation"]
    assert (found["metric"], found["likelyCause"]) == ("TOTAL_RETURN", "PERCENT")
