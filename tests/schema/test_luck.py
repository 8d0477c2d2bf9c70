"""How much of a run's Sharpe ratio may be luck, as a client sees it."""

import math
from statistics import NormalDist, variance
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update

from resolvers.deflation import refresh_deflated
from resolvers.statistics.multiple_testing import haircut_sharpe
from resolvers.store.database import Database
from resolvers.store.tables import backtests, deflated_sharpe_ratios
from tests.client import Client
from tests.operations import save_id
from tests.statements import counted_statements
from tests.trial_runs import curve, noise

FIGURES = """
  observations periodsPerYear skewness kurtosis sharpeRatio standardError confidenceInterval { lower upper }
  perPeriodSharpeRatio perPeriodStandardError probabilisticSharpeRatio deflatedSharpeRatio
  deflation {
    trials recordedTrials varianceOfSharpes expectedMaximumSharpe perPeriodExpectedMaximumSharpe
  }
  minimumTrackRecordLength minimumTrackRecordYears
  haircut { sharpeRatio pValueSingle pValueMultiple haircut }
  undefined { figure reason }
"""
LUCK = (
    "query($id: ID!, $benchmark: Float! = 0, $confidence: Float! = 0.95) "
    "{ backtest(id: $id) { luck(benchmarkSharpe: $benchmark, confidence: $confidence) {" + FIGURES + "} } }"
)
PAGE = "{ backtests { nodes { id luck {" + FIGURES + "} } } }"
NORMAL = NormalDist()


async def luck_of(client: Client, id: str, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await client.ask(LUCK, id=id, **arguments))["backtest"]["luck"]
    return found


def nulls(figures: dict[str, Any], inside: str = "") -> set[str]:
    """Return the figures that are null."""
    found = {f"{inside}{name}" for name, figure in figures.items() if figure is None}
    for name, figure in figures.items():
        if isinstance(figure, dict):
            found |= nulls(figure, f"{inside}{name}.")
    return found


def reasons(luck: dict[str, Any]) -> dict[str, str]:
    """Return why figures are null, and fail where one is null without a reason or has a reason without being null."""
    found = {each["figure"]: each["reason"] for each in luck["undefined"]}
    assert found.keys() == nulls(luck)
    return found


async def test_each_figure_is_what_its_formula_gives_of_the_curve(client: Client) -> None:
    drifts = (0.001, 0.0, -0.001, 0.002)
    ids = [
        await save_id(client, **noise(seed, equityCurve=curve(seed, drift=drift))) for seed, drift in enumerate(drifts)
    ]
    sharpes = []
    for seed, drift in enumerate(drifts):
        values = np.array(curve(seed, drift=drift)["values"])
        returns = values[1:] / values[:-1] - 1
        sharpes.append(float(returns.mean() / returns.std(ddof=1)))
    luck = await luck_of(client, ids[0], benchmark=0.5, confidence=0.9)
    values = np.array(curve(0, drift=drifts[0])["values"])
    returns = values[1:] / values[:-1] - 1
    centred = returns - returns.mean()
    g3, g4 = (centred**3).mean() / returns.std() ** 3, (centred**4).mean() / returns.std() ** 4
    n, root, ratio = len(returns), math.sqrt(252), sharpes[0]
    error = math.sqrt((1 - g3 * ratio + (g4 - 1) / 4 * ratio**2) / (n - 1))
    spread = error**2 * (n - 1)
    gamma = 0.5772156649015329
    largest = (1 - gamma) * NORMAL.inv_cdf(1 - 1 / 4) + gamma * NORMAL.inv_cdf(1 - 1 / (4 * math.e))
    threshold = math.sqrt(variance(sharpes)) * largest
    wanted = 1 + spread * (NORMAL.inv_cdf(0.9) / (ratio - 0.5 / root)) ** 2
    cut = haircut_sharpe(ratio * root, n / 252, n, 4)
    margin = NORMAL.inv_cdf(0.95) * error * root
    assert reasons(luck) == {}
    assert {name: luck[name] for name in luck.keys() - {"undefined"}} == {
        "observations": n,
        "periodsPerYear": 252,
        "skewness": pytest.approx(g3),
        "kurtosis": pytest.approx(g4),
        "sharpeRatio": pytest.approx(ratio * root),
        "standardError": pytest.approx(error * root),
        "confidenceInterval": {
            "lower": pytest.approx(ratio * root - margin),
            "upper": pytest.approx(ratio * root + margin),
        },
        "perPeriodSharpeRatio": pytest.approx(ratio),
        "perPeriodStandardError": pytest.approx(error),
        "probabilisticSharpeRatio": pytest.approx(NORMAL.cdf((ratio - 0.5 / root) / error)),
        "deflatedSharpeRatio": pytest.approx(NORMAL.cdf((ratio - threshold) / error)),
        "deflation": {
            "trials": 4,
            "recordedTrials": 4,
            "varianceOfSharpes": pytest.approx(variance(sharpes)),
            "expectedMaximumSharpe": pytest.approx(threshold * root),
            "perPeriodExpectedMaximumSharpe": pytest.approx(threshold),
        },
        "minimumTrackRecordLength": pytest.approx(wanted),
        "minimumTrackRecordYears": pytest.approx(wanted / 252),
        "haircut": {
            "sharpeRatio": pytest.approx(float(cut)),
            "pValueSingle": pytest.approx(cut.p_single),
            "pValueMultiple": pytest.approx(cut.p_multi),
            "haircut": pytest.approx(cut.haircut),
        },
    }


