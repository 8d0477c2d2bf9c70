"""Bring a database up to date, or say how far behind it is."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

LOCK = 0x6261636B74657374
"""Advisory lock that one migrating process holds at a time ("backtest" in ASCII)."""


class Behind(Exception):
    """The database is not at the revision this version of the service works with."""


async def upgrade(dsn: str) -> tuple[str | None, str]:
    """Run the missing revisions in one transaction and return the revisions before and after.

    Raises:
        Behind: the database is of a newer version of the service than this one.
    """
    engine = create_async_engine(engine_url(dsn))
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            return await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def check(dsn: str) -> None:
    """Raise Behind, with the command to run, unless the database is up to date."""
    engine = create_async_engine(engine_url(dsn))
    try:
        current = await _current(engine)
    finally:
        await engine.dispose()
    head = _scripts().get_current_head()
    if current == head:
        return
    _refuse_newer(current)
    raise Behind(f"The database is at revision {current or 'none'} and {head} is needed: run `backtest-graph migrate`.")


def engine_url(dsn: str) -> str:
    """Return the address with the driver's name, as SQLAlchemy wants it."""
    return f"postgresql+asyncpg://{dsn.partition('://')[2]}"


async def _current(engine: AsyncEngine) -> str | None:
    async with engine.connect() as connection:
        return await connection.run_sync(_revision)


def _upgrade(connection: Connection) -> tuple[str | None, str]:
    before = _revision(connection)
    _refuse_newer(before)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return before, str(_scripts().get_current_head())


def _refuse_newer(revision: str | None) -> None:
    known = {script.revision for script in _scripts().walk_revisions()}
    if revision is not None and revision not in known:
        raise Behind(
            f"The database is at revision {revision}, which is newer than this version: upgrade backtest-graph."
        )


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())
