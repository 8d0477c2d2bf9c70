"""Families of trials, as a client sees them."""

import math
from statistics import mean, variance
from typing import Any

import numpy as np
import pytest

from resolvers.statistics.sharpe import expected_maximum
from tests.client import Client
from tests.operations import RUN, save_id
from tests.statements import counted_statements
from tests.trial_runs import curve, noise

FIGURES = """
  strategy symbol study trials recordedTrials storedBacktests periodsPerYear varianceOfSharpes averageSharpe
  averageCorrelation effectiveTrials expectedMaximumSharpe backtestLength
  minimumBacktestLength(targetSharpe: $target) minimumBacktestLengthLeft(targetSharpe: $target)
  undefined { figure reason }
"""
FAMILY = (
    "query($strategy: String, $symbol: String, $study: String, $target: Float! = 1) "
    "{ family(strategy: $strategy, symbol: $symbol, study: $study) {" + FIGURES + "} }"
)
DELETE = "mutation($id: ID!) { deleteBacktest(input: { id: $id }) { errors { message } } }"


async def family(client: Client, **words: Any) -> Any:
    return (await client.ask(FAMILY, **(words or {"strategy": RUN["strategy"], "symbol": RUN["symbol"]})))["family"]


def returns(seed: int) -> Any:
    values = np.array(curve(seed)["values"])
    return values[1:] / values[:-1] - 1


async def test_a_family_is_measured_by_its_trials_and_its_stored_runs(client: Client) -> None:
    for seed in range(5):
        await save_id(client, **noise(seed))
    sharpes = [float(each.mean() / each.std(ddof=1)) for each in map(returns, range(5))]
    correlation = np.corrcoef([returns(seed) for seed in range(5)])[np.triu_indices(5, 1)].mean()
    largest = expected_maximum(5)
    assert await family(client, strategy=" sma_cross ", symbol=" goog", target=0.5) == {
        "strategy": "sma_cross",
        "symbol": "GOOG",
        "study": None,
        "trials": 5,
        "recordedTrials": 5,
        "storedBacktests": 5,
        "periodsPerYear": 252,
        "varianceOfSharpes": pytest.approx(variance(sharpes)),
        "averageSharpe": pytest.approx(mean(sharpes) * math.sqrt(252)),
        "averageCorrelation": pytest.approx(correlation),
        "effectiveTrials": pytest.approx(max(correlation, 0) + (1 - max(correlation, 0)) * 5),
        "expectedMaximumSharpe": pytest.approx(math.sqrt(variance(sharpes) * 252) * largest),
        "backtestLength": pytest.approx(59 / 252),
        "minimumBacktestLength": pytest.approx((largest / 0.5) ** 2),
        "minimumBacktestLengthLeft": pytest.approx(59 / 252 - (largest / 0.5) ** 2),
        "undefined": [],
    }


async def test_deleting_the_losers_does_not_make_the_rest_look_better(client: Client) -> None:
    ids = [await save_id(client, **noise(seed)) for seed in range(5)]
    before = await family(client)
    for id in ids:
        await client.ask(DELETE, id=id)
    after = await family(client)
    kept = ("trials", "recordedTrials", "varianceOfSharpes", "averageSharpe", "expectedMaximumSharpe")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["storedBacktests"] == 0
    assert {each["figure"]: each["reason"] for each in after["undefined"]} == {
        "backtestLength": "NOT_REPORTED",
        "averageCorrelation": "TOO_FEW_CURVES",
        "effectiveTrials": "TOO_FEW_CURVES",
    }
    assert after["backtestLength"] is after["minimumBacktestLengthLeft"] is after["averageCorrelation"] is None


async def test_a_study_takes_runs_of_any_strategy_and_symbol_out_of_their_families(client: Client) -> None:
    await save_id(client, **noise(1, study=" spring ", symbol="A", strategy="x"))
    await save_id(client, **noise(2, study="spring", symbol="B", strategy="y"))
    found = await family(client, study="spring")
    assert (found["trials"], found["study"], found["strategy"], found["symbol"]) == (2, "spring", None, None)
    await save_id(client, **noise(3, study="Spring"))
    filter = '{study: {eq: "spring"}}'
    question = f"{{ ranking(by: DEFLATED_SHARPE, minTrades: 0, filter: {filter}) {{ edges {{ node {{ study }} }} }} }}"
    ranked = (await client.ask(question))["ranking"]["edges"]
    assert [edge["node"]["study"] for edge in ranked] == ["spring", "spring"]
    assert await family(client, strategy="x", symbol="A") is None


