"""What becomes of a question that cannot be answered to its end."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import delete, insert, literal_column, select, text

from resolvers.store import database as module
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Unavailable
from resolvers.store.tables import documents


@pytest.fixture
async def narrow(dsn: str) -> AsyncIterator[Database]:
    """A database with one connection."""
    database = await Database.connect(dsn, connections=1)
    yield database
    await database.close()


async def is_sleeping(database: Database) -> bool:
    asked = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'"
    return bool(await database.fetch(text(asked)))


async def until_none_sleeps(database: Database) -> bool:
    asked = True
    while asked:
        asked = await is_sleeping(database)
    return not asked


async def test_a_question_that_is_given_up_is_stopped_and_the_next_one_answered(
    narrow: Database, shared_database: Database
) -> None:
    question = asyncio.create_task(narrow.fetch(text("SELECT pg_sleep(60)")))
    while not await is_sleeping(shared_database):
        assert not question.done()
    question.cancel()
    with pytest.raises(asyncio.CancelledError):
        await question
    assert [tuple(row) for row in await narrow.fetch(select(literal_column("2")))] == [(2,)]
    async with asyncio.timeout(20):
        assert await until_none_sleeps(shared_database)


async def test_a_process_that_is_too_busy_to_hear_the_server_asks_again(
    dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await Database.connect(dsn, connections=2)
    monkeypatch.setattr(module, "CONNECT_SECONDS", 1.5)
    # The open connection plans otherwise, so another one is opened.
    question = asyncio.create_task(database.fetch(select(literal_column("2")), plan=Plan.EACH_TIME))
    await asyncio.sleep(0)
    time.sleep(1.6)  # noqa: ASYNC251 - a thousand other requests
    assert [tuple(row) for row in await question] == [(2,)]
    await database.close()


async def test_of_two_that_wait_for_each_other_one_is_told_to_try_again(shared_database: Database) -> None:
    async with shared_database.transaction() as transaction:
        await transaction.fetch(text("CREATE TABLE crossed AS SELECT n FROM generate_series(0, 1) n"))

    async def count_up(first: int) -> None:
        async with shared_database.transaction() as transaction:
            await transaction.fetch(text(f"UPDATE crossed SET n = n WHERE n = {first}"))
            await both.wait()
            await transaction.fetch(text(f"UPDATE crossed SET n = n WHERE n = {1 - first}"))

    both = asyncio.Barrier(2)
    told = await asyncio.gather(count_up(0), count_up(1), return_exceptions=True)
    async with shared_database.transaction() as transaction:
        await transaction.fetch(text("DROP TABLE crossed"))
    [error] = [each for each in told if each is not None]
    assert isinstance(error, Unavailable)
    assert str(error) == "Others change the same runs: nothing of this was stored."


async def test_a_transaction_that_is_given_up_leaves_nothing(narrow: Database) -> None:
    async def change() -> None:
        async with narrow.transaction() as transaction:
            await transaction.fetch(text("CREATE TABLE half_done (a int)"))
            await transaction.fetch(text("SELECT pg_sleep(60)"))

    work = asyncio.create_task(change())
    done, _ = await asyncio.wait({work}, timeout=0.2)
    assert not done
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert not await narrow.fetch(text("SELECT 1 FROM pg_tables WHERE tablename = 'half_done'"))


async def test_a_failed_statement_keeps_its_connection(narrow: Database) -> None:
    before = await narrow.fetch(text("SELECT pg_backend_pid()"), plan=Plan.ONCE)
    with pytest.raises(Exception, match="division by zero"):
        await narrow.fetch(text("SELECT 1 / 0"), plan=Plan.ONCE)
    assert await narrow.fetch(text("SELECT pg_backend_pid()"), plan=Plan.ONCE) == before


@pytest.mark.parametrize("instant", [-62_135_596_800_000_000, -1, 0, 1_700_000_000_123_456, 253_402_300_799_999_999])
async def test_an_instant_is_the_same_by_a_statement_and_by_copy(database: Database, instant: int) -> None:
    async with database.transaction() as transaction:
        await transaction.fetch(text("ALTER TABLE documents DISABLE TRIGGER ALL"))
        row = {"backtest_id": "00000000-0000-0000-0000-000000000001", "kind": "", "format": "", "gzipped": b""}
        columns = (*row, "sha256", "received_at")
        await transaction.copy(documents, columns, [(*row.values(), b"copied", instant)])
        await transaction.fetch(insert(documents).values(**row, sha256=b"inserted", received_at=instant))
        read = await transaction.fetch(select(documents.c.received_at).where(documents.c.received_at == instant))
        written = await transaction.fetch(
            select(literal_column("extract(epoch FROM received_at) * 1000000")).select_from(documents)
        )
        await transaction.fetch(delete(documents))
        await transaction.fetch(text("ALTER TABLE documents ENABLE TRIGGER ALL"))
    assert [row["received_at"] for row in read] == [instant, instant]
    assert [int(row[0]) for row in written] == [instant, instant]
