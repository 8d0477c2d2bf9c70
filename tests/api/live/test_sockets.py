"""Sockets: the protocol graphql-transport-ws, message by message, and how a socket is closed."""

import asyncio
from dataclasses import replace
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from api.settings import Settings
from resolvers.callers import Scope
from resolvers.saving import now
from resolvers.store.database import Database
from tests.api.access.conftest import new_token
from tests.api.live.conftest import Serve
from tests.api.live.talking import CHANGED, PROTOCOL, Talk, talk
from tests.client import Client
from tests.operations import RUN, SAVE

INIT = {"type": "connection_init"}
ACK = {"type": "connection_ack"}
COUNT = "{ backtests { totalCount } }"
DELETE = "mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId } }"


def ask(id: Any = "1", **payload: Any) -> dict[str, Any]:
    return {"type": "subscribe", "id": id, "payload": payload}


MALFORMED: list[Any] = [
    "",
    "null",
    "42",
    '"x"',
    "[]",
    "{}",
    "{",
    "\ud800".encode("utf-8", "surrogatepass"),
    b"\x00\xff",
    b'{"type": "ping"}',
    '{"type": "ping", "payload": "\\ud800"}',
    "[" * 100_000,
    {"type": None},
    {"type": 1},
    {"type": ["ping"]},
    {"type": "start", "id": "1", "payload": {"query": COUNT}},
    {"type": "connection_ack"},
    {"type": "next", "id": "1", "payload": {"data": None}},
    {"type": "error", "id": "1", "payload": []},
    {"type": "PING"},
    {"type": "x" * 1000},
    {"type": "connection_init", "payload": "secret"},
    {"type": "ping", "payload": 1},
    {"type": "pong", "payload": []},
    {"type": "subscribe"},
    {"type": "subscribe", "id": "1"},
    {"type": "subscribe", "payload": {"query": COUNT}},
    {"type": "complete"},
    {"type": "complete", "id": 1},
    {"type": "complete", "id": ""},
    ask("", query=COUNT),
    ask(1, query=COUNT),
    ask(None, query=COUNT),
    ask(),
    ask(query=None),
    ask(query={"text": COUNT}),
    ask(query=COUNT, variables=[]),
    ask(query=COUNT, variables="{}"),
    ask(query=COUNT, operationName=1),
    ask(query=COUNT, extensions="x"),
]


@pytest.mark.parametrize("message", MALFORMED, ids=lambda message: repr(message)[:50])
async def test_what_is_no_message_closes_the_socket_with_a_reason(url: str, message: Any) -> None:
    async with talk(url, begin=True) as talking:
        await talking.say(message)
        code, reason = await talking.until_closed()
        assert code == 4400
        assert 0 < len(reason.encode()) <= 123


@pytest.mark.parametrize("message", [ask(query=COUNT), ask(query="{")])
async def test_nothing_is_executed_before_the_introduction(url: str, message: Any) -> None:
    async with talk(url) as talking:
        await talking.say(message)
        assert await talking.until_closed() == (4401, "Unauthorized")


async def test_a_second_introduction_closes_the_socket(url: str) -> None:
    async with talk(url) as talking:
        await talking.say(INIT, INIT)
        assert await talking.hear() == ACK
        assert await talking.until_closed() == (4429, "Too many initialisation requests")


async def test_a_silent_socket_is_closed_and_one_that_only_pings_too(serve: Serve, settings: Settings) -> None:
    async with serve(replace(settings, socket_init_seconds=0.2)) as url, talk(url) as silent, talk(url) as pinging:
        await pinging.say({"type": "ping"})
        assert await pinging.hear() == {"type": "pong"}
        for each in (silent, pinging):
            assert await each.until_closed() == (4408, "Connection initialisation timeout")
        async with talk(url, begin=True) as talking:
            await asyncio.sleep(0.4)
            await talking.say(ask(query=COUNT))
            assert (await talking.hear())["type"] == "next"


