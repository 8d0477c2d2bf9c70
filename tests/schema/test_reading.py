"""Reading the graph: in any nesting, in both directions, in few statements."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.client import Client
from tests.operations import RUN, SAVE_MANY, UNKNOWN, save_id
from tests.statements import counted_statements

SAVE_OPTIMIZATION = """
mutation($input: SaveOptimizationInput!) {
  saveOptimization(input: $input) { optimization { id } created errors { code path } warnings { code path } }
}
"""
SAVE_WINDOWS = """
mutation($input: SaveWalkForwardTestsInput!) {
  saveWalkForwardTests(input: $input) { walkForwardTests { id } errors { code path message } warnings { code path } }
}
"""
WINDOW = {"testPeriodStart": "2024-01-01", "testPeriodEnd": "2024-06-30", "outOfSampleReturn": 0.1}
TRADES = [
    {"entryTime": f"2024-01-{day:02}", "entryPrice": 1.0, "exitTime": f"2024-01-{day + 1:02}", "pnl": day - 15.0}
    for day in range(1, 31)
]


async def save_graph(client: Client, runs: int) -> list[str]:
    """Save runs with 30 trades, two sweeps of three trials and two windows each."""
    inputs = [RUN | {"trades": TRADES, "equityCurve": {"values": [1.0] * 31}}] * runs
    payload = (await client.ask(SAVE_MANY, inputs=inputs))["saveBacktests"]
    ids = [run["id"] for run in payload["backtests"]]
    for id in ids:
        trials = [
            {"parameters": {"n": number}, "objectiveValue": 1.0 / number, "rank": 4 - number} for number in (1, 2, 3)
        ]
        for _ in range(2):
            await client.ask(SAVE_OPTIMIZATION, input={"backtestId": id, "trials": trials})
        later = WINDOW | {"testPeriodStart": "2024-03-01", "outOfSampleReturn": -0.1}
        await client.ask(SAVE_WINDOWS, input={"backtestId": id, "tests": [later, WINDOW]})
    return ids


NESTED = """
{
  backtests(first: 50) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage }
    nodes {
      id
      trades(first: 20) { totalCount pageInfo { hasPreviousPage } nodes { id pnl backtest { id symbol } } }
      optimizations {
        nodes { id backtest { id } best { id rank } trials(first: 2) { nodes { id optimization { id } } } }
      }
      walkForwardTests { nodes { id backtest { id } } }
      walkForward { windows consistency }
      equityCurve(maxPoints: 10) { values }
      drawdownCurve { values }
      documents { sha256 }
    }
  }
}
"""


@pytest.mark.parametrize("runs", [3, 50])
async def test_a_nested_list_takes_the_same_few_statements_for_any_number_of_runs(client: Client, runs: int) -> None:
    await save_graph(client, runs)
    with counted_statements() as statements:
        data = await client.ask(NESTED)
    nodes = data["backtests"]["nodes"]
    assert (len(nodes), data["backtests"]["totalCount"]) == (runs, runs)
    assert all(len(node["trades"]["nodes"]) == 20 and node["trades"]["totalCount"] == 30 for node in nodes)
    assert all(trade["backtest"]["id"] == node["id"] for node in nodes for trade in node["trades"]["nodes"])
    assert all(len(node["optimizations"]["nodes"]) == 2 for node in nodes)
    assert all(each["best"]["rank"] == 1 for node in nodes for each in node["optimizations"]["nodes"])
    assert len(statements) == 11, statements


async def test_one_list_is_one_statement_whatever_is_asked_of_it(client: Client) -> None:
    await save_graph(client, 2)
    with counted_statements() as statements:
        await client.ask("{ backtests { totalCount pageInfo { hasNextPage hasPreviousPage } nodes { id } } }")
    assert len(statements) == 1


async def test_trades_of_many_runs_are_one_statement(client: Client) -> None:
    await save_graph(client, 5)
    with counted_statements() as statements:
        await client.ask("{ backtests { nodes { trades(last: 3) { totalCount nodes { id } } } } }")
    assert len(statements) == 2


async def test_requests_at_the_same_moment_do_not_share_a_connection(client: Client) -> None:
    await save_graph(client, 3)
    answers = await asyncio.gather(*(client.ask(NESTED) for _ in range(25)))
    assert all(answer == answers[0] for answer in answers)


async def test_everything_with_an_id_is_found_as_a_node_of_its_type(client: Client) -> None:
    [id] = await save_graph(client, 1)
    fields = "id trades(first: 1) { nodes { id } } walkForwardTests { nodes { id } }"
    fields += " optimizations { nodes { id trials { nodes { id } } } }"
    run = (await client.ask(f'{{ backtest(id: "{id}") {{ {fields} }} }}'))["backtest"]
    optimization = run["optimizations"]["nodes"][0]
    expected = {
        run["id"]: "Backtest",
        run["trades"]["nodes"][0]["id"]: "Trade",
        run["walkForwardTests"]["nodes"][0]["id"]: "WalkForwardTest",
        optimization["id"]: "Optimization",
        optimization["trials"]["nodes"][0]["id"]: "OptimizationTrial",
    }
    for each, kind in expected.items():
        node = (await client.ask("query($id: ID!) { node(id: $id) { __typename id } }", id=each))["node"]
        assert node == {"__typename": kind, "id": each}


@pytest.mark.parametrize("suffix", ["", ":1", ":999999999"])
async def test_an_unknown_id_is_null(client: Client, suffix: str) -> None:
    assert await client.ask("query($id: ID!) { node(id: $id) { id } }", id=f"{uuid4()}{suffix}") == {"node": None}
    if not suffix:
        assert await client.ask("query($id: ID!) { backtest(id: $id) { id } }", id=str(uuid4())) == {"backtest": None}


@pytest.mark.parametrize(
    "id", ["", "x", "1", f"{UNKNOWN}:", f"{UNKNOWN}:x", f"{UNKNOWN}:-1", f"{UNKNOWN}:1:1", "é" * 36, f"{UNKNOWN}:²"]
)
async def test_a_malformed_id_is_bad_user_input(client: Client, id: str) -> None:
    for field in ("node", "backtest"):
        [error] = await client.refuse(f"query($id: ID!) {{ {field}(id: $id) {{ id }} }}", id=id)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_an_id_in_capital_letters_is_the_same_id(client: Client) -> None:
    id = await save_id(client)
    assert (await client.ask(f'{{ backtest(id: "{id.upper()}") {{ id }} }}'))["backtest"]["id"] == id


CURVE: dict[str, Any] = {
    "times": [f"2024-01-{day:02}" for day in range(1, 31)],
    "values": [100.0 + (day * 7919) % 31 for day in range(1, 31)],
}


async def series(client: Client, arguments: str, field: str = "equityCurve") -> Any:
    id = await save_id(client, equityCurve=CURVE)
    answer = await client.ask(
        f'{{ backtest(id: "{id}") {{ {field}{arguments} {{ times values length downsampled }} }} }}'
    )
    return answer["backtest"][field]


async def test_a_downsampled_curve_keeps_first_last_highest_and_lowest(client: Client) -> None:
    for most in (4, 5, 10, 29):
        part = await series(client, f"(maxPoints: {most})")
        points = dict(zip(part["times"], part["values"], strict=True))
        assert part["downsampled"] is True
        assert part["length"] == len(points) <= most
        assert part["times"] == sorted(points)
        assert {CURVE["values"][0], CURVE["values"][-1], max(CURVE["values"]), min(CURVE["values"])} <= set(
            part["values"]
        )
    assert (await series(client, "(maxPoints: 30)"))["downsampled"] is False


async def test_too_few_points_are_refused_with_the_figure(client: Client) -> None:
    id = await save_id(client, equityCurve=CURVE)
    [error] = await client.refuse(f'{{ backtest(id: "{id}") {{ equityCurve(maxPoints: 3) {{ length }} }} }}')
    assert "at least 4" in error["message"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_from_and_to_are_both_included(client: Client) -> None:
    part = await series(client, '(from: "2024-01-03", to: "2024-01-05T00:00:00Z")')
    assert part["times"] == [f"2024-01-0{day}T00:00:00Z" for day in (3, 4, 5)]
    assert (await series(client, '(from: "2025-01-01")'))["values"] == []


async def test_a_drawdown_curve_is_computed_from_the_equity_curve_where_none_was_saved(client: Client) -> None:
    values = (await series(client, "", "drawdownCurve"))["values"]
    peaks = [max(CURVE["values"][: index + 1]) for index in range(len(CURVE["values"]))]
    assert values == [value / peak - 1 for value, peak in zip(CURVE["values"], peaks, strict=True)]


async def test_windows_come_in_the_order_of_their_test_periods_with_their_summary(client: Client) -> None:
    [id] = await save_graph(client, 1)
    query = f"""{{ backtest(id: "{id}") {{
      walkForwardTests(first: 1) {{ nodes {{ testPeriodStart }} pageInfo {{ endCursor hasNextPage }} totalCount }}
      walkForward {{ windows consistency averageOutOfSampleReturn averageOutOfSampleSharpe worstOutOfSampleDrawdown }}
    }} }}"""
    run = (await client.ask(query))["backtest"]
    assert run["walkForwardTests"]["nodes"] == [{"testPeriodStart": "2024-01-01"}]
    assert run["walkForwardTests"]["totalCount"] == 2
    assert run["walkForward"] == {
        "windows": 2,
        "consistency": 0.5,
        "averageOutOfSampleReturn": 0.0,
        "averageOutOfSampleSharpe": None,
        "worstOutOfSampleDrawdown": None,
    }
    cursor = run["walkForwardTests"]["pageInfo"]["endCursor"]
    rest = await client.ask(
        "query($id: ID!, $after: String) {"
        " backtest(id: $id) { walkForwardTests(after: $after) { nodes { testPeriodStart } } } }",
        id=id,
        after=cursor,
    )
    assert rest["backtest"]["walkForwardTests"]["nodes"] == [{"testPeriodStart": "2024-03-01"}]


async def test_a_run_without_windows_has_an_empty_summary(client: Client) -> None:
    id = await save_id(client)
    summary = (await client.ask(f'{{ backtest(id: "{id}") {{ walkForward {{ windows consistency }} }} }}'))["backtest"]
    assert summary == {"walkForward": {"windows": 0, "consistency": None}}


async def test_runs_are_filtered_by_symbol_strategy_and_status(client: Client) -> None:
    wanted = await save_id(client, symbol="ES=F", strategy="rsi", status="FAILED")
    await save_id(client, symbol="ES=F", strategy="rsi")
    await save_id(client, symbol="GOOG", strategy="rsi", status="FAILED")
    asked = {"symbol": {"eq": "ES=F"}, "strategy": {"eq": "rsi"}, "status": {"eq": "FAILED"}}
    query = "query($filter: BacktestFilter) { backtests(filter: $filter) { totalCount nodes { id } } }"
    found = (await client.ask(query, filter=asked))["backtests"]
    assert found == {"totalCount": 1, "nodes": [{"id": wanted}]}


async def test_runs_come_newest_first(client: Client) -> None:
    days = ["2024-03-01", "2024-01-01", "2024-02-01"]
    for day in days:
        await save_id(client, createdAt=day)
    nodes = (await client.ask("{ backtests { nodes { createdAt } } }"))["backtests"]["nodes"]
    assert [node["createdAt"][:10] for node in nodes] == sorted(days, reverse=True)
