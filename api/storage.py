"""Open the database that the settings name, and the embedded server where they name none."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from sqlalchemy import func, select

from api.settings import Settings
from migrations.history import check, upgrade
from resolvers.store.database import NO_LIMITS, Database
from resolvers.store.embedded import EmbeddedPostgres
from resolvers.store.time_limits import TimeLimits

Say = Callable[[str], None]


@asynccontextmanager
async def open_database(settings: Settings, say: Say) -> AsyncIterator[Database]:
    """Give the database, up to date, and stop at the end what was started here; raises what `open_current` raises."""
    async with open_current(settings, say) as dsn, connect(dsn, settings) as database:
        yield database


@asynccontextmanager
async def open_current(settings: Settings, say: Say) -> AsyncIterator[str]:
    """Give the address of the database, which is up to date, and stop at the end what was started here.

    Raises:
        Behind: a server of one's own is not up to date; the message has the command to run.
        EmbeddedError: the embedded server cannot run here; the message has the remedy.
        Unavailable: no server answers under the address.
    """
    async with open_server(settings, say) as dsn:
        if settings.database_url is None:
            await migrate(dsn, say)
        else:
            await check(dsn)
        yield dsn


@asynccontextmanager
async def connect(dsn: str, settings: Settings, *, limits: TimeLimits = NO_LIMITS) -> AsyncIterator[Database]:
    """Give the connections of this process; raises Unavailable."""
    database = await Database.connect(dsn, connections=settings.database_connections, limits=limits)
    try:
        yield database
    finally:
        await database.close()


class TooManyConnections(Exception):
    """The server takes fewer connections than may be opened."""


async def check_connections(database: Database, settings: Settings) -> None:
    """Refuse settings by which all workers together could open more connections than the server takes.

    Raises:
        TooManyConnections: they could; the message has both numbers.
    """
    limits = ("max_connections", "superuser_reserved_connections", "reserved_connections")
    [row] = await database.fetch(select(*(func.current_setting(name, True).label(name) for name in limits)))
    most, *reserved = (int(row[name] or 0) for name in limits)
    # A worker listens on one more while somebody subscribes.
    wanted, taken = settings.workers * (settings.database_connections + 1), most - sum(reserved)
    if wanted > taken:
        raise TooManyConnections(
            f"{settings.workers} x ({settings.database_connections} + 1) connections may be opened, and PostgreSQL "
            f"takes {taken}: lower --workers or --database-connections, or raise its max_connections."
        )


@asynccontextmanager
async def open_server(settings: Settings, say: Say) -> AsyncIterator[str]:
    """Give the address of the server of the settings; the embedded one runs as long as somebody uses it."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    async with EmbeddedPostgres(settings.data_dir, say=say) as server:
        yield server.dsn


async def migrate(dsn: str, say: Say) -> None:
    """Bring a database up to date and say what was done."""
    before, after = await upgrade(dsn)
    if before != after:
        say(f"Database brought from revision {before or 'none'} to {after}")
