"""GraphQL over HTTP: what is understood, and how what is not is refused."""

import json
from typing import Any

import pytest

from tests.client import Client
from tests.operations import RUN, SAVE

NEW = "application/graphql-response+json"
COUNT = "{ backtests { totalCount } }"


async def test_a_post_of_json_is_answered(client: Client) -> None:
    response = await client.http.post("/graphql", json={"query": COUNT})
    assert (response.status_code, response.json()) == (200, {"data": {"backtests": {"totalCount": 0}}})
    assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_the_operation_is_chosen_by_its_name(client: Client) -> None:
    query = "query A { backtests { totalCount } } query B($n: Int) { backtests(first: $n) { nodes { id } } }"
    body = {"query": query, "operationName": "B", "variables": {"n": 1}}
    assert (await client.http.post("/graphql", json=body)).json() == {"data": {"backtests": {"nodes": []}}}
    for name in (None, "C"):
        response = await client.http.post("/graphql", json=body | {"operationName": name}, headers={"accept": NEW})
        assert response.status_code == 400
        assert response.json()["errors"]


async def test_a_get_asks_and_never_changes(client: Client) -> None:
    response = await client.http.get(
        "/graphql", params={"query": "query($n: Int) { backtests(first: $n) { totalCount } }", "variables": '{"n": 1}'}
    )
    assert response.json() == {"data": {"backtests": {"totalCount": 0}}}
    variables = json.dumps({"input": RUN})
    response = await client.http.get("/graphql", params={"query": SAVE, "variables": variables})
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"42",
        b'"x"',
        b"[]",
        b"{",
        b"{}",
        b'{"query": null}',
        b'{"query": 5}',
        b'{"query": ""}',
        b'{"query": "{ __typename }", "variables": []}',
        b'{"query": "{ __typename }", "operationName": 5}',
        b'{"query": "\\ud800"}',
        b"\xff\xfe{}",
        b"[" * 100_000,
    ],
)
async def test_a_body_that_is_no_request_is_a_400_with_an_error(client: Client, content: bytes) -> None:
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"]


async def test_a_number_beyond_all_bounds_is_infinite_and_no_failure(client: Client) -> None:
    variables = (
        b'{"input": {"symbol": "A", "strategy": "x", "startDate": "2024-01-01", "endDate": "2024-01-01",'
        b' "metrics": {"beta": %s}}}'
    )
    content = b'{"query": "%s", "variables": %s}' % (SAVE.encode(), variables % (b"9" * 5000))
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    [warning] = response.json()["data"]["saveBacktest"]["warnings"]
    assert warning["code"] == "NON_FINITE"


async def test_another_content_type_is_a_415(client: Client) -> None:
    for content_type in ("text/plain", "application/x-www-form-urlencoded", ""):
        response = await client.http.post("/graphql", content=b"{}", headers={"content-type": content_type})
        assert response.status_code == 415


@pytest.mark.parametrize(
    "query", ["{", "{ nothing }", "{ backtests { nodes } }", "query($a: Nothing) { __typename }", "# only a comment"]
)
async def test_a_wrong_document_is_a_graphql_error(client: Client, query: str) -> None:
    answer = await client.http.post("/graphql", json={"query": query})
    assert (answer.status_code, "data" in answer.json()) == (200, False)
    answer = await client.http.post("/graphql", json={"query": query}, headers={"accept": NEW})
    assert (answer.status_code, "data" in answer.json()) == (400, False)
    assert answer.headers["content-type"].startswith(NEW)


async def test_an_unknown_field_is_graphqls_own_error_with_a_suggestion(client: Client) -> None:
    [error] = await client.refuse('{ backtest(id: "x") { symbl } }')
    assert "Cannot query field 'symbl' on type 'Backtest'. Did you mean 'symbol'?" in error["message"]


async def test_a_browser_gets_a_page(client: Client) -> None:
    response = await client.http.get("/graphql", headers={"accept": "text/html,*/*"})
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "backtest-graph" in response.text
    assert (await client.http.get("/")).headers["location"] == "/graphql"


async def test_health_and_readiness_are_told(client: Client) -> None:
    assert (await client.http.get("/health")).json() == {"status": "ok"}
    assert (await client.http.get("/ready")).json() == {"status": "ready"}


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    1e308,
    "",
    "x",
    "\x00",
    "é" * 5000,
    [],
    [[]],
    {},
    {"a": {"b": [None]}},
]


@pytest.mark.parametrize(
    "field",
    [
        "id",
        "symbol",
        "startDate",
        "initialCapital",
        "parameters",
        "metrics",
        "equityCurve",
        "trades",
        "status",
        "tags",
        "createdAt",
    ],
)
async def test_no_value_of_any_field_makes_the_service_fail(client: Client, field: str) -> None:
    for value in VALUES:
        answer = await client.post(SAVE, input=RUN | {field: value})
        codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
        assert set(codes) <= {"BAD_USER_INPUT"}, (value, answer)
