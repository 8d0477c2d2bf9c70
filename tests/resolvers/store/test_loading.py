"""Rows that go into a table by COPY, and what goes wrong on the way."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from resolvers.store.dumps import ArchiveError
from resolvers.store.loading import copy_rows


@pytest.fixture
async def connection(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TEMPORARY TABLE numbers (number integer)")
    yield connection
    await connection.close()


async def rows(*chunks: bytes, pause: float = 0, damaged: bool = False) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    await asyncio.sleep(pause)
    if damaged:
        raise ArchiveError("The backup is damaged.")


async def test_rows_are_added(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await copy_rows(connection, "numbers", ["number"], rows(b"1\n2\n", b"3\n"))
    assert await connection.fetchval("SELECT sum(number) FROM numbers") == 6


async def test_a_source_that_breaks_off_is_told(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    with pytest.raises(ArchiveError, match="damaged"):
        await copy_rows(connection, "numbers", ["number"], rows(b"1\n", damaged=True))
    assert await connection.fetchval("SELECT 1") == 1


async def test_a_row_that_is_refused_is_told(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    with pytest.raises(asyncpg.DataError, match="invalid input syntax"):
        await copy_rows(connection, "numbers", ["number"], rows(b"no number\n"))


async def test_a_source_that_breaks_off_after_a_row_was_refused_keeps_nobody_waiting(
    connection: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    damaged = rows(b"no number\n", b"1\n" * 100, pause=0.3, damaged=True)
    async with asyncio.timeout(30):
        with pytest.raises(ArchiveError, match="damaged"):
            await copy_rows(connection, "numbers", ["number"], damaged)
        assert await connection.fetchval("SELECT 1") == 1
