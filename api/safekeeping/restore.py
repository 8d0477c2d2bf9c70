"""Restore a backup: in one transaction, so that it is there whole or nothing has changed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from api.safekeeping.backup import in_words
from api.safekeeping.files import readable_file
from api.settings import Settings
from api.storage import Say
from migrations.history import bring_up_to_date, engine_of, migrating, refuse_newer
from resolvers.store.dumps import Archive, ArchiveError, open_archive
from resolvers.store.embedded import EmbeddedPostgres
from resolvers.store.loading import be_patient, has_other_sessions, load, tidy_up
from resolvers.store.tables import backtest_changes, backtests, metadata, tokens, trial_ledger


async def restore(settings: Settings, path: Path, say: Say, *, replace: bool) -> None:
    """Fill an empty database from a backup, or replace all that is in one; it is up to date afterwards.

    Raises:
        ArchiveError, Behind, EmbeddedError, Unavailable: it cannot be done, and nothing has changed.
    """
    with readable_file(path) as file:
        archive = await open_archive(file)
        revision = await archive.revision()
        refuse_newer(revision, "The backup")
        async with _open_alone(settings, say) as dsn:
            runs, current = await _restore(dsn, archive, revision, replace=replace)
            await _tidy_up(dsn)
    brought = "" if current == revision else f", brought to {current}"
    say(f"Restored {in_words(runs)} of revision {revision}{brought} from {path}")


@asynccontextmanager
async def _open_alone(settings: Settings, say: Say) -> AsyncIterator[str]:
    """Give the address of a database that no service uses; who comes now waits for the end of the transaction."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    async with EmbeddedPostgres(settings.data_dir, say=say) as server:
        _check_unused(await server.has_other_users())
        yield server.dsn


async def _restore(dsn: str, archive: Archive, revision: str, *, replace: bool) -> tuple[int, str]:
    """Return the number of runs and the revision they are at now."""
    try:
        async with migrating(dsn) as connection:
            raw = await _driver(connection)
            await be_patient(raw)
            _check_unused(await has_other_sessions(raw))
            await connection.run_sync(bring_up_to_date)
            await _check_empty(connection, replace=replace)
            await load(raw, archive, await connection.run_sync(_make_anew, revision))
            _, current = await connection.run_sync(bring_up_to_date)
            return await _count(connection, backtests), current
    except ArchiveError as error:
        raise ArchiveError(f"{str(error).removesuffix('.')}. Nothing was changed.") from error
    except (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError) as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ArchiveError(f"The backup cannot be restored: {reason}. Nothing was changed.") from error


def _check_unused(is_used: bool) -> None:
    if is_used:
        raise ArchiveError("A service uses the database: stop it first, so that it does not answer from what it knew.")


async def _check_empty(connection: AsyncConnection, *, replace: bool) -> None:
    runs, others = await _count(connection, backtests), await _count(connection, tokens)
    trials = await _count(connection, trial_ledger)  # those of deleted runs stay, too
    if (runs or others or trials) and not replace:
        raise ArchiveError(
            f"The database has {in_words(runs)}, {others} tokens and {trials:,} counted trials: restore into an empty "
            "one, or have all of it replaced with --replace."
        )


def _make_anew(connection: Connection, revision: str) -> list[str]:
    """Drop all tables of ours, make them as they were at a revision, and return those whose rows are in a backup."""
    metadata.drop_all(connection)
    connection.execute(text("DROP TABLE alembic_version"))
    others = {*inspect(connection).get_table_names(), "alembic_version", backtest_changes.name}
    bring_up_to_date(connection, to=revision)
    return sorted(set(inspect(connection).get_table_names()) - others)


async def _count(connection: AsyncConnection, table: Any) -> int:
    return (await connection.execute(select(func.count()).select_from(table))).scalar_one()


async def _driver(connection: AsyncConnection) -> "asyncpg.Connection[asyncpg.Record]":
    driver: asyncpg.Connection[asyncpg.Record] | None = (await connection.get_raw_connection()).driver_connection
    assert driver is not None  # noqa: S101 - it is connected
    return driver


async def _tidy_up(dsn: str) -> None:
    async with engine_of(dsn) as engine, engine.connect() as connection:
        await tidy_up(await _driver(connection), metadata.tables)
