"""A database that takes too long, or hangs, holds nobody up for long."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager

import asyncpg
import pytest
from sqlalchemy import text

from resolvers.store import connections, database, time_limits
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Unavailable
from resolvers.store.time_limits import Overdue, TimeLimits
from tests.resolvers.store.servers import embedded, passable_folder, processes_in

SLEEP = text("SELECT pg_sleep(30)")
SHORT = TimeLimits(read=0.2, save=0.6, wait=0.3)


@pytest.fixture
async def limited(dsn: str) -> AsyncIterator[Database]:
    """A database with two connections and short limits."""
    limited = await Database.connect(dsn, connections=2, limits=SHORT)
    yield limited
    await limited.close()


async def setting(transaction: database.Transaction, name: str) -> str:
    [row] = await transaction.fetch(text(f"SELECT current_setting('{name}')"))
    return str(row[0])


async def count_sleeping(shared: Database) -> int:
    asked = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
    [row] = await shared.fetch(text(asked))
    return int(row[0])


async def until_sleeping(shared: Database, count: int) -> None:
    async with asyncio.timeout(10):
        while await count_sleeping(shared) != count:
            pass


async def change(limited: Database, *statements: str) -> None:
    async with limited.transaction() as transaction:
        for statement in statements:
            await transaction.fetch(text(statement))


async def test_a_question_that_takes_too_long_is_stopped_and_its_connection_used_again(
    limited: Database, shared_database: Database
) -> None:
    before = await limited.fetch(text("SELECT pg_backend_pid()"), plan=Plan.ONCE)
    with pytest.raises(Overdue, match=r"longer than 0\.2 s"):
        await limited.fetch(SLEEP, plan=Plan.ONCE)
    assert await count_sleeping(shared_database) == 0
    assert await limited.fetch(text("SELECT pg_backend_pid()"), plan=Plan.ONCE) == before


async def test_a_change_has_a_limit_of_its_own_and_leaves_nothing_beyond_it(limited: Database) -> None:
    async with limited.transaction() as transaction:
        await transaction.fetch(text("SELECT pg_sleep(0.3)"))
        assert await setting(transaction, "statement_timeout") == "600ms"
        assert await setting(transaction, "idle_in_transaction_session_timeout") == "600ms"
    with pytest.raises(Overdue, match=r"longer than 0\.6 s for the change: nothing of it is stored"):
        await change(limited, "CREATE TABLE too_slow (a int)", "SELECT pg_sleep(30)")
    [row] = await limited.fetch(text("SELECT to_regclass('too_slow'), current_setting('statement_timeout')"))
    assert tuple(row) == (None, "200ms")


async def test_what_somebody_stops_is_told_where_there_is_no_limit(shared_database: Database, dsn: str) -> None:
    patient = await Database.connect(dsn, connections=1)
    stop = text("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
    for work in (patient.fetch(SLEEP), change(patient, "CREATE TABLE stopped (a int)", "SELECT pg_sleep(30)")):
        asked = asyncio.ensure_future(work)
        await until_sleeping(shared_database, 1)
        await shared_database.fetch(stop)
        with pytest.raises(Overdue, match="told to stop: nothing of it is stored"):
            await asked
    assert tuple(*await patient.fetch(text("SELECT to_regclass('stopped')"))) == (None,)
    await patient.close()


async def test_a_transaction_of_many_slow_statements_ends_as_a_whole(limited: Database, dsn: str) -> None:
    with pytest.raises(Overdue):
        await asyncio.wait_for(change(limited, *["SELECT pg_sleep(0.4)"] * 100), 10)
    assert await limited.fetch(text("SELECT 1"))


async def test_whoever_gets_no_connection_in_time_is_told(limited: Database) -> None:
    async with limited.transaction(), limited.transaction():
        with pytest.raises(Unavailable, match=r"All 2 connections to the database were busy for 0\.3 s"):
            await limited.fetch(text("SELECT 1"))
    assert await limited.fetch(text("SELECT 1"))


async def test_twenty_questions_that_are_given_up_leave_all_connections(
    limited: Database, shared_database: Database, dsn: str
) -> None:
    patient = await Database.connect(dsn, connections=2)
    questions = [asyncio.create_task(patient.fetch(SLEEP)) for _ in range(20)]
    await until_sleeping(shared_database, 2)
    for question in questions:
        question.cancel()
    outcomes = await asyncio.gather(*questions, return_exceptions=True)
    assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
    async with asyncio.timeout(10), patient.transaction(), patient.transaction():
        pass
    await until_sleeping(shared_database, 0)
    await patient.close()


async def test_a_question_that_reaches_the_server_after_the_word_to_stop_it_ends_as_well(
    shared_database: Database, dsn: str
) -> None:
    """The word to stop comes over a connection of its own: a server that is slow to read may hear it first."""
    patient = await Database.connect(dsn, connections=1)
    [[backend]] = await patient.fetch(text("SELECT pg_backend_pid()"))
    slept = text("SELECT pg_sleep(:seconds)")
    await patient.fetch(slept.bindparams(seconds=0.0))  # prepared, so that all of the next one is sent at once
    with stopped([backend]):
        question = asyncio.create_task(patient.fetch(slept.bindparams(seconds=30.0)))
        await asyncio.sleep(0.1)
        question.cancel()
        await asyncio.wait([question])
        await asyncio.sleep(0.5)
    await until_sleeping(shared_database, 1)
    await until_sleeping(shared_database, 0)
    await patient.close()


async def test_without_limits_a_statement_takes_its_time(shared_database: Database) -> None:
    [row] = await shared_database.fetch(text("SELECT current_setting('statement_timeout')"))
    assert row[0] == "0"
    async with shared_database.transaction() as transaction:
        assert await setting(transaction, "statement_timeout") == "0"


async def test_a_deferred_failure_of_a_commit_is_raised_and_the_connection_used_again(limited: Database) -> None:
    with pytest.raises(asyncpg.UniqueViolationError):
        await change(
            limited,
            "CREATE TABLE late (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)",
            "INSERT INTO late VALUES (1), (1)",
        )
    [row] = await limited.fetch(text("SELECT to_regclass('late')"))
    assert row[0] is None


async def test_a_server_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_limits, "MARGIN_SECONDS", 0.3)
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.5)
    monkeypatch.setattr(connections, "SET_SECONDS", 0.5)
    with passable_folder() as folder:
        async with embedded(folder / "data", say=lambda _: None) as server:
            hung = await Database.connect(server.dsn, connections=2, limits=SHORT)
            async with hung.transaction() as transaction:
                await transaction.fetch(text("CREATE TABLE t (a int)"))
            with stopped([process.pid for process in processes_in(folder)]):
                async with asyncio.timeout(5):
                    with pytest.raises(Overdue):
                        await hung.fetch(text("SELECT 1"), plan=Plan.ONCE)
                    with pytest.raises(Unavailable):
                        await hung.fetch(text("SELECT 1"), plan=Plan.ONCE)
                    with pytest.raises(Unavailable):
                        await change(hung, "SELECT 1")
            assert await hung.fetch(text("SELECT 1"))
            async with AsyncExitStack() as stack:
                transaction = await stack.enter_async_context(hung.transaction())
                await transaction.fetch(text("INSERT INTO t VALUES (1)"))
                unconfirmed = pytest.raises(Unavailable, match="did not confirm the change: it may have taken place")
                with stopped([process.pid for process in processes_in(folder)]), unconfirmed:
                    await stack.aclose()
            assert await hung.fetch(text("SELECT 1"))
            await hung.close()


@contextmanager
def stopped(processes: list[int]) -> Iterator[None]:
    """Let processes do nothing for a while."""
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
