"""Runs side by side over HTTP."""

from typing import Any
from uuid import uuid4

import pytest

from tests.client import Client
from tests.operations import RUN, SAVE_MANY, save_id
from tests.statements import counted_statements

COMPARE = """
query($ids: [ID!]!, $metrics: [Metric!], $most: Int, $normalize: Boolean! = true) {
  compareBacktests(ids: $ids, metrics: $metrics) {
    backtests { id }
    missingIds
    metrics {
      metric higherIsBetter mean median standardDeviation
      values { backtest { id } value rank }
      best { backtest { id } value rank }
    }
    parameters { name values }
    equityCurves(maxPoints: $most, normalize: $normalize) {
      times series { backtest { id } values } byDay downsampled
    }
    returnCorrelation
    earliest
    latest
  }
}
"""
TIMES = ["2024-01-01", "2024-01-02", "2024-01-03"]
DEFAULT = ["TOTAL_RETURN", "SHARPE_RATIO", "MAX_DRAWDOWN", "WIN_RATE", "PROFIT_FACTOR", "TOTAL_TRADES"]


async def compare(client: Client, *ids: str, **variables: Any) -> Any:
    return (await client.ask(COMPARE, ids=list(ids), **variables))["compareBacktests"]


def curve(*values: float | None, times: list[str] = TIMES) -> dict[str, Any]:
    return {"equityCurve": {"times": times[: len(values)], "values": values}}


async def test_runs_come_in_the_order_asked_for_and_missing_ones_are_named(client: Client) -> None:
    first, second = await save_id(client), await save_id(client)
    missing, other = str(uuid4()), str(uuid4())
    found = await compare(client, missing, second, first, second.upper(), other, missing.upper())
    assert [run["id"] for run in found["backtests"]] == [second, first]
    assert found["missingIds"] == [missing, other]


async def test_a_comparison_of_missing_runs_is_empty(client: Client) -> None:
    found = await compare(client, str(uuid4()), metrics=["BETA"])
    nothing: dict[str, Any] = {"values": [], "best": None, "mean": None, "median": None, "standardDeviation": None}
    assert found["metrics"] == [{"metric": "BETA", "higherIsBetter": True, **nothing}]
    assert (found["backtests"], found["parameters"], found["returnCorrelation"]) == ([], [], [])
    assert found["equityCurves"] == {"times": [], "series": [], "byDay": False, "downsampled": False}
    assert (found["earliest"], found["latest"]) == (None, None)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([], "ids names 0 runs"),
        ([str(uuid4()) for _ in range(201)], "ids names 201 runs: 1 to 200"),
        (["1"], "'1' is not an id"),
    ],
)
async def test_bad_ids_are_refused(client: Client, ids: list[str], message: str) -> None:
    [error] = await client.refuse(COMPARE, ids=ids)
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert message in error["message"]


async def test_a_plot_of_three_points_is_refused(client: Client) -> None:
    [error] = await client.refuse(COMPARE, ids=[await save_id(client)], most=3)
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "maxPoints is 3" in error["message"]


async def test_metrics_are_the_usual_ones_or_those_asked_for_each_once(client: Client) -> None:
    id = await save_id(client)
    assert [each["metric"] for each in (await compare(client, id))["metrics"]] == DEFAULT
    asked = await compare(client, id, metrics=["BETA", "ALPHA", "BETA"])
    assert [each["metric"] for each in asked["metrics"]] == ["BETA", "ALPHA"]
    assert (await compare(client, id, metrics=[]))["metrics"] == []


async def test_metrics_are_ranked_with_ties_and_nulls_last(client: Client) -> None:
    drawdowns = [-0.3, None, -0.1, -0.1, -0.2]
    ids = [await save_id(client, metrics={"maxDrawdown": each}) for each in drawdowns]
    [found] = (await compare(client, *ids, metrics=["MAX_DRAWDOWN"]))["metrics"]
    ranked = [(ids.index(each["backtest"]["id"]), each["value"], each["rank"]) for each in found["values"]]
    assert ranked == [(2, -0.1, 1), (3, -0.1, 1), (4, -0.2, 3), (0, -0.3, 4), (1, None, None)]
    assert found["best"] == found["values"][0]
    assert [found["mean"], found["median"]] == pytest.approx([-0.175, -0.15])
    assert found["standardDeviation"] == pytest.approx(0.0957427107756338)


async def test_a_metric_that_no_run_has_has_no_best(client: Client) -> None:
    [found] = (await compare(client, await save_id(client), metrics=["BETA"]))["metrics"]
    assert (found["best"], found["mean"], found["standardDeviation"]) == (None, None, None)
    assert [(each["value"], each["rank"]) for each in found["values"]] == [(None, None)]


async def test_one_value_has_no_standard_deviation(client: Client) -> None:
    ids = [await save_id(client, metrics={"beta": 1.5}), await save_id(client)]
    [found] = (await compare(client, *ids, metrics=["BETA"]))["metrics"]
    assert (found["mean"], found["median"], found["standardDeviation"]) == (1.5, 1.5, None)