@pytest.mark.parametrize("protocols", [("graphql-ws",), ("subscriptions-transport-ws", "soap")])
async def test_other_protocols_are_refused(url: str, protocols: tuple[str, ...]) -> None:
    address = url.replace("http", "ws") + "/graphql"
    async with connect(address, subprotocols=[Subprotocol(each) for each in protocols], proxy=None) as socket:
        assert socket.subprotocol is None
        assert await Talk(socket).until_closed() == (4406, "Subprotocol not acceptable")


async def test_no_protocol_is_refused_and_ours_is_found_among_others(url: str) -> None:
    async with connect(url.replace("http", "ws") + "/graphql", proxy=None) as socket:
        assert await Talk(socket).until_closed() == (4406, "Subprotocol not acceptable")
    async with talk(url, "graphql-ws", PROTOCOL) as talking:
        assert talking.socket.subprotocol == PROTOCOL
        await talking.begin()


async def test_there_are_no_sockets_elsewhere(url: str) -> None:
    with pytest.raises(InvalidStatus):
        async with connect(url.replace("http", "ws") + "/health", proxy=None):
            raise AssertionError


async def test_pings_are_answered_with_what_they_carry_and_pongs_are_taken(url: str) -> None:
    async with talk(url) as talking:
        await talking.say({"type": "pong"}, {"type": "ping", "payload": {"a": [1]}})
        assert await talking.hear() == {"type": "pong", "payload": {"a": [1]}}
        await talking.say(INIT, {"type": "pong", "payload": {"b": 2}}, {"type": "ping"})
        assert [await talking.hear(), await talking.hear()] == [ACK, {"type": "pong"}]


