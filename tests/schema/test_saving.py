"""Saving runs: whole or not at all, safe to repeat, each change told."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.client import Client
from tests.operations import RUN, SAVE, SAVE_MANY, count_runs, save, save_id

TRADE = {"entryTime": "2024-01-02", "entryPrice": 100.0, "exitTime": "2024-01-03", "exitPrice": 101.5, "pnl": 1.5}
CURVE: dict[str, Any] = {"times": ["2024-01-01", "2024-01-02", "2024-01-03"], "values": [10_000.0, 10_100.0, 10_050.0]}

EVERYTHING = """
query($id: ID!) {
  backtest(id: $id) {
    id symbol strategy status createdAt startDate endDate initialCapital fees slippage parameters otherMetrics tags
    notes errorMessage engine executionTimeSeconds dataPoints
    metrics {
      totalReturn annualizedReturn sharpeRatio sortinoRatio calmarRatio maxDrawdown maxDrawdownDuration volatility
      downsideVolatility totalTrades winningTrades losingTrades winRate profitFactor averageWin averageLoss largestWin
      largestLoss finalPortfolioValue peakPortfolioValue beta alpha
    }
    equityCurve { times values length downsampled }
    drawdownCurve { times values }
    trades { nodes {
      number direction entryTime entryPrice exitTime exitPrice size pnl pnlPercent mae mfe durationDays durationHours
      exitReason feesPaid slippageCost otherMetrics
    } }
  }
}
"""


async def read(client: Client, id: str) -> Any:
    return (await client.ask(EVERYTHING, id=id))["backtest"]


async def test_everything_that_is_saved_comes_back(client: Client) -> None:
    metrics = {
        "totalReturn": 0.1 + 0.2,
        "annualizedReturn": 5e-324,
        "sharpeRatio": 1.7976931348623157e308,
        "sortinoRatio": -0.0,
        "calmarRatio": 0.0,
        "maxDrawdown": -0.34,
        "maxDrawdownDuration": 12.5,
        "volatility": 0.2,
        "downsideVolatility": 0.1,
        "totalTrades": 2,
        "winningTrades": 1,
        "losingTrades": 1,
        "winRate": 0.5,
        "profitFactor": 2.0,
        "averageWin": 3.0,
        "averageLoss": -1.5,
        "largestWin": 3.0,
        "largestLoss": -1.5,
        "finalPortfolioValue": 10_001.5,
        "peakPortfolioValue": 10_100.0,
        "beta": 1.1,
        "alpha": -0.01,
    }
    trade = TRADE | {
        "direction": "SHORT",
        "size": 3.0,
        "pnlPercent": 0.015,
        "mae": -2.0,
        "mfe": 4.0,
        "durationDays": 1.0,
        "durationHours": 24.0,
        "exitReason": "stop",
        "feesPaid": 0.5,
        "slippageCost": 0.25,
        "otherMetrics": {"leverage": 3},
    }
    given = RUN | {
        "fees": 0.001,
        "slippage": 0.0,
        "initialCapital": 25_000.0,
        "parameters": {"fast": 10, "risk": {"stop": 0.05}, "on": True, "none": None},
        "metrics": metrics,
        "otherMetrics": {"expectancy": 988.1554293427341, "日本": [1, 2.5, "x"]},
        "equityCurve": CURVE,
        "drawdownCurve": {"times": CURVE["times"], "values": [0.0, 0.0, -0.005]},
        "trades": [trade, TRADE | {"exitTime": None, "exitPrice": None}],
        "status": "FAILED",
        "errorMessage": "out of money",
        "engine": "vectorbt",
        "executionTimeSeconds": 1.25,
        "notes": "a note",
        "tags": ["one", "two"],
        "createdAt": "2024-05-06T07:08:09.123456Z",
    }
    payload = (await client.ask(SAVE, input=given))["saveBacktest"]
    assert (payload["created"], payload["warnings"], payload["errors"]) == (True, [], [])
    stored = await read(client, payload["backtest"]["id"])

    for name in given.keys() - {"equityCurve", "drawdownCurve", "trades"}:
        assert stored[name] == given[name], name
    midnights = [f"{day}T00:00:00Z" for day in CURVE["times"]]
    assert stored["equityCurve"] == {
        "times": midnights,
        "values": CURVE["values"],
        "length": 3,
        "downsampled": False,
    }
    assert stored["drawdownCurve"] == {"times": midnights, "values": [0.0, 0.0, -0.005]}
    assert stored["dataPoints"] == 3
    times = {"entryTime": "2024-01-02T00:00:00Z", "exitTime": "2024-01-03T00:00:00Z"}
    assert stored["trades"]["nodes"][0] == trade | times | {"number": 1}
    assert stored["trades"]["nodes"][1]["exitTime"] is None
    assert stored["trades"]["nodes"][1]["direction"] == "LONG"


async def test_what_was_not_given_is_null_or_empty_and_never_a_stand_in(client: Client) -> None:
    stored = await read(client, await save_id(client))
    assert (stored["parameters"], stored["otherMetrics"], stored["tags"]) == ({}, {}, [])
    assert (stored["equityCurve"], stored["drawdownCurve"], stored["dataPoints"]) == (None, None, 0)
    assert (stored["notes"], stored["fees"], stored["metrics"]["sharpeRatio"]) == (None, None, None)
    assert (stored["metrics"]["totalTrades"], stored["metrics"]["winRate"]) == (0, None)
    assert (stored["status"], stored["initialCapital"]) == ("COMPLETED", 10_000.0)


async def test_missing_dates_come_from_the_curve_or_else_from_the_trades(client: Client) -> None:
    bare = {"symbol": "GOOG", "strategy": "x"}
    payload = (await client.ask(SAVE, input=bare | {"equityCurve": CURVE}))["saveBacktest"]
    assert (payload["backtest"]["startDate"], payload["backtest"]["endDate"]) == ("2024-01-01", "2024-01-03")
    payload = (await client.ask(SAVE, input=bare | {"trades": [TRADE]}))["saveBacktest"]
    assert (payload["backtest"]["startDate"], payload["backtest"]["endDate"]) == ("2024-01-02", "2024-01-03")


async def test_trade_counts_and_win_rate_come_from_the_trades_where_they_were_not_given(client: Client) -> None:
    trades = [TRADE, TRADE | {"pnl": -1.0}, TRADE | {"pnl": 0.0}, TRADE | {"pnl": None}]
    metrics = (await read(client, await save_id(client, trades=trades)))["metrics"]
    counts = [metrics[name] for name in ("totalTrades", "winningTrades", "losingTrades")]
    assert counts == [4, 1, 1]
    assert metrics["winRate"] == 1 / 3
    given = {"totalTrades": 9, "winRate": 0.0}
    metrics = (await read(client, await save_id(client, trades=trades, metrics=given)))["metrics"]
    assert (metrics["totalTrades"], metrics["winRate"]) == (9, 0.0)


@pytest.mark.parametrize("symbol", ["BRK.B", "BTC/USDT:USDT", "ES=F", "日経225", "%", "x" * 64])
async def test_symbols_of_any_market_are_taken(client: Client, symbol: str) -> None:
    payload = await save(client, symbol=symbol.upper())
    assert payload["warnings"] == []
    assert payload["backtest"]["symbol"] == symbol.upper()


async def test_a_symbol_is_trimmed_and_in_upper_case_and_the_answer_says_so(client: Client) -> None:
    payload = await save(client, symbol="  btc/usdt ")
    assert payload["backtest"]["symbol"] == "BTC/USDT"
    assert [(warning["code"], warning["path"]) for warning in payload["warnings"]] == [("ASSUMED", ["input", "symbol"])]


async def test_non_finite_numbers_become_null_with_a_warning(client: Client) -> None:
    body = b'{"query": "%s", "variables": {"input": %s}}'
    given = (
        b'{"symbol": "A", "strategy": "x", "metrics": {"profitFactor": Infinity, "beta": NaN},'
        b' "otherMetrics": {"deep": [1, -Infinity]},'
        b' "equityCurve": {"times": ["2024-01-01", "2024-01-02"], "values": [NaN, 1]},'
        b' "trades": [{"entryTime": "2024-01-01", "entryPrice": 1, "pnl": Infinity}]}'
    )
    content = body % (SAVE.replace("\n", " ").encode(), given)
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    payload = response.json()["data"]["saveBacktest"]
    assert payload["errors"] == []
    assert {(warning["code"], *warning["path"]) for warning in payload["warnings"]} == {
        ("NON_FINITE", "input", "metrics", "profitFactor"),
        ("NON_FINITE", "input", "metrics", "beta"),
        ("NON_FINITE", "input", "otherMetrics", "deep", "1"),
        ("NON_FINITE", "input", "equityCurve", "values", "0"),
        ("NON_FINITE", "input", "trades", "0", "pnl"),
    }
    stored = await read(client, payload["backtest"]["id"])
    assert stored["metrics"]["profitFactor"] is None
    assert stored["otherMetrics"] == {"deep": [1, None]}
    assert stored["equityCurve"]["values"] == [None, 1.0]
    assert stored["trades"]["nodes"][0]["pnl"] is None


async def test_a_positive_drawdown_is_stored_negative_with_a_warning(client: Client) -> None:
    curve = {"times": CURVE["times"], "values": [0.0, 0.1, 0.2]}
    payload = await save(client, metrics={"maxDrawdown": 0.2}, drawdownCurve=curve)
    assert {(warning["code"], *warning["path"]) for warning in payload["warnings"]} == {
        ("SIGN", "input", "metrics", "maxDrawdown"),
        ("SIGN", "input", "drawdownCurve", "values", "1"),
    }
    stored = await read(client, payload["backtest"]["id"])
    assert stored["metrics"]["maxDrawdown"] == -0.2
    assert stored["drawdownCurve"]["values"] == [0.0, -0.1, -0.2]


async def test_a_curve_without_times_is_spread_over_the_days_of_the_run(client: Client) -> None:
    for end, points, expected in (
        ("2024-01-03", 3, ["2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z"]),
        ("2024-01-08", 6, [f"2024-01-0{day}T00:00:00Z" for day in (1, 2, 3, 4, 5, 8)]),
        ("2024-01-02", 3, ["2024-01-01T00:00:00Z", "2024-01-01T12:00:00Z", "2024-01-02T00:00:00Z"]),
        ("2024-01-31", 1, ["2024-01-01T00:00:00Z"]),
    ):
        curve = {"values": [1.0] * points}
        payload = await save(client, startDate="2024-01-01", endDate=end, equityCurve=curve)
        assert [warning["code"] for warning in payload["warnings"]] == ["ASSUMED"]
        assert (await read(client, payload["backtest"]["id"]))["equityCurve"]["times"] == expected


async def test_a_drawdown_curve_without_times_shares_those_of_the_equity_curve(client: Client) -> None:
    payload = await save(client, equityCurve=CURVE, drawdownCurve={"values": [0.0, 0.0, -0.1]})
    assert [warning["code"] for warning in payload["warnings"]] == ["ASSUMED"]
    stored = await read(client, payload["backtest"]["id"])
    assert stored["drawdownCurve"]["times"] == stored["equityCurve"]["times"]


async def test_real_engines_oddities_are_taken(client: Client) -> None:
    odd = [
        TRADE | {"entryPrice": -37.63, "exitPrice": 0.0},
        TRADE | {"exitTime": TRADE["entryTime"]},
        TRADE | {"size": 0.0, "feesPaid": -0.1},
    ]
    curve = {"times": ["2024-01-01", "2024-01-01", "2024-01-02"], "values": [1, -5.0, None]}
    payload = await save(client, trades=odd, equityCurve=curve, metrics={"maxDrawdown": -1.5, "largestLoss": 3.0})
    assert (payload["errors"], payload["warnings"]) == ([], [])


BAD = [
    ({"symbol": "  "}, ["symbol"]),
    ({"symbol": "x" * 65}, ["symbol"]),
    ({"strategy": ""}, ["strategy"]),
    ({"startDate": "2024-02-01"}, ["endDate"]),
    ({"startDate": None}, ["startDate"]),
    ({"initialCapital": 0}, ["initialCapital"]),
    ({"initialCapital": -5}, ["initialCapital"]),
    ({"metrics": {"winRate": 58.3}}, ["metrics", "winRate"]),
    ({"metrics": {"winRate": -0.1}}, ["metrics", "winRate"]),
    ({"metrics": {"totalTrades": -1}}, ["metrics", "totalTrades"]),
    ({"trades": [TRADE, TRADE | {"exitTime": "2024-01-01"}]}, ["trades", "1", "exitTime"]),
    ({"trades": [TRADE | {"size": -1}]}, ["trades", "0", "size"]),
    ({"trades": [TRADE | {"durationDays": -1}]}, ["trades", "0", "durationDays"]),
    ({"equityCurve": {"times": ["2024-01-01"], "values": [1, 2]}}, ["equityCurve", "values"]),
    ({"equityCurve": CURVE | {"times": ["2024-01-01", "2024-01-03", "2024-01-02"]}}, ["equityCurve", "times", "2"]),
    ({"drawdownCurve": {"times": ["2024-01-02", "2024-01-01"], "values": [0, 0]}}, ["drawdownCurve", "times", "1"]),
    ({"parameters": [1, 2]}, ["parameters"]),
    ({"otherMetrics": "x"}, ["otherMetrics"]),
    ({"parameters": {"a": "nul\x00l"}}, ["parameters", "a"]),
    ({"notes": "nul\x00l"}, ["notes"]),
    ({"tags": ["ok", " "]}, ["tags", "1"]),
    ({"tags": [str(number) for number in range(101)]}, ["tags"]),
    ({"id": "no-uuid"}, ["id"]),
    ({"id": "{01890a5d-ac96-774b-bcce-b302099a8057}"}, ["id"]),
]


@pytest.mark.parametrize(("fields", "path"), BAD, ids=[".".join(path) for _, path in BAD])
async def test_what_makes_no_sense_is_invalid_at_its_path_and_nothing_is_saved(
    client: Client, fields: dict[str, Any], path: list[str]
) -> None:
    payload = await save(client, **fields)
    assert payload["backtest"] is None
    assert payload["created"] is False
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("INVALID", ["input", *path])]
    assert await count_runs(client) == 0


async def test_a_win_rate_in_percent_is_told_as_a_fraction(client: Client) -> None:
    [error] = (await save(client, metrics={"winRate": 58.3}))["errors"]
    assert "a fraction: 0.583" in error["message"]


async def test_all_that_is_wrong_is_told_at_once(client: Client) -> None:
    payload = await save(client, symbol="", initialCapital=0, trades=[TRADE | {"size": -1}] * 3)
    assert len(payload["errors"]) == 5


@pytest.mark.parametrize(
    "fields",
    [
        {"trades": [TRADE | {"direction": "SIDEWAYS"}]},
        {"trades": [TRADE | {"entryTime": "yesterday-ish"}]},
        {"trades": [{"entryTime": "2024-01-01"}]},
        {"equityCurve": {"values": [1, "x"]}},
        {"equityCurve": {"values": 5}},
        {"equityCurve": {"times": ["x"], "values": [1]}},
        {"startDate": "2024-13-01"},
        {"metrics": {"sharpeRatio": "high"}},
        {"metrics": {"unknown": 1}},
        {"unknown": 1},
    ],
)
async def test_what_the_schema_forbids_is_an_error_of_the_question_that_names_the_variable(
    client: Client, fields: dict[str, Any]
) -> None:
    [error] = await client.refuse(SAVE, input=RUN | fields)
    assert "$input" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_a_repeat_with_the_same_id_and_content_is_the_same_run(client: Client) -> None:
    fields = {"id": str(uuid4()), "trades": [TRADE], "equityCurve": CURVE, "notes": "x"}
    first, second = await save(client, **fields), await save(client, **fields)
    assert (first["created"], second["created"]) == (True, False)
    assert first["backtest"] == second["backtest"]
    assert await count_runs(client) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"notes": "y"},
        {"trades": [TRADE | {"pnl": 1.5000000000000002}]},
        {"trades": [TRADE, TRADE]},
        {"equityCurve": CURVE | {"values": [10_000.0, 10_100.0, None]}},
        {"parameters": {"a": 1}},
        {"createdAt": "2020-01-01"},
    ],
)
async def test_a_repeat_with_other_content_is_a_conflict(client: Client, other: dict[str, Any]) -> None:
    fields = {"id": str(uuid4()), "trades": [TRADE], "equityCurve": CURVE, "notes": "x"}
    await save_id(client, **fields)
    payload = await save(client, **(fields | other))
    assert payload["backtest"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("CONFLICT", ["input", "id"])]


async def test_a_repeat_is_the_same_run_after_its_notes_were_changed(client: Client) -> None:
    fields = {"id": str(uuid4()), "notes": "x"}
    id = await save_id(client, **fields)
    await client.ask('mutation($id: ID!) { updateBacktest(input: {id: $id, notes: "y"}) { errors { code } } }', id=id)
    payload = await save(client, **fields)
    assert (payload["created"], payload["errors"]) == (False, [])


async def test_requests_with_the_same_id_at_the_same_moment_store_one_run(client: Client) -> None:
    fields: dict[str, Any] = {"id": str(uuid4()), "trades": [TRADE] * 50, "equityCurve": CURVE}
    payloads = await asyncio.gather(*(save(client, **fields) for _ in range(20)))
    assert sum(payload["created"] for payload in payloads) == 1
    assert all(payload["errors"] == [] for payload in payloads)
    assert len((await read(client, fields["id"]))["trades"]["nodes"]) == 20


async def test_different_contents_with_the_same_id_at_the_same_moment_leave_one_run(client: Client) -> None:
    id = str(uuid4())
    payloads = await asyncio.gather(*(save(client, id=id, notes=str(number)) for number in range(10)))
    codes = [error["code"] for payload in payloads for error in payload["errors"]]
    assert codes == ["CONFLICT"] * 9


async def test_bad_runs_do_not_stop_the_others_in_bulk(client: Client) -> None:
    id = str(uuid4())
    inputs = [RUN, RUN | {"symbol": ""}, RUN | {"id": id}, RUN | {"id": id}, RUN | {"id": id, "notes": "other"}]
    payload = (await client.ask(SAVE_MANY, inputs=inputs))["saveBacktests"]
    assert payload["createdCount"] == 2
    assert [run and run["symbol"] for run in payload["backtests"]] == ["GOOG", None, "GOOG", "GOOG", None]
    assert [(error["index"], error["code"], error["path"]) for error in payload["errors"]] == [
        (1, "INVALID", ["inputs", "1", "symbol"]),
        (4, "CONFLICT", ["inputs", "4", "id"]),
    ]
    assert await count_runs(client) == 2


async def test_an_empty_bulk_is_no_problem(client: Client) -> None:
    payload = (await client.ask(SAVE_MANY, inputs=[]))["saveBacktests"]
    assert (payload["createdCount"], payload["errors"]) == (0, [])


async def test_an_id_that_stands_for_something_else_is_a_conflict(client: Client) -> None:
    run = await save_id(client)
    taken = str(uuid4())
    saved = await client.ask(
        "mutation($id: ID!, $run: ID!) {"
        " saveOptimization(input: {id: $id, backtestId: $run, trials: []}) { created } }",
        id=taken,
        run=run,
    )
    assert saved["saveOptimization"]["created"] is True
    [error] = (await save(client, id=taken))["errors"]
    assert (error["code"], error["path"]) == ("CONFLICT", ["input", "id"])