async def test_runs_tell_their_family_in_one_statement_for_a_whole_list(client: Client) -> None:
    await save_id(client, **noise(1, study="spring"))
    await save_id(client, **noise(2))
    await save_id(client, **noise(3))
    with counted_statements() as statements:
        found = await client.ask("{ backtests { nodes { family { strategy symbol study trials } } } }")
    assert len(statements) == 2
    own = {"strategy": "sma_cross", "symbol": "GOOG", "study": None, "trials": 2}
    spring = {"strategy": None, "symbol": None, "study": "spring", "trials": 1}
    assert [node["family"] for node in found["backtests"]["nodes"]] == [own, own, spring]


async def test_curves_are_read_only_for_the_correlation(client: Client) -> None:
    for seed in range(3):
        await save_id(client, **noise(seed))
    asked = '{ family(strategy: "sma_cross", symbol: "GOOG") { trials undefined { figure } %s } }'
    for selection, is_read in (("storedBacktests", False), ("averageCorrelation", True), ("effectiveTrials", True)):
        with counted_statements() as statements:
            await client.ask(asked % selection)
        assert any("backtest_series" in text for text in statements) is is_read


async def test_a_family_of_runs_without_figures_says_what_is_missing(client: Client) -> None:
    await save_id(client, status="FAILED")
    await save_id(client, metrics={"sharpeRatio": 1.25}, status="IN_PROGRESS")
    found = await family(client)
    assert (found["trials"], found["recordedTrials"], found["averageSharpe"]) == (2, 1, 1.25)
    assert {each["figure"]: each["reason"] for each in found["undefined"]} == {
        "periodsPerYear": "NOT_REPORTED",
        "backtestLength": "NOT_REPORTED",
        "varianceOfSharpes": "UNKNOWN_VARIANCE",
        "expectedMaximumSharpe": "UNKNOWN_VARIANCE",
        "averageCorrelation": "TOO_FEW_CURVES",
        "effectiveTrials": "TOO_FEW_CURVES",
    }
    assert {each["figure"] for each in found["undefined"]} <= {name for name, value in found.items() if value is None}


async def test_curves_without_times_in_common_do_not_correlate(client: Client) -> None:
    later = {"times": [f"2030-01-{day:02}" for day in range(1, 21)], "values": curve(2)["values"][:20]}
    await save_id(client, **noise(1))
    await save_id(client, equityCurve=later, startDate="2030-01-01", endDate="2030-01-31")
    found = await family(client)
    assert found["averageCorrelation"] is found["effectiveTrials"] is None
    assert found["undefined"] == [
        {"figure": "averageCorrelation", "reason": "NO_COMMON_RETURNS"},
        {"figure": "effectiveTrials", "reason": "NO_COMMON_RETURNS"},
    ]


@pytest.mark.parametrize(
    "words",
    [
        {"study": None},
        {"strategy": "x"},
        {"symbol": "x"},
        {"study": "s", "symbol": "x"},
        {"study": "s", "strategy": "x", "symbol": "x"},
        {"study": "a\x00b"},
    ],
)
async def test_a_family_is_named_in_exactly_one_way(client: Client, words: dict[str, Any]) -> None:
    [error] = await client.refuse(FAMILY, **words)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("words", [{"study": ""}, {"study": "😀 nobody"}, {"strategy": "", "symbol": ""}])
async def test_a_family_without_any_trial_is_null(client: Client, words: dict[str, Any]) -> None:
    assert await family(client, **words) is None


@pytest.mark.parametrize("target", [0.0, -1.0, 1e-320])
async def test_a_target_that_luck_reaches_at_once_is_refused(client: Client, target: float) -> None:
    await save_id(client, **noise(1))
    errors = await client.refuse(FAMILY, strategy=RUN["strategy"], symbol=RUN["symbol"], target=target)
    assert {error["extensions"]["code"] for error in errors} == {"BAD_USER_INPUT"}


@pytest.mark.parametrize("target", [1e-100, 1e308])
async def test_any_other_target_gives_a_number(client: Client, target: float) -> None:
    for seed in range(3):
        await save_id(client, **noise(seed))
    assert (await family(client, strategy="sma_cross", symbol="GOOG", target=target))["minimumBacktestLength"] >= 0
