"""Importing real engines' documents: what is read back equals the source, float for float."""

import asyncio
import lzma
from typing import Any

import orjson
import pytest

from api.demo import DOCUMENTS
from tests.client import Client
from tests.operations import IMPORT, count_runs, save_id
from tests.samples import real_documents

READ = """
query($id: ID!) {
  backtest(id: $id) {
    symbol strategy startDate endDate initialCapital parameters otherMetrics engine dataPoints
    metrics {
      totalReturn annualizedReturn sharpeRatio sortinoRatio calmarRatio maxDrawdown winRate profitFactor totalTrades
      winningTrades losingTrades averageWin averageLoss largestWin largestLoss
    }
    trades(first: 5000) {
      nodes { number entryTime exitTime entryPrice exitPrice size pnl pnlPercent direction otherMetrics }
    }
    equityCurve { times values }
    drawdownCurve { times values }
    documents { kind format sha256 content }
  }
}
"""
IMPORT_OPTIMIZATION = """
mutation($input: ImportOptimizationInput!) {
  importOptimization(input: $input) {
    created warnings { code message path } errors { code message path }
    optimization {
      id objective objectiveMetric combinationsTested parameterNames otherMetrics backtest { id }
      best { number rank parameters objectiveValue }
      trials(first: 5000) {
        nodes { rank parameters objectiveValue sharpeRatio totalReturn maxDrawdown totalTrades otherMetrics }
      }
    }
  }
}
"""
IMPORT_WALK_FORWARD = """
mutation($input: ImportWalkForwardInput!) {
  importWalkForward(input: $input) {
    warnings { code message path } errors { code message path }
    walkForwardTests {
      id windowSizeMonths stepSizeMonths trainingStart trainingEnd testPeriodStart testPeriodEnd optimalParameters
      trainingPerformance outOfSampleReturn outOfSampleSharpe outOfSampleDrawdown outOfSampleTrades performanceRatio
      degradationFactor isProfitable otherMetrics backtest { id }
    }
  }
}
"""
METRICS = {
    "totalReturn": "total_return",
    "annualizedReturn": "annual_return",
    "sharpeRatio": "sharpe_ratio",
    "sortinoRatio": "sortino_ratio",
    "calmarRatio": "calmar_ratio",
    "maxDrawdown": "max_drawdown",
    "winRate": "win_rate",
    "profitFactor": "profit_factor",
    "totalTrades": "total_trades",
    "winningTrades": "winning_trades",
    "losingTrades": "losing_trades",
    "averageWin": "avg_win",
    "averageLoss": "avg_loss",
    "largestWin": "best_trade",
    "largestLoss": "worst_trade",
}


def rfc3339(time: str) -> str:
    return time.replace(" ", "T") + "Z"


def curve(points: dict[str, float]) -> Any:
    return {"times": [rfc3339(time) for time in points], "values": list(points.values())}


def expected_run(document: Any) -> Any:
    metrics = dict(document["metrics"])
    trades = [
        {
            "number": number,
            "entryTime": rfc3339(trade["entry_date"]),
            "exitTime": rfc3339(trade["exit_date"]),
            "entryPrice": trade["entry_price"],
            "exitPrice": trade["exit_price"],
            "size": trade["size"],
            "pnl": trade["pnl"],
            "pnlPercent": trade["return"],
            "direction": "LONG",
            "otherMetrics": {},
        }
        for number, trade in enumerate(document["trades"], 1)
    ]
    return {
        "symbol": document["symbol"],
        "strategy": document["strategy"],
        "startDate": document["start_date"],
        "endDate": document["end_date"],
        "initialCapital": document["initial_capital"],
        "parameters": document["parameters"],
        "metrics": {ours: metrics.pop(theirs) for ours, theirs in METRICS.items()},
        "otherMetrics": metrics,
        "engine": "vectorbt",
        "dataPoints": len(document["equity_curve"]),
        "trades": {"nodes": trades},
        "equityCurve": curve(document["equity_curve"]),
        "drawdownCurve": curve(document["drawdown_series"]),
    }


