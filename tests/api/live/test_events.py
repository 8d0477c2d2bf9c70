"""Answers as server-sent events, by the protocol graphql-sse with a connection for each operation."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest

from api.live import events
from api.settings import Settings
from resolvers.callers import Scope
from resolvers.saving import now
from resolvers.store.database import Database
from tests.api.access.conftest import bearer, new_token
from tests.api.live.conftest import Serve
from tests.api.live.talking import CHANGED
from tests.client import Client
from tests.operations import RUN, SAVE, save_id

ACCEPT = {"accept": "text/event-stream"}
COMPLETE = ("complete", None)


class Stream:
    """An open stream of events."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.lines = response.aiter_lines()

    async def hear(self, seconds: float = 10) -> tuple[str, Any]:
        """Return the next event and its data, or a comment."""
        found = {"event": "comment", "data": ""}
        async with asyncio.timeout(seconds):
            async for line in self.lines:
                if not line:
                    return found["event"], orjson.loads(found["data"]) if found["data"] else None
                name, _, value = line.partition(":")
                found[name] = value.strip()
        raise EOFError


@asynccontextmanager
async def opened(
    url: str, method: str = "POST", more_headers: dict[str, str] | None = None, **request: Any
) -> AsyncIterator[Stream]:
    async with (
        httpx.AsyncClient(base_url=url, timeout=20) as http,
        http.stream(method, "/graphql", headers=ACCEPT | (more_headers or {}), **request) as response,
    ):
        yield Stream(response)


async def test_a_subscription_tells_what_is_saved_until_the_client_leaves(url: str, database: Database) -> None:
    async with opened(url, json={"query": CHANGED, "variables": {"filter": {"symbol": {"eq": "GOOG"}}}}) as stream:
        assert stream.response.status_code == 200
        assert stream.response.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert "content-encoding" not in stream.response.headers
        async with httpx.AsyncClient(base_url=url) as http:
            id = await save_id(Client(http))
            await save_id(Client(http), symbol="OTHER")
        told = {"kind": "SAVED", "id": id, "backtest": {"symbol": "GOOG"}}
        assert await stream.hear() == ("next", {"data": {"backtestChanged": told}})


async def test_a_browser_may_subscribe_by_its_event_source_but_not_change_anything(url: str) -> None:
    async with opened(url, "GET", params={"query": CHANGED}) as stream:
        async with httpx.AsyncClient(base_url=url) as http:
            id = await save_id(Client(http))
        event, data = await stream.hear()
        assert (event, data["data"]["backtestChanged"]["id"]) == ("next", id)
    query = "mutation { deleteBacktest(input: {id: 1}) { deletedId } }"
    async with opened(url, "GET", params={"query": query}) as stream:
        assert (stream.response.status_code, stream.response.headers["allow"]) == (405, "POST")


async def test_queries_and_mutations_are_answered_once(url: str) -> None:
    for request in ({"query": "{ __typename }"}, {"query": SAVE, "variables": {"input": RUN}}):
        async with opened(url, json=request) as stream:
            event, answer = await stream.hear()
            assert (event, list(answer)) == ("next", ["data"])
            assert await stream.hear() == COMPLETE
            with pytest.raises(EOFError):
                await stream.hear()


@pytest.mark.parametrize(
    "request_",
    [
        {"query": "{"},
        {"query": "{ nothing }"},
        {"query": "{ __typename }", "operationName": "Other"},
        {"query": "subscription { nothing }"},
        {"query": 'subscription { backtestChanged(filter: {id: {eq: "x"}}) { id } }'},
        {"query": "subscription($f: Int!) { backtestChanged(filter: $f) { id } }"},
    ],
)
async def test_what_cannot_be_executed_is_told_by_an_event(url: str, request_: Any) -> None:
    async with opened(url, json=request_) as stream:
        assert stream.response.status_code == 200
        event, answer = await stream.hear()
        assert event == "next"
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
        assert await stream.hear() == COMPLETE


async def test_what_is_no_request_is_refused_as_ever(url: str) -> None:
    async with opened(url, content=b"null") as stream:
        assert stream.response.status_code == 415
    async with opened(url, json={"query": 1}) as stream:
        assert stream.response.status_code == 400


async def test_a_pause_is_filled_with_comments(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "PAUSE_SECONDS", 0.05)
    async with opened(url, json={"query": CHANGED}) as stream:
        assert [await stream.hear(), await stream.hear()] == [("comment", None)] * 2


async def test_who_takes_json_too_is_answered_in_json(url: str) -> None:
    accept = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed"
    async with httpx.AsyncClient(base_url=url) as http:
        answer = await http.post("/graphql", json={"query": "{ __typename }"}, headers={"accept": accept})
    assert answer.headers["content-type"].startswith("application/graphql-response+json")


async def test_a_stream_is_cut_off_without_an_end_when_the_service_stops(serve: Serve, settings: Settings) -> None:
    async with serve(settings) as url:
        stopping = opened(url, json={"query": CHANGED})
        stream = await stopping.__aenter__()
        start = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - start < 3
    with pytest.raises((EOFError, httpx.RemoteProtocolError)):
        await stream.hear()
    await stopping.__aexit__(None, None, None)


async def test_who_is_nobody_is_refused_and_who_is_no_more_is_told(
    serve: Serve, settings: Settings, shared_database: Database
) -> None:
    token = await new_token(shared_database, Scope.READ, expires_at=now() + 1_000_000)
    async with serve(replace(settings, authentication=True)) as url:
        async with opened(url, json={"query": CHANGED}) as stream:
            assert stream.response.status_code == 401
        async with opened(url, more_headers=bearer(token), json={"query": CHANGED}) as stream:
            event, answer = await stream.hear()
            assert (event, answer["errors"][0]["extensions"]["code"]) == ("next", "UNAUTHENTICATED")
            assert await stream.hear() == COMPLETE
