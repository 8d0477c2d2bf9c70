"""Connections are few, are used again, and are dropped where nothing can be done with them any more."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import asyncpg
import pytest

from resolvers.store import connections
from resolvers.store.connections import Connection, Connections, Plan


@pytest.fixture
async def two(dsn: str) -> AsyncIterator[Connections]:
    connect: Any = partial(asyncpg.connect, dsn, connection_class=Connection)
    lent = Connections(connect, 2)
    yield lent
    lent.terminate()


async def process_of(connection: Connection) -> Any:
    return await connection.fetchval("SELECT pg_backend_pid()")


async def mode_of(connection: Connection) -> Any:
    return await connection.fetchval("SELECT current_setting('plan_cache_mode')")


async def until_closed(connection: Connection) -> None:
    ended = asyncio.Event()
    connection.add_termination_listener(lambda _: ended.set())
    if not connection.is_closed():  # else nobody would be told any more
        await asyncio.wait_for(ended.wait(), 10)


async def test_one_user_after_the_other_gets_the_same_connection(two: Connections) -> None:
    first = await two.take(Plan.ONCE)
    two.give(first)
    assert await two.take(Plan.ONCE) is first


async def test_a_third_user_waits_for_one_of_two(two: Connections) -> None:
    lent = [await two.take(Plan.ONCE) for _ in range(2)]
    third = asyncio.create_task(two.take(Plan.ONCE))
    await asyncio.sleep(0.05)
    assert not third.done()
    two.give(lent[1])
    assert await third is lent[1]


async def test_a_user_who_gave_up_waiting_takes_no_place(two: Connections) -> None:
    lent = [await two.take(Plan.ONCE) for _ in range(2)]
    third = asyncio.create_task(two.take(Plan.ONCE))
    await asyncio.sleep(0)
    third.cancel()
    await asyncio.gather(third, return_exceptions=True)
    for connection in lent:
        two.give(connection)
    assert {await two.take(Plan.ONCE), await two.take(Plan.ONCE)} == set(lent)


async def test_statements_are_planned_as_asked_whichever_connection_is_left(two: Connections) -> None:
    for _ in range(2):
        for plan in Plan:
            connection = await two.take(plan)
            assert await mode_of(connection) == plan.value
            two.give(connection)
    held = [await two.take(Plan.EACH_TIME) for _ in range(2)]
    assert [await mode_of(each) for each in held] == [Plan.EACH_TIME.value] * 2


async def test_a_lost_connection_is_replaced(two: Connections) -> None:
    first = await two.take(Plan.ONCE)
    other = await two.take(Plan.ONCE)
    lost = await process_of(first)
    two.give(first)
    await other.fetch("SELECT pg_terminate_backend($1)", lost)
    await until_closed(first)
    second = await two.take(Plan.ONCE)
    assert await process_of(second) != lost


async def test_a_connection_left_in_a_transaction_is_not_lent_again(two: Connections) -> None:
    first = await two.take(Plan.ONCE)
    await first.execute("BEGIN")
    two.give(first)
    assert first.is_closed()
    assert await two.take(Plan.ONCE) is not first


async def test_a_failed_start_leaves_its_place_to_others() -> None:
    async def refuse() -> Connection:
        raise OSError("nobody listens")

    none = Connections(refuse, 1)
    for _ in range(3):
        with pytest.raises(OSError, match="nobody listens"):
            await none.take(Plan.ONCE)


async def test_connections_that_are_idle_for_long_are_closed(two: Connections, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "IDLE_SECONDS", 0.05)
    first, second = await two.take(Plan.ONCE), await two.take(Plan.ONCE)
    two.give(first)
    await until_closed(first)
    assert not second.is_closed()
    assert await mode_of(second)


async def test_usage_tells_what_is_open_lent_and_waited_for(two: Connections) -> None:
    first, second = await two.take(Plan.ONCE), await two.take(Plan.ONCE)
    waiting = asyncio.create_task(two.take(Plan.ONCE))
    await asyncio.sleep(0)
    assert two.usage() == (2, 2, 1)
    two.give(first)
    two.give(await waiting)
    assert two.usage() == (2, 1, 0)
    two.give(second)
    assert two.usage() == (2, 0, 0)


async def test_closing_waits_for_the_last_use_and_ends_all(two: Connections) -> None:
    lent = [await two.take(Plan.ONCE) for _ in range(2)]
    two.give(lent[0])
    closing = asyncio.create_task(two.close())
    await asyncio.sleep(0.05)
    assert not lent[1].is_closed()
    assert await process_of(lent[1])
    two.give(lent[1])
    await closing
    assert all(each.is_closed() for each in lent)
    with pytest.raises(asyncpg.InterfaceError, match="closed"):
        await two.take(Plan.ONCE)