async def import_run(client: Client, document: Any, **fields: Any) -> Any:
    return (await client.ask(IMPORT, input={"document": document} | fields))["importBacktest"]


@pytest.mark.parametrize("document", real_documents("BACKTEST"), ids=lambda each: each["strategy"])
async def test_a_real_run_reads_back_equal_to_its_document(client: Client, document: Any) -> None:
    payload = await import_run(client, document)
    assert (payload["created"], payload["errors"], payload["warnings"]) == (True, [], [])
    stored = (await client.ask(READ, id=payload["backtest"]["id"]))["backtest"]
    [kept] = stored.pop("documents")
    assert stored == expected_run(document)
    assert (kept["kind"], kept["format"], kept["content"]) == ("BACKTEST", "VECTORBT_ENGINE", document)


async def test_all_runs_of_the_demo_import_over_http_read_back_equal_and_are_stored_once(client: Client) -> None:
    with lzma.open(DOCUMENTS) as lines:
        documents = [document for document in map(orjson.loads, lines) if "equity_curve" in document]
    assert len(documents) == 89
    for _ in range(2):
        for document in documents:
            payload = await import_run(client, document)
            assert payload["errors"] == []
            stored = (await client.ask(READ, id=payload["backtest"]["id"]))["backtest"]
            [kept] = stored.pop("documents")
            assert kept["content"] == document
            assert stored == expected_run(document)
        assert await count_runs(client) == 89


async def test_the_same_document_again_stores_nothing_new_and_says_so(client: Client) -> None:
    document = real_documents("BACKTEST")[0]
    first = await import_run(client, document)
    second = await import_run(client, document, notes="now with a note")
    assert second["backtest"] == first["backtest"]
    assert second["created"] is False
    assert [warning["code"] for warning in second["warnings"]] == ["ASSUMED"]
    assert await count_runs(client) == 1


async def test_the_same_document_at_the_same_moment_is_one_run(client: Client) -> None:
    document = real_documents("BACKTEST")[0]
    payloads = await asyncio.gather(*(import_run(client, document) for _ in range(8)))
    assert sum(payload["created"] for payload in payloads) == 1
    assert await count_runs(client) == 1


async def test_what_the_sender_says_of_an_imported_run_is_kept(client: Client) -> None:
    id = "01890a5d-ac96-774b-bcce-b302099a8057"
    said = {
        "id": id,
        "notes": "a note",
        "tags": ["t"],
        "createdAt": "2024-01-01T00:00:00Z",
        "executionTimeSeconds": 2.0,
    }
    await import_run(client, real_documents("BACKTEST")[0], **said)
    fields = "id notes tags createdAt executionTimeSeconds"
    assert (await client.ask(f'{{ backtest(id: "{id}") {{ {fields} }} }}'))["backtest"] == said


@pytest.mark.parametrize("document", real_documents("OPTIMIZATION"), ids=lambda each: each["strategy"])
async def test_a_real_sweep_reads_back_equal_to_its_document(client: Client, document: Any) -> None:
    run = await save_id(client, symbol=document["symbol"], strategy=document["strategy"])
    payload = (await client.ask(IMPORT_OPTIMIZATION, input={"backtestId": run, "document": document}))[
        "importOptimization"
    ]
    assert (payload["created"], payload["errors"], payload["warnings"]) == (True, [], [])
    stored, rows = payload["optimization"], document["top_results"]
    assert stored["backtest"]["id"] == run
    assert (stored["objective"], stored["objectiveMetric"]) == ("sharpe_ratio", "SHARPE_RATIO")
    assert stored["combinationsTested"] == document["total_combinations_tested"]
    assert set(stored["parameterNames"]) == set(document["best_parameters"])
    assert stored["otherMetrics"]["valid_combinations"] == document["valid_combinations"]
    best = {
        "number": 1,
        "rank": 1,
        "parameters": document["best_parameters"],
        "objectiveValue": document["best_metric_value"],
    }
    assert stored["best"] == best
    assert stored["trials"]["nodes"] == [
        {
            "rank": rank,
            "parameters": row["parameters"],
            "objectiveValue": row["sharpe_ratio"],
            "sharpeRatio": row["sharpe_ratio"],
            "totalReturn": row["total_return"],
            "maxDrawdown": row["max_drawdown"],
            "totalTrades": row["total_trades"],
            "otherMetrics": {},
        }
        for rank, row in enumerate(rows, 1)
    ]


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)


