"""Clients that leave before their answer, and questions that take too long."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest

from api.http import presence
from api.settings import Settings
from resolvers.store.database import Database
from resolvers.store.time_limits import TimeLimits
from tests.api.http.serving import Connection, post, serving
from tests.operations import RUN, SAVE

QUESTION = orjson.dumps({"query": "{ backtests { nodes { id } } }"})
CHANGE = orjson.dumps({"query": SAVE, "variables": {"input": RUN}})


@asynccontextmanager
async def locked(
    dsn: str, mode: str = "ACCESS EXCLUSIVE", table: str = "backtests"
) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Let nobody read or write a table meanwhile, and give what waits until so many statements wait for that."""
    connection = await asyncpg.connect(dsn)
    asked = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'backtest-graph'"
    )

    async def wait(count: int) -> None:
        async with asyncio.timeout(10):
            while await connection.fetchval(asked) != count:
                await connection.execute("SELECT pg_stat_clear_snapshot()")

    try:
        async with connection.transaction():
            await connection.execute(f"LOCK TABLE {table} IN {mode} MODE")
            yield wait
    finally:
        await connection.close()


@pytest.fixture
async def narrow(dsn: str, database: Database) -> AsyncIterator[Database]:
    """A database with three connections."""
    narrow = await Database.connect(dsn, connections=3)
    yield narrow
    await narrow.close()


async def count_runs(port: int) -> object:
    async with httpx.AsyncClient() as http:
        answer = await http.post(f"http://127.0.0.1:{port}/graphql", json={"query": "{ backtests { totalCount } }"})
        return answer.json()["data"]["backtests"]["totalCount"]


async def test_twenty_questions_whose_askers_left_are_stopped_and_hold_no_connection(
    dsn: str, narrow: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PATIENCE_SECONDS", 0.05)
    async with serving(narrow, settings) as port:
        async with locked(dsn) as waiting:
            clients = [await Connection.open(port) for _ in range(20)]
            for client in clients:
                await client.send(post(QUESTION))
            await waiting(3)
            for client in clients:
                await client.leave()
            await waiting(0)
        async with asyncio.timeout(10), narrow.transaction(), narrow.transaction():
            assert await count_runs(port) == 0


async def test_what_is_loaded_for_several_objects_at_once_is_stopped_too(
    dsn: str, narrow: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PATIENCE_SECONDS", 0.05)
    nodes = " ".join(f'a{place}: node(id: "{uuid4()}") {{ id }}' for place in range(3))
    async with serving(narrow, settings) as port, locked(dsn) as waiting:
        asker = await Connection.open(port)
        await asker.send(post(orjson.dumps({"query": f"{{ {nodes} }}"})))
        await waiting(1)
        await asker.leave()
        await waiting(0)


async def test_a_change_whose_asker_left_is_made_to_its_end(
    dsn: str, narrow: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PATIENCE_SECONDS", 0.01)
    async with serving(narrow, settings) as port:
        async with locked(dsn) as waiting:
            client = await Connection.open(port)
            await client.send(post(CHANGE))
            await waiting(1)
            await client.leave()
            await asyncio.sleep(0.1)
            await waiting(1)
        async with asyncio.timeout(10):
            while await count_runs(port) != 1:
                pass


async def test_a_client_that_waits_gets_its_answer_however_long_it_takes(
    dsn: str, narrow: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "PATIENCE_SECONDS", 0.01)
    async with serving(narrow, settings) as port:
        client = await Connection.open(port)
        async with locked(dsn) as waiting:
            await client.send(post(QUESTION))
            await waiting(1)
            await asyncio.sleep(0.1)
        assert (await client.reader.readuntil(b"]}}}")).startswith(b"HTTP/1.1 200 ")
        await client.leave()


@pytest.mark.parametrize(("body", "message"), [(QUESTION, "longer than 0.2 s to answer"), (CHANGE, "for the change")])
async def test_what_takes_too_long_is_told_by_a_code_and_the_limit(
    dsn: str, database: Database, settings: Settings, body: bytes, message: str
) -> None:
    limited = await Database.connect(dsn, limits=TimeLimits(read=0.2, save=0.2, wait=0.2))
    async with serving(limited, settings) as port:
        # Reading goes on where only writing is locked.
        mode = "EXCLUSIVE" if body is CHANGE else "ACCESS EXCLUSIVE"
        async with locked(dsn, mode), httpx.AsyncClient() as http:
            headers = {"content-type": "application/json", "accept": "application/graphql-response+json"}
            response = await http.post(f"http://127.0.0.1:{port}/graphql", content=body, headers=headers)
        [error] = response.json()["errors"]
        assert (response.status_code, error["extensions"]["code"]) == (200, "TIMEOUT")
        assert message in error["message"]
    await limited.close()


async def test_a_question_that_gets_no_connection_is_unavailable(
    dsn: str, settings: Settings, database: Database
) -> None:
    limited = await Database.connect(dsn, connections=1, limits=TimeLimits(wait=0.1))
    async with serving(limited, settings) as port, limited.transaction(), httpx.AsyncClient() as http:
        headers = {"content-type": "application/json"}
        response = await http.post(f"http://127.0.0.1:{port}/graphql", content=QUESTION, headers=headers)
        [error] = response.json()["errors"]
        assert error["extensions"]["code"] == "UNAVAILABLE"
        assert error["message"] == "All 1 connections to the database were busy for 0.1 s."
    await limited.close()
