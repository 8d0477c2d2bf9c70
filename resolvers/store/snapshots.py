"""A moment of the database that several sessions can look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from resolvers.store.binaries import MAJOR
from resolvers.store.database import Unavailable, plain
from resolvers.store.dumps import ArchiveError

_PATIENCE = {"idle_in_transaction_session_timeout": "0", "statement_timeout": "0"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Its name in PostgreSQL, and what is seen in it: the schema of our tables, their revision, the number of runs."""

    name: str
    schema: str
    revision: str
    runs: int


@asynccontextmanager
async def hold_snapshot(dsn: str) -> AsyncIterator[Snapshot]:
    """Hold a snapshot as long as the block lasts.

    Raises:
        ArchiveError: there is nothing of ours in the database, or its server is too new for our pg_dump.
        Unavailable: no server answers under the address.
    """
    try:
        connection = await asyncpg.connect(plain(dsn), server_settings=_PATIENCE)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise Unavailable(f"The database cannot be reached: {error}") from error
    try:
        check_version(connection.get_server_version().major)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            yield await _look(connection)
    finally:
        await connection.close(timeout=5)


def check_version(major: int) -> None:
    """Refuse servers that are newer than our pg_dump, which refuses them, too."""
    if major > MAJOR:
        raise ArchiveError(
            f"The server is PostgreSQL {major}, and what comes along backs up servers up to {MAJOR}: "
            f"use the pg_dump of {major}."
        )


async def _look(connection: "asyncpg.Connection[asyncpg.Record]") -> Snapshot:
    name, schema, table = await connection.fetchrow(
        "SELECT pg_export_snapshot(), current_schema(), to_regclass('alembic_version')"
    ) or (None, None, None)
    revision = await connection.fetchval("SELECT version_num FROM alembic_version") if table else None
    if revision is None:
        raise ArchiveError("There is nothing to back up: the database has no tables of ours.")
    return Snapshot(str(name), str(schema), str(revision), await connection.fetchval("SELECT count(*) FROM backtests"))