async def test_only_parameters_that_differ_are_compared(client: Client) -> None:
    given = [{"fast": 10, "slow": 40, "on": True}, {"fast": 10.0, "slow": 60, "stop": {"at": 0.1}, "on": True}]
    ids = [await save_id(client, parameters=each) for each in given]
    assert (await compare(client, *ids))["parameters"] == [
        {"name": "slow", "values": [40, 60]},
        {"name": "stop", "values": [None, {"at": 0.1}]},
    ]
    assert (await compare(client, ids[0]))["parameters"] == []


async def test_curves_come_on_common_times_normalized_or_not(client: Client) -> None:
    ids = [
        await save_id(client, **curve(100, 110, 121)),
        await save_id(client),
        await save_id(client, **curve(50, None, 40, 1, times=["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-04"])),
    ]
    found = await compare(client, *ids)
    assert found["equityCurves"] == {
        "times": ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"],
        "series": [
            {"backtest": {"id": ids[0]}, "values": [1, 1.1, 1.21]},
            {"backtest": {"id": ids[2]}, "values": [1, None, 0.8]},
        ],
        "byDay": False,
        "downsampled": False,
    }
    assert found["returnCorrelation"] == [[None] * 3] * 3  # constant returns, no curve, no two returns
    assert (found["earliest"], found["latest"]) == ("2024-01-01T00:00:00Z", "2024-01-04T00:00:00Z")
    raw = (await compare(client, *ids, normalize=False))["equityCurves"]
    assert [each["values"] for each in raw["series"]] == [[100, 110, 121], [50, None, 40]]


async def test_daily_and_intraday_runs_meet_on_days(client: Client) -> None:
    stamps = ["2024-01-02T14:30:00Z", "2024-01-02T20:30:00Z", "2024-01-03T14:30:00Z", "2024-01-03T20:30:00Z"]
    ids = [await save_id(client, **curve(4, 5, 6)), await save_id(client, **curve(9, 10, 11, 12, times=stamps))]
    found = (await compare(client, *ids, normalize=False))["equityCurves"]
    assert found["byDay"]
    assert found["times"] == ["2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"]
    assert [each["values"] for each in found["series"]] == [[5, 6], [10, 12]]


async def test_curves_without_a_common_day_are_empty(client: Client) -> None:
    ids = [
        await save_id(client, **curve(1, 2)),
        await save_id(client, **curve(3, 4, times=["2025-01-01", "2025-01-02"])),
    ]
    found = await compare(client, *ids)
    assert found["equityCurves"]["times"] == []
    assert [each["values"] for each in found["equityCurves"]["series"]] == [[], []]
    assert found["returnCorrelation"] == [[None, None], [None, None]]
    assert (found["earliest"], found["latest"]) == ("2024-01-01T00:00:00Z", "2025-01-02T00:00:00Z")


async def test_curves_are_downsampled_together(client: Client) -> None:
    days = [f"{year}-{month:02}-{day:02}" for year in (2023, 2024) for month in range(1, 13) for day in range(1, 29)]
    up = [100.0 + index for index in range(len(days))]
    wave = [100.0 + (index % 50) for index in range(len(days))]
    ids = [await save_id(client, **curve(*values, times=days)) for values in (up, wave)]
    found = (await compare(client, *ids, most=40, normalize=False))["equityCurves"]
    kept = [days.index(time[:10]) for time in found["times"]]
    assert 20 < len(kept) <= 40
    assert found["downsampled"]
    assert (kept[0], kept[-1]) == (0, len(days) - 1)
    assert [each["values"] for each in found["series"]] == [[values[at] for at in kept] for values in (up, wave)]


async def test_runs_take_one_statement_and_curves_another(client: Client) -> None:
    ids = [await save_id(client, **curve(1, 2, 4)), await save_id(client, **curve(2, 3, 1)), str(uuid4())]
    with counted_statements() as statements:
        await client.ask(
            "query($ids: [ID!]!) { compareBacktests(ids: $ids) { missingIds metrics { best { backtest { symbol } } "
            "values { backtest { symbol metrics { beta } } rank } } parameters { name values } } }",
            ids=ids,
        )
    assert len(statements) == 1
    with counted_statements() as statements:
        await compare(client, *ids)
    assert len(statements) == 2


async def test_two_hundred_runs_are_compared_in_two_statements(client: Client) -> None:
    runs = [RUN | curve(1, 2 + number, 3) | {"metrics": {"beta": number}} for number in range(200)]
    saved = (await client.ask(SAVE_MANY, inputs=runs))["saveBacktests"]["backtests"]
    with counted_statements() as statements:
        found = await compare(client, *(run["id"] for run in saved), metrics=["BETA"])
    assert len(statements) == 2
    assert [each["rank"] for each in found["metrics"][0]["values"]] == list(range(1, 201))
    assert (len(found["equityCurves"]["series"]), len(found["returnCorrelation"])) == (200, 200)
