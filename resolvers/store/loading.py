"""Fill empty tables with the rows of an archive, inside a transaction that somebody else commits."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TYPE_CHECKING

import asyncpg

from resolvers.store.dumps import Archive, ArchiveError

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

_PATIENCE = """
SET LOCAL lock_timeout = '10s'; SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL maintenance_work_mem = '256MB'
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = 'backtest-graph' AND pid <> pg_backend_pid()
"""
_INDEXES = """
SELECT format('DROP INDEX %s', indexrelid::regclass) AS removal, pg_get_indexdef(indexrelid) AS creation FROM pg_index
WHERE indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""
_FOREIGN_KEYS = """
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS removal,
    format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS creation
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1::text[]::regclass[])
"""


async def be_patient(connection: "Connection") -> None:
    """Let what follows in the transaction take its time, except waiting for the locks of others."""
    await connection.execute(_PATIENCE)


async def has_other_sessions(connection: "Connection") -> bool:
    """Tell whether a service is connected to the database, too."""
    return bool(await connection.fetchval(_OTHERS))


async def load(connection: "Connection", archive: Archive, tables: Iterable[str]) -> None:
    """Fill tables, which are empty; indexes and foreign keys are made after it, at once instead of row by row.

    Raises:
        ArchiveError: the archive is damaged or lacks a table.
    """
    names = list(tables)
    made_later = [*await connection.fetch(_FOREIGN_KEYS, names), *await connection.fetch(_INDEXES, names)]
    for each in made_later:
        await connection.execute(each["removal"])
    for name in names:
        async with archive.rows(name) as (columns, rows):
            await copy_rows(connection, name, columns, rows)
    for each in reversed(made_later):
        await connection.execute(each["creation"])


async def copy_rows(connection: "Connection", table: str, columns: Sequence[str], rows: AsyncIterator[bytes]) -> None:
    """Add rows to a table, as COPY takes them in its text format; what their source raises comes before all else.

    asyncpg would wait for ever where the source raises after PostgreSQL has refused a row: so to asyncpg, it just ends.
    """
    raised: list[ArchiveError] = []

    async def source() -> AsyncIterator[bytes]:
        try:
            async for chunk in rows:
                yield chunk
        except ArchiveError as error:
            raised.append(error)

    try:
        await connection.copy_to_table(table, source=source(), columns=columns, format="text")
    finally:
        if raised:
            raise raised[0]


async def tidy_up(connection: "Connection", tables: Iterable[str]) -> None:
    """Gather what PostgreSQL plans by, and what lets it answer from an index alone; outside of a transaction."""
    await connection.execute(f"VACUUM (ANALYZE) {', '.join(tables)}")
