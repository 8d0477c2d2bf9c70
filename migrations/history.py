"""Bring a database up to date, or say how far behind it is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from resolvers.store.database import Unavailable

LOCK = 0x6261636B74657374
"""Advisory lock that one migrating process holds at a time ("backtest" in ASCII)."""


class Behind(Exception):
    """The database is not at the revision this version of the service works with."""


async def upgrade(dsn: str) -> tuple[str | None, str]:
    """Run the missing revisions in one transaction and return the revisions before and after.

    Raises:
        Behind: the database is of a newer version of the service than this one.
        Unavailable: no database can be reached under the address.
    """
    async with migrating(dsn) as connection:
        return await connection.run_sync(bring_up_to_date)


@asynccontextmanager
async def migrating(dsn: str) -> AsyncIterator[AsyncConnection]:
    """Give a connection in a transaction during which nobody else migrates; raises Unavailable."""
    async with engine_of(dsn) as engine, engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        yield connection


async def check(dsn: str) -> None:
    """Raise Behind, with the command to run, unless the database is up to date; or Unavailable."""
    async with engine_of(dsn) as engine:
        current = await _current(engine)
    head = _scripts().get_current_head()
    if current == head:
        return
    refuse_newer(current, "The database")
    raise Behind(f"The database is at revision {current or 'none'} and {head} is needed: run `backtest-graph migrate`.")


@asynccontextmanager
async def engine_of(dsn: str) -> AsyncIterator[AsyncEngine]:
    """Give an engine whose connections asyncpg opens, so that an address means the same here as everywhere."""

    async def connect() -> asyncpg.Connection:
        try:
            return await asyncpg.connect(dsn)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
            raise Unavailable(f"The database cannot be reached: {error}") from error

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect)
    try:
        yield engine
    finally:
        await engine.dispose()


async def _current(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(_revision)


def bring_up_to_date(connection: Connection, *, to: str = "head") -> tuple[str | None, str]:
    """Run the revisions that are missing up to one and return the revisions before and after; raises Behind."""
    before = _revision(connection)
    refuse_newer(before, "The database")
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
    return before, str(_revision(connection))


def refuse_newer(revision: str | None, what: str) -> None:
    """Raise Behind if what is of a revision that this version does not know."""
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise Behind(f"{what} is at revision {revision}, which is newer than this version: upgrade backtest-graph.")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
