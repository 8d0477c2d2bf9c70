"""The revisions lead to the tables of today, and back."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from migrations.history import Behind, _config, check, engine_of, upgrade
from resolvers.store.tables import metadata


@pytest.fixture
async def empty(dsn: str) -> AsyncIterator[str]:
    """A database without tables."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE DATABASE history")
    yield dsn.replace("/backtest_graph?", "/history?")
    await connection.execute("DROP DATABASE history WITH (FORCE)")
    await connection.close()


async def run(dsn: str, work: Any) -> Any:
    async with engine_of(dsn) as engine, engine.begin() as connection:
        return await connection.run_sync(work)


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return list(compare_metadata(context, metadata))


def downgrade(connection: Connection, to: str = "base") -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.downgrade(config, to)


def count_tables(connection: Connection) -> int:
    found = connection.exec_driver_sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").scalar()
    return int(found or 0)


async def test_the_revisions_make_exactly_the_tables_of_today(empty: str) -> None:
    assert await upgrade(empty) == (None, "0004")
    assert await run(empty, differences) == []
    assert await upgrade(empty) == ("0004", "0004")
    await check(empty)


async def test_the_revisions_make_exactly_the_indexes_of_today(empty: str) -> None:
    await upgrade(empty)
    connection = await asyncpg.connect(empty)
    made = await connection.fetch("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix_%'")
    await connection.close()
    await run(empty, metadata.drop_all)
    await run(empty, metadata.create_all)
    connection = await asyncpg.connect(empty)
    wanted = await connection.fetch("SELECT indexdef FROM pg_indexes WHERE indexname LIKE 'ix_%'")
    await connection.close()
    assert {row["indexdef"] for row in made} == {row["indexdef"] for row in wanted}
    assert sum("INCLUDE (total_trades)" in row["indexdef"] for row in made) == 26


async def test_the_revisions_lead_back_to_nothing_and_forward_again(empty: str) -> None:
    await upgrade(empty)
    await run(empty, downgrade)
    assert await run(empty, count_tables) == 1
    assert await upgrade(empty) == (None, "0004")


async def test_a_database_that_is_behind_names_the_command(empty: str) -> None:
    with pytest.raises(Behind, match="run `backtest-graph migrate`"):
        await check(empty)


async def test_a_database_of_a_newer_version_is_left_alone(empty: str) -> None:
    await upgrade(empty)
    await run(empty, lambda connection: connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'"))
    for ask in (check, upgrade):
        with pytest.raises(Behind, match="newer than this version"):
            await ask(empty)