async def test_queries_and_mutations_are_answered_once_and_their_ids_are_free_again(
    url: str, database: Database
) -> None:
    async with talk(url, begin=True) as talking:
        for _ in range(2):
            await talking.say(
                ask(query="query A { __typename } query B { backtests { totalCount } }", operationName="B")
            )
            assert await talking.hear() == {
                "type": "next",
                "id": "1",
                "payload": {"data": {"backtests": {"totalCount": 0}}},
            }
            assert await talking.hear() == {"type": "complete", "id": "1"}
        await talking.say(ask("é", query=SAVE, variables={"input": RUN}))
        assert (await talking.hear())["payload"]["data"]["saveBacktest"]["created"] is True
        assert await talking.hear() == {"type": "complete", "id": "é"}


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"query": "{"}, "Syntax Error"),
        ({"query": ""}, ""),
        ({"query": "{ nothing }"}, "Cannot query field 'nothing'"),
        ({"query": "subscription { nothing }"}, "Cannot query field 'nothing'"),
        ({"query": "query A { __typename } query B { __typename }"}, ""),
        ({"query": COUNT, "operationName": "Other"}, "Unknown operation"),
        ({"query": "subscription($id: ID!) { backtestChanged(filter: {id: {eq: $id}}) { id } }"}, "'$id'"),
        ({"query": 'subscription { backtestChanged(filter: {id: {eq: "x"}}) { id } }'}, "'x' is not an id"),
        ({"query": "subscription { a: backtestChanged { id } b: backtestChanged { id } }"}, "only one"),
    ],
)
async def test_what_cannot_be_executed_is_an_error_and_the_socket_stays(
    url: str, payload: dict[str, Any], message: str
) -> None:
    async with talk(url, begin=True) as talking:
        await talking.say(ask("7", **payload))
        heard = await talking.hear()
        assert (heard["type"], heard["id"]) == ("error", "7")
        assert heard["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert message in heard["payload"][0]["message"]
        await talking.say(ask("7", query=COUNT))
        assert (await talking.hear())["type"] == "next"


async def test_an_id_that_is_in_use_closes_the_socket_and_one_that_was_completed_does_not(url: str) -> None:
    async with talk(url, begin=True) as talking:
        await talking.listen("1")
        await talking.say({"type": "complete", "id": "1"}, {"type": "complete", "id": "unknown"})
        await talking.listen("1")
        await talking.subscribe("1")
        assert await talking.until_closed() == (4409, "Subscriber for 1 already exists")
    async with talk(url, begin=True) as talking:
        long = "é" * 500
        await talking.listen(long)
        await talking.subscribe(long)
        code, reason = await talking.until_closed()
        assert code == 4409
        assert len(reason.encode()) <= 123


async def test_a_completed_subscription_tells_nothing_more(url: str) -> None:
    async with talk(url, begin=True) as talking, httpx.AsyncClient(base_url=url) as http:
        await talking.listen("1")
        await talking.listen("2")
        await talking.say({"type": "complete", "id": "1"})
        await Client(http).ask(SAVE, input=RUN)
        assert (await talking.hear())["id"] == "2"
        await talking.say(ask("3", query=COUNT))
        assert (await talking.hear())["id"] == "3"


async def test_a_run_is_told_as_it_is_saved_and_deleted(url: str) -> None:
    async with talk(url, begin=True) as talking, httpx.AsyncClient(base_url=url) as http:
        await talking.listen(filter={"symbol": {"eq": "GOOG"}})
        id = (await Client(http).ask(SAVE, input=RUN))["saveBacktest"]["backtest"]["id"]
        told = (await talking.hear())["payload"]["data"]["backtestChanged"]
        assert told == {"kind": "SAVED", "id": id, "backtest": {"symbol": "GOOG"}}
        await Client(http).ask(DELETE, id=id)
        told = (await talking.hear())["payload"]["data"]["backtestChanged"]
        assert told == {"kind": "DELETED", "id": id, "backtest": None}


async def test_operations_and_sockets_have_their_limits(serve: Serve, settings: Settings) -> None:
    few = replace(settings, most_socket_operations=2, most_listeners=1)
    async with serve(few) as url, talk(url, begin=True) as talking:
        for id in ("1", "2", "3"):
            await talking.subscribe(id)
        heard = await talking.hear()
        assert (heard["type"], heard["id"]) == ("error", "3")
        assert "At most 2" in heard["payload"][0]["message"]
        await talking.say({"type": "complete", "id": "1"}, ask("4", query=COUNT))
        assert (await talking.hear())["id"] == "4"
        async with talk(url) as other:
            assert await other.until_closed() == (1013, "Too many sockets are open: try again later")
        async with httpx.AsyncClient(base_url=url) as http:
            answer = await http.post("/graphql", json={"query": CHANGED}, headers={"accept": "text/event-stream"})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")


async def test_a_message_beyond_the_limit_closes_the_socket(serve: Serve, settings: Settings) -> None:
    async with serve(replace(settings, most_body_megabytes=1)) as url, talk(url, begin=True) as talking:
        await talking.say(ask(query=COUNT, variables={"x": "x" * 2**20}))
        code, _ = await talking.until_closed()
        assert code == 1009


async def test_sockets_are_closed_in_order_when_the_service_stops(serve: Serve, settings: Settings) -> None:
    async with serve(settings) as url:
        opened = [talk(url, begin=True) for _ in range(3)]
        talks = [await each.__aenter__() for each in opened]
        await talks[0].listen()
        start = asyncio.get_running_loop().time()
    assert [await each.until_closed() for each in talks] == [(1001, "The service stops")] * 3
    assert asyncio.get_running_loop().time() - start < 3
    for each in opened:
        await each.__aexit__(None, None, None)


async def test_who_is_nobody_is_sent_away_at_once_and_who_is_no_more_when_the_token_expires(
    serve: Serve, settings: Settings, shared_database: Database
) -> None:
    token = await new_token(shared_database, Scope.READ, expires_at=now() + 1_500_000)
    async with serve(replace(settings, authentication=True)) as url:
        for payload in ({}, {"payload": {"token": "b"}}, {"payload": {"authorization": 1}}):
            async with talk(url) as talking:
                await talking.say(INIT | payload)
                assert await talking.until_closed() == (4403, "Forbidden")
        async with talk(url) as talking:
            await talking.say(INIT | {"payload": {"token": token}})
            assert await talking.hear() == ACK
            await talking.listen()
            await talking.say(ask("2", query=SAVE, variables={"input": RUN}))
            refused = await talking.hear()
            assert (refused["type"], refused["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")
            assert await talking.until_closed() == (4403, "Forbidden")
