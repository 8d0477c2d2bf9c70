"""Limits through HTTP: what is refused, and the cost that is told when asked for."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from api.app import create_app
from api.settings import Settings
from resolvers.store.database import Database
from tests.client import Client
from tests.operations import RUN, SAVE, UNKNOWN

DEEPER = '{"a":['
COUNT = "{ backtests(first: 3) { nodes { id } } }"


@pytest.fixture
async def closed(database: Database, settings: Settings) -> AsyncIterator[Client]:
    """A client of a service with narrow limits."""
    narrow = replace(
        settings,
        most_query_characters=1_000,
        most_tokens=100,
        most_depth=3,
        most_aliases=1,
        most_directives=2,
        most_cost=21,
        introspection=False,
    )
    transport = httpx.ASGITransport(create_app(database, narrow))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        yield Client(http)


@pytest.mark.parametrize(
    ("query", "figure", "limit"),
    [
        (COUNT + " " * 1_000, len(COUNT) + 1_000, 1_000),
        ("{" + " id" * 100 + "}", None, 100),
        ("{ backtests { nodes { metrics { beta } } } }", 4, 3),
        ("{ a: __typename b: __typename }", 2, 1),
        ("{ __typename @skip(if: true) @include(if: true) @include(if: true) }", 3, 2),
        ("{ backtests(first: 21) { nodes { id } } }", 22, 21),
    ],
)
async def test_each_limit_is_a_setting(closed: Client, query: str, figure: int | None, limit: int) -> None:
    assert await closed.ask(COUNT) == {"backtests": {"nodes": []}}
    [error] = await closed.refuse(query)
    expected = {"code": "QUERY_TOO_COMPLEX", "figure": figure, "limit": limit}
    assert error["extensions"] == {name: value for name, value in expected.items() if value is not None}


ASKING = {
    "query($v: [ID!]!) { compareBacktests(ids: $v) { missingIds } }": lambda count: ["x"] * count,
    "query($v: BacktestFilter) { backtests(filter: $v) { totalCount } }": lambda count: {"or": [{}] * (count - 1)},
    "query($v: [BacktestOrder!]) { backtests(orderBy: $v) { totalCount } }": lambda count: [{}] * count,
    "mutation($v: DeleteBacktestsInput!) { deleteBacktests(input: $v) { deletedIds } }": lambda count: {
        "filter": {"tags": {"hasAny": ["x"] * (count - 4)}},
        "expectedCount": 0,
    },
    "query($v: [Int!]) { backtests(filter: {metrics: {totalTrades: {in: $v}}}) { totalCount } }": lambda count: (
        [[]] * count
    ),
}


@pytest.mark.parametrize(("query", "make"), ASKING.items())
async def test_variables_hold_so_many_values(client: Client, query: str, make: Callable[[int], Any]) -> None:
    answer = await client.post(query, v=make(100_000))
    assert "QUERY_TOO_COMPLEX" not in codes(answer)
    [error] = await client.refuse(query, v=make(100_002))
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "limit": 100_000}


async def test_what_is_saved_is_no_question(client: Client) -> None:
    run = RUN | {"equityCurve": {"values": [1.0] * 30_000}, "otherMetrics": {"a": [1] * 30_000}}
    assert (await client.ask(SAVE, input=run))["saveBacktest"]["errors"] == []


async def test_others_are_answered_while_a_large_save_is_looked_at(client: Client) -> None:
    trades = [{"entryTime": "2024-01-02", "entryPrice": 1}] * 50_000
    run = RUN | {"trades": [*trades, {"entryTime": "2024-01-02", "entryPrice": "x"}]}
    saving, answered = asyncio.create_task(client.post(SAVE, input=run)), 0
    while not saving.done():
        assert await client.ask(COUNT) == {"backtests": {"nodes": []}}
        answered += 1
    [error] = (await saving)["errors"]
    assert ".trades[50000].entryPrice" in error["message"]
    assert answered > 3


async def test_curves_are_read_up_to_so_many_points(database: Database, settings: Settings) -> None:
    transport = httpx.ASGITransport(create_app(database, replace(settings, most_points=1_000)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        client = Client(http)
        run = RUN | {"equityCurve": {"values": [1.0] * 400}}
        for count in (1, 2):
            await client.ask(SAVE, input=run | {"parameters": {"n": count}})
        both = "{ backtests { nodes { equityCurve { length } } } }"
        assert len((await client.ask(both))["backtests"]["nodes"]) == 2
        curves = "{ backtests { nodes { equityCurve { length } drawdownCurve(maxPoints: 4) { length } } } }"
        errors = (await client.post(curves))["errors"]
        assert {error["extensions"]["code"] for error in errors} == {"QUERY_TOO_COMPLEX"}
        assert "1,600 points; at most 1,000" in errors[0]["message"]


async def test_introspection_can_be_switched_off(client: Client, closed: Client) -> None:
    query = "{ __schema { queryType { name } } }"
    assert await client.ask(query) == {"__schema": {"queryType": {"name": "Query"}}}
    [error] = await closed.refuse(query)
    assert (error["extensions"], error["locations"]) == ({"code": "FORBIDDEN"}, [{"line": 1, "column": 1}])
    [error] = await closed.refuse("{ backtest { id } }")
    assert "Did you mean" not in error["message"]


async def test_a_refusal_is_a_400_for_those_who_take_it(client: Client) -> None:
    body = {"query": "{ backtests(first: 50001) { nodes { id } } }"}
    accept = {"accept": "application/graphql-response+json"}
    response = await client.http.post("/graphql", json=body, headers=accept)
    assert response.status_code == 400
    assert response.json() == {
        "errors": [
            {
                "message": "The query costs 50,002; at most 50,000 are taken: ask for smaller pages.",
                "locations": [{"line": 1, "column": 1}],
                "extensions": {"code": "QUERY_TOO_COMPLEX", "figure": 50002, "limit": 50000},
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("query($n: Int) { backtests(first: $n) { nodes { id } } }", {"n": 4}, 5),
        ("query($n: Int) { backtests(first: $n) { nodes { id } } }", {"n": 10**6}, 10**6 + 1),
        ("{ nothing }", {}, 0),
    ],
)
async def test_the_cost_is_told_when_asked_for(client: Client, query: str, variables: Any, cost: int) -> None:
    body = orjson.dumps({"query": query, "variables": variables})
    headers = {"content-type": "application/json"}
    response = await client.http.post("/graphql", content=body, headers=headers | {"GraphQL-Cost": "1"})
    assert response.json()["extensions"] == {"cost": cost}
    response = await client.http.post("/graphql", content=body, headers=headers)
    assert "extensions" not in response.json()


@pytest.mark.parametrize("first", [-1, 501, 2**31, 1.5, "7", True, [1], {}])
async def test_strange_sizes_of_pages_are_bad_input(client: Client, first: Any) -> None:
    for name in ("first", "last"):
        errors = await client.refuse(f"query($n: Int) {{ backtests({name}: $n) {{ nodes {{ id }} }} }}", n=first)
        assert {error["extensions"]["code"] for error in errors} <= {"BAD_USER_INPUT", "QUERY_TOO_COMPLEX"}


@pytest.mark.parametrize("depth", [30, 190, 400, 900, 1_200])
async def test_deep_nesting_is_a_clear_refusal(client: Client, depth: int) -> None:
    literal = "{and: [" * depth + "{}" + "]}" * depth
    errors = await client.post(f"{{ backtests(filter: {literal}) {{ nodes {{ id }} }} }}")
    assert codes(errors) <= {"QUERY_TOO_COMPLEX", "BAD_USER_INPUT"}
    variables = '{"f":' + '{"and":[' * depth + "{}" + "]}" * depth + "}"
    query = "query($f: BacktestFilter) { backtests(filter: $f) { nodes { id } } }"
    content = f'{{"query": "{query}", "variables": {variables}}}'
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert response.status_code < 500
    assert codes(response.json()) <= {"BAD_USER_INPUT"}


@pytest.mark.parametrize("depth", [100, 190, 900])
async def test_documents_that_nest_deep_are_stored_or_refused(client: Client, depth: int) -> None:
    query = "mutation($d: JSON!) { importBacktest(input: {document: $d}) { errors { code } } }"
    content = f'{{"query": "{query}", "variables": {{"d": {DEEPER * depth}1{"]}" * depth}}}}}'
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert response.status_code < 500
    assert codes(response.json()) <= {"BAD_USER_INPUT"}


def codes(answer: Any) -> set[str]:
    """Return the codes of an answer's errors."""
    return {error.get("extensions", {}).get("code", "BAD_USER_INPUT") for error in answer.get("errors", ())}


async def test_the_same_question_in_thirty_fragments_is_asked_once(client: Client) -> None:
    fragments = " ".join(f"fragment F{index} on Backtest {{ id metrics {{ beta }} }}" for index in range(30))
    spreads = " ".join(f"...F{index}" for index in range(30))
    query = f'{{ backtest(id: "{UNKNOWN}") {{ {spreads} }} }} {fragments}'
    assert await client.ask(query) == {"backtest": None}
