"""Every request has an id and is told of when it is finished, and what nobody expected is masked."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from api.app import create_app
from api.observation.observing import observed
from api.operations import READING, Operation, execute
from api.settings import Settings
from resolvers.callers import ANYBODY
from resolvers.store.database import Database
from schema.context import Context
from tests.api.observation.requests_log import lines_of
from tests.client import Client
from tests.operations import RUN

COUNT = "query HowMany { backtests { totalCount } }"

HOST = (b"host", b"127.0.0.1")


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "backtest_graph")


def http_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", timeout=60)


async def test_a_request_is_told_with_its_operation_and_without_values(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    query = (
        'query One($id: ID!) { backtest(id: $id) { id } backtests(filter: {symbol: {eq: "SECRET"}}) { totalCount } }'
    )
    await client.ask(query, id="0190c42e-4a80-7cc3-8f7e-7d2a8f1c3b5a")
    [line] = lines_of(caplog)
    assert line["duration_ms"] > line["database_ms"] > 0
    assert line["bytes_out"] > 20
    assert len(line["request_id"]) == len(line["document"]) == 16
    del line["duration_ms"], line["database_ms"], line["bytes_out"], line["request_id"], line["document"]
    assert line == {
        "level": "INFO",
        "message": "request",
        "transport": "http",
        "method": "POST",
        "path": "/graphql",
        "status": 200,
        "operation_type": "query",
        "operation_name": "One",
        "cost": line["cost"],
        "statements": 2,
        "user": ANYBODY.name,
        "outcome": "ok",
        "codes": [],
        "client_gone": False,
    }
    assert not any(word in caplog.text for word in ("SECRET", "0190c42e"))


async def test_statements_of_a_save_are_counted_and_not_those_of_others(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    inputs = [RUN | {"id": f"0190c42e-4a80-7cc3-8f7e-7d2a8f1c3b5{digit}"} for digit in "ab"]
    many = "mutation($inputs: [SaveBacktestInput!]!) { saveBacktests(inputs: $inputs) { createdCount } }"
    await asyncio.gather(client.ask(many, inputs=inputs), *(client.ask(COUNT) for _ in range(5)))
    lines = lines_of(caplog)
    assert [line["statements"] for line in lines if line["operation_type"] == "query"] == [1] * 5
    [save] = [line for line in lines if line["operation_type"] == "mutation"]
    assert save["statements"] >= 2
    assert save["database_ms"] > 0


async def test_an_id_that_is_well_formed_is_kept_and_any_other_is_replaced(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    for given, is_kept in (("req-1/a", True), ("x" * 128, True), ("x" * 129, False), ("a b", False), ("", False)):
        answer = await client.http.get("/health", headers={"x-request-id": given})
        assert (answer.headers["x-request-id"] == given) is is_kept, given
    answer = await client.http.post("/graphql", json={"query": COUNT}, headers={"x-request-id": "mine"})
    assert answer.headers["x-request-id"] == "mine"
    assert [line["request_id"] for line in lines_of(caplog)] == ["mine"]


async def test_ids_of_our_own_differ(client: Client) -> None:
    ids = {(await client.http.get("/health")).headers["x-request-id"] for _ in range(50)}
    assert len(ids) == 50


@pytest.mark.parametrize(
    ("body", "outcome", "codes"),
    [
        ({"query": "{ nothing }"}, "refused", ["BAD_USER_INPUT"]),
        ({"query": "{ backtests("}, "refused", ["BAD_USER_INPUT"]),
        ({"query": COUNT, "operationName": "Other"}, "refused", ["BAD_USER_INPUT"]),
        ({"query": '{ backtests(after: "x") { totalCount } }'}, "refused", ["BAD_CURSOR"]),
        ({"query": 1}, "refused", []),
    ],
)
async def test_refusals_are_told_with_their_codes(
    client: Client, caplog: pytest.LogCaptureFixture, body: Any, outcome: str, codes: list[str]
) -> None:
    await client.http.post("/graphql", json=body)
    [line] = lines_of(caplog)
    assert (line["outcome"], line["codes"]) == (outcome, codes)


async def test_a_masked_error_names_the_request_under_which_the_log_has_more(
    dsn: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    bare = await Database.connect(dsn.replace("/backtest_graph?", "/postgres?"))  # without our tables
    async with http_of(create_app(bare, settings)) as http:
        answer = await http.post("/graphql", json={"query": COUNT}, headers={"x-request-id": "mine"})
    await bare.close()
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": "mine"}
    assert "does not exist" not in answer.text
    assert "in request mine" in caplog.text
    assert [line["outcome"] for line in lines_of(caplog)] == ["error"]


async def test_an_error_outside_of_graphql_is_masked_and_logged_with_its_trace(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(_: Request) -> Response:
        raise RuntimeError("the secret of the house")

    app = create_app(database, settings)
    app.router.routes.append(Route("/broken", broken))
    async with http_of(app) as http:
        answer = await http.get("/broken")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/json")
    [error] = answer.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL", "requestId": answer.headers["x-request-id"]}
    assert "secret" not in answer.text
    assert "the secret of the house" in caplog.text
    assert [(line["status"], line["outcome"]) for line in lines_of(caplog)] == [(500, "error")]


async def test_polls_are_told_at_debug_only(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/health", "/ready", "/metrics"):
        assert (await client.http.get(path)).status_code == 200
    assert lines_of(caplog) == []
    caplog.set_level(logging.DEBUG, "backtest_graph.requests")
    await client.http.get("/health")
    assert [line["path"] for line in lines_of(caplog)] == ["/health"]


async def test_a_client_that_is_gone_is_told(
    database: Database, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async def events(_: Request) -> Response:
        return Streaming()

    app = create_app(database, settings)
    app.router.routes.append(Route("/events", events))
    scope = {"type": "http", "method": "GET", "path": "/events", "headers": [HOST], "query_string": b""}
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    await app(scope, receive, send)
    [line] = lines_of(caplog)
    assert (line["client_gone"], line["transport"], line["status"]) == (True, "sse", 200)


class Streaming(Response):
    media_type = "text/event-stream"

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b":\n\n", "more_body": True})
        await receive()


def socket_app(settings: Settings) -> Starlette:
    app = create_app(Database.__new__(Database), settings)

    async def answer(socket: WebSocket) -> None:
        await socket.accept()
        async for name in socket.iter_text():
            if name == "fail":
                raise RuntimeError("nobody expected this")
            operation = Operation(f"query {name} {{ __typename }}", None, None)
            work = execute(app.state.service, operation, caller=ANYBODY, allowed=READING)
            result = await asyncio.create_task(work)
            await socket.send_json(result.data)

    app.router.routes.append(WebSocketRoute("/socket", answer))
    return app


async def talk(app: Starlette, *texts: str) -> list[Any]:
    """Send texts over a WebSocket, close it, and return what came back."""
    messages = iter(
        [
            {"type": "websocket.connect"},
            *({"type": "websocket.receive", "text": text} for text in texts),
            {"type": "websocket.disconnect", "code": 1000},
        ]
    )
    sent: list[Any] = []

    async def receive() -> Any:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [HOST, (b"x-request-id", b"mine")]
    await app({"type": "websocket", "path": "/socket", "headers": headers, "query_string": b""}, receive, send)
    return sent


async def test_operations_of_a_socket_are_told_one_by_one_and_then_the_connection(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    accepted, *answers = await talk(socket_app(settings), "One", "Two")
    assert (b"x-request-id", b"mine") in accepted["headers"]
    assert len(answers) == 2
    lines = lines_of(caplog)
    told = [(line["message"], line["operation_name"], line["transport"], line["request_id"]) for line in lines]
    assert told == [
        ("operation", "One", "ws", "mine"),
        ("operation", "Two", "ws", "mine"),
        ("connection", None, "ws", "mine"),
    ]
    assert (lines[2]["status"], lines[2]["outcome"]) == (1000, "ok")


async def test_an_unexpected_error_closes_a_socket(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    sent = await talk(socket_app(settings), "fail")
    assert sent[-1] == {"type": "websocket.close", "code": 1011}
    assert "nobody expected this" in caplog.text


async def test_what_an_operation_raises_is_told_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    context = Context(Database.__new__(Database))
    with pytest.raises(ValueError, match="no"), observed(Operation("{ a }", None, None), context):
        raise ValueError("no")
    assert len(context.request_id) > 8
