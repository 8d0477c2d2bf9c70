"""GraphQL over HTTP: what is understood, and how what is not is refused."""

import json
from typing import Any

import asyncpg
import pytest
from graphql import GraphQLError
from sqlalchemy import text

from resolvers.store.database import Database
from schema.schema import schema
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
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "", "application/json; charset=utf-16"):
        response = await client.http.post("/graphql", content=b"{}", headers={"content-type": content_type})
        assert (response.status_code, response.headers["accept-post"]) == (415, "application/json")


async def test_an_answer_that_the_client_takes_in_no_form_is_a_406(client: Client) -> None:
    response = await client.http.post("/graphql", json={"query": COUNT}, headers={"accept": "text/html"})
    assert response.status_code == 406
    assert response.json()["errors"][0]["message"] == f"Answers are {NEW} or application/json."


async def test_options_and_head_say_what_is_there(client: Client) -> None:
    response = await client.http.options("/graphql")
    assert (response.status_code, response.headers["allow"]) == (204, "GET, HEAD, POST, OPTIONS")
    response = await client.http.head("/graphql", params={"query": COUNT})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json; charset=utf-8")
    response = await client.http.head("/graphql", params={"query": SAVE})
    assert response.status_code == 405
    for method in ("PUT", "PATCH", "DELETE"):
        response = await client.http.request(method, "/graphql", json={"query": COUNT})
        assert (response.status_code, bool(response.headers["allow"])) == (405, True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'[{"query": "{ __typename }"}]', "A request is one operation: batches of several are not taken."),
        (b'{"query": "{ __typename }", "extensions": []}', "The extensions are an object."),
        (b'{"query": "{ __typename }", "documentId": 5}', "The documentId is a text."),
        (b'{"query": "\\ud800"}', "query holds half of a surrogate pair, which no text can hold."),
        (b'{"query": "{ a }", "variables": {"a": {"b": [1, "\\uDC00"]}}}', "variables.a.b.1 holds half of a surrogate"),
        (b'{"query": "{ a }", "variables": {"a": {"\\ud800": 1}}}', "variables.a holds half of a surrogate pair"),
        (b'{"query": "{ a }", "operationName": "\\ud83d"}', "operationName holds half of a surrogate pair"),
        (b'"\\ud800"', "The body holds half of a surrogate pair"),
        (b'{"query": "\\ud83d\\ude00"', "The body is not JSON: Not JSON: "),
        (b'{"query": "{ a }", "variables": 1e', "The body is not JSON: Not JSON: "),
        ("{}".encode("utf-16"), "The body is not JSON: Not UTF-8 text: "),
    ],
)
async def test_what_is_wrong_with_a_body_is_told(client: Client, content: bytes, message: str) -> None:
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    [error] = response.json()["errors"]
    assert (response.status_code, error["extensions"]) == (400, {"code": "BAD_USER_INPUT"})
    assert error["message"].startswith(message)


@pytest.mark.parametrize(
    "content",
    [
        b'\xef\xbb\xbf{"query": "{ __typename }"}',
        b'{"query": "{", "query": "{ __typename }"}',
        b'{"query": "{ __typename }", "unknown": [1e999, "\\u0000"], "extensions": {"more": 1}}',
        b'{"query": "{ __typename }", "variables": {"more": %s}}' % (b"9" * 10_000),
        b'{"query": "{ __typename }", "variables": null, "operationName": null, "extensions": null}',
        b'{"query": "{ __typename }", "documentId": null}',
        b'{"query": "{ __typename }", "variables": {"more": "\\ud83d\\ude00"}}',
    ],
)
async def test_what_can_be_understood_is_answered(client: Client, content: bytes) -> None:
    response = await client.http.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_an_operation_that_is_not_there_is_an_error_of_graphql(client: Client) -> None:
    body = {"query": COUNT, "operationName": "Missing"}
    for headers, status in (({"accept": NEW}, 400), ({}, 200)):
        response = await client.http.post("/graphql", json=body, headers=headers)
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (status, "BAD_USER_INPUT")


async def test_a_url_holds_variables_and_an_empty_parameter_is_none(client: Client) -> None:
    parameters = {
        "query": "query($n: Int) { backtests(first: $n) { totalCount } }",
        "variables": "",
        "operationName": "",
    }
    assert (await client.http.get("/graphql", params=parameters)).status_code == 200
    for name, wrong in (("variables", "{"), ("variables", "[]"), ("extensions", "5"), ("variables", '"\\ud800"')):
        response = await client.http.get("/graphql", params=parameters | {name: wrong})
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "BAD_USER_INPUT")


@pytest.mark.parametrize("sql", ["convert_from(decode('00', 'hex'), 'UTF8')", """'"\\u0000"'::jsonb"""])
async def test_what_postgresql_takes_for_no_text_is_a_fault_of_the_question(database: Database, sql: str) -> None:
    with pytest.raises(asyncpg.PostgresError) as failure:
        await database.fetch(text(f"SELECT {sql}"))
    error = GraphQLError("masked", original_error=failure.value)
    schema.show([error], None)
    assert error.extensions == {"code": "BAD_USER_INPUT"}
    assert error.message.startswith("A text holds a null character")


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