@pytest.mark.parametrize("document", real_documents("WALK_FORWARD"), ids=lambda each: each["strategy"])
async def test_real_windows_read_back_equal_to_their_document_and_only_once(client: Client, document: Any) -> None:
    run = await save_id(client, symbol=document["symbol"], strategy=document["strategy"])
    given = {"backtestId": run, "document": document}
    first, second = [(await client.ask(IMPORT_WALK_FORWARD, input=given))["importWalkForward"] for _ in range(2)]
    assert (first["errors"], first["warnings"]) == ([], [])
    assert first["walkForwardTests"] == second["walkForwardTests"]
    assert [
        {name: value for name, value in window.items() if name not in {"id", "backtest", "otherMetrics"}}
        for window in first["walkForwardTests"]
    ] == [{camel(name): value for name, value in window.items()} for window in document["windows"]]
    assert {window["backtest"]["id"] for window in first["walkForwardTests"]} == {run}
    count = await client.ask("query($id: ID!) { backtest(id: $id) { walkForward { windows } } }", id=run)
    assert count["backtest"]["walkForward"]["windows"] == len(document["windows"])


async def test_a_sweep_of_another_symbol_is_saved_with_a_warning(client: Client) -> None:
    run = await save_id(client, symbol="MSFT", strategy="rsi")
    document = real_documents("OPTIMIZATION")[0]
    payload = (await client.ask(IMPORT_OPTIMIZATION, input={"backtestId": run, "document": document}))[
        "importOptimization"
    ]
    assert payload["created"] is True
    assert ["input", "document", "symbol"] in [warning["path"] for warning in payload["warnings"]]


@pytest.mark.parametrize("document", [None, 5, "x", [], {}, {"a": 1}, [[]], {"trades": {"a": []}}, [None]])
@pytest.mark.parametrize("mutation", [IMPORT, IMPORT_OPTIMIZATION, IMPORT_WALK_FORWARD])
async def test_what_is_no_document_is_invalid_and_names_the_document(
    client: Client, mutation: str, document: Any
) -> None:
    run = {} if mutation is IMPORT else {"backtestId": await save_id(client)}
    answer = await client.post(mutation, input={"document": document} | run)
    if document is None:
        assert "$input" in answer["errors"][0]["message"]
        return
    [payload] = answer["data"].values()
    if payload["errors"]:
        assert all(error["path"][:2] == ["input", "document"] for error in payload["errors"])
    else:
        assert (mutation, document) == (IMPORT_WALK_FORWARD, [])


async def test_a_bad_trade_of_a_document_is_named_in_the_documents_own_words(client: Client) -> None:
    document = real_documents("BACKTEST")[0]
    trade = document["trades"][0] | {"exit_date": "1999-01-01 00:00:00", "size": -1.0}
    payload = await import_run(client, document | {"trades": [trade], "metrics": {"win_rate": 58.3}})
    assert [error["path"][2:] for error in payload["errors"]] == [
        ["trades", "0", "exit_date"],
        ["trades", "0", "size"],
        ["metrics", "win_rate"],
    ]
    assert payload["backtest"] is None


async def test_an_unknown_key_is_kept_and_told(client: Client) -> None:
    document = real_documents("BACKTEST")[0] | {"mood": {"of": "the market"}}
    payload = await import_run(client, document)
    assert [(warning["code"], warning["path"]) for warning in payload["warnings"]] == [
        ("UNKNOWN_FIELD", ["input", "document", "mood"])
    ]
    stored = (await client.ask(READ, id=payload["backtest"]["id"]))["backtest"]
    assert stored["otherMetrics"]["mood"] == {"of": "the market"}