async def test_the_deflated_sharpe_ratio_is_the_one_that_runs_are_ranked_by(client: Client, database: Database) -> None:
    for seed in range(12):
        await save_id(client, **noise(seed, symbol=f"S{seed % 2}"))
    await refresh_deflated(database)
    stored = {str(row["backtest_id"]): row for row in await database.fetch(select(deflated_sharpe_ratios))}
    runs = (await client.ask(PAGE))["backtests"]["nodes"]
    assert len(stored) == len(runs) == 12
    for run in runs:
        kept = stored[run["id"]]["deflated_sharpe_ratio"]
        assert run["luck"]["deflatedSharpeRatio"] == pytest.approx(kept, abs=1e-12)
        assert run["luck"]["deflatedSharpeRatio"] <= run["luck"]["probabilisticSharpeRatio"]


async def test_the_families_of_a_whole_list_are_counted_by_one_statement(client: Client, database: Database) -> None:
    for seed in range(6):
        await save_id(client, **noise(seed, symbol=f"S{seed}"))
    with counted_statements() as statements:
        await client.ask(PAGE)
    assert sum("trial_ledger" in text for text in statements) == 1
    assert len(statements) == 2


async def test_without_a_curve_nothing_is_known_but_the_family(client: Client) -> None:
    luck = await luck_of(client, await save_id(client, metrics={"sharpeRatio": 1.5}))
    found = reasons(luck)
    assert set(found.values()) == {"NOT_REPORTED"}
    assert luck["deflation"] == {
        "trials": 1,
        "recordedTrials": 1,
        "varianceOfSharpes": None,
        "expectedMaximumSharpe": 0,
        "perPeriodExpectedMaximumSharpe": None,
    }


@pytest.mark.parametrize(
    ("values", "reason"),
    [([100.0, 101.0], "TOO_SHORT"), ([100.0] * 30, "ZERO_VARIANCE"), ([100.0, 0.0, 50.0, 60.0, 70.0], "NON_FINITE")],
)
async def test_a_curve_that_tells_nothing_says_why(client: Client, values: list[float], reason: str) -> None:
    given = curve(0, points=len(values)) | {"values": values}
    found = reasons(await luck_of(client, await save_id(client, **noise(0, equityCurve=given))))
    assert {why for figure, why in found.items() if "deflation" not in figure} == {reason}
    assert found["sharpeRatio"] == found["deflatedSharpeRatio"] == found["haircut.haircut"] == reason


async def test_one_known_sharpe_ratio_of_several_trials_is_no_variance(client: Client) -> None:
    id = await save_id(client, **noise(0))
    await save_id(client, status="FAILED")
    luck = await luck_of(client, id)
    assert reasons(luck) == dict.fromkeys(
        (
            "deflatedSharpeRatio",
            "deflation.varianceOfSharpes",
            "deflation.expectedMaximumSharpe",
            "deflation.perPeriodExpectedMaximumSharpe",
        ),
        "UNKNOWN_VARIANCE",
    )
    assert luck["deflation"]["trials"] == 2
    assert luck["haircut"]["pValueMultiple"] > luck["haircut"]["pValueSingle"]


async def test_a_run_that_was_never_counted_says_so(client: Client, database: Database) -> None:
    id = await save_id(client, **noise(0))
    async with database.transaction() as transaction:
        await transaction.fetch(update(backtests).values(study="elsewhere"))
    found = reasons(await luck_of(client, id))
    assert set(found.values()) == {"NOT_COUNTED"}
    assert {"deflatedSharpeRatio", "haircut.sharpeRatio", "deflation.expectedMaximumSharpe"} <= found.keys()


async def test_a_benchmark_out_of_reach_takes_no_track_record(client: Client) -> None:
    id = await save_id(client, **noise(0))
    for benchmark in (1e308, 50.0, (await luck_of(client, id))["sharpeRatio"]):
        luck = await luck_of(client, id, benchmark=benchmark)
        found = reasons(luck)
        assert found["minimumTrackRecordLength"] == found["minimumTrackRecordYears"] == "BELOW_BENCHMARK"
        assert luck["probabilisticSharpeRatio"] <= 0.5
    far = await luck_of(client, id, benchmark=-1e308)
    assert far["probabilisticSharpeRatio"] == 1
    assert far["minimumTrackRecordLength"] == 1


@pytest.mark.parametrize("confidence", [1e-300, 0.5, 1 - 1e-16])
async def test_any_confidence_between_0_and_1_gives_numbers(client: Client, confidence: float) -> None:
    luck = await luck_of(client, await save_id(client, **noise(0)), confidence=confidence)
    assert luck["confidenceInterval"]["lower"] <= luck["sharpeRatio"] <= luck["confidenceInterval"]["upper"]


@pytest.mark.parametrize("confidence", [0.0, 1.0, -0.5, 95.0, 1e308])
async def test_a_confidence_outside_is_refused(client: Client, confidence: float) -> None:
    [error] = await client.refuse(LUCK, id=await save_id(client, **noise(0)), confidence=confidence)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize("argument", ["benchmarkSharpe: 1e999", "benchmarkSharpe: -1e999", "confidence: 1e999"])
async def test_infinite_arguments_are_refused(client: Client, argument: str) -> None:
    await save_id(client, **noise(0))
    [error] = await client.refuse("{ backtests { nodes { luck(" + argument + ") { sharpeRatio } } } }")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_ever_more_trials_leave_ever_less(client: Client) -> None:
    id = await save_id(client, **noise(3))
    left = []
    for seed in range(4, 10):
        await save_id(client, **noise(seed))
        luck = await luck_of(client, id)
        left.append(luck["haircut"]["pValueMultiple"])
        assert 0 <= luck["deflatedSharpeRatio"] <= luck["probabilisticSharpeRatio"] <= 1
    assert left == sorted(left)
