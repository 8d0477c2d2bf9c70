"""What is sent to a Citus cluster: on one server, whose database has a function by which it is taken for one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from sqlalchemy import delete, func, select

from migrations.history import upgrade
from resolvers.backtest_changes import delete_backtests
from resolvers.deflation import refresh_deflated
from resolvers.recomputing import recompute_next
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.tables import backtests, deflated_sharpe_ratios
from tests.resolvers.test_recomputing import draft, save, until_waiting
from tests.statements import counted_statements

LOCKS = (" FOR UPDATE", " FOR NO KEY UPDATE", " FOR KEY SHARE")


@pytest.fixture
async def cluster(dsn: str) -> AsyncIterator[Database]:
    server = await asyncpg.connect(dsn)
    await server.execute("CREATE DATABASE cluster")
    address = dsn.replace("/backtest_graph?", "/cluster?")
    await upgrade(address)
    connection = await asyncpg.connect(address)
    await connection.execute("CREATE FUNCTION citus_version() RETURNS text RETURN 'none'")
    await connection.close()
    database = await Database.connect(address)
    yield database
    await database.close()
    await server.execute("DROP DATABASE cluster WITH (FORCE)")
    await server.close()


async def change_everything(database: Database) -> dict[str, Any]:
    """Save runs, compute them anew, and delete some; return what is left of their deflated Sharpe ratios."""
    await save(database, *(draft(seed, tags=["gone"] if seed < 2 else []) for seed in range(6)))
    await refresh_deflated(database)
    batch = await recompute_next(database, None, everything=True)
    assert batch is not None
    assert batch.runs == 6
    gone, problem = await delete_backtests(database, {"tags": {"has_any": ["gone"]}}, 2)
    assert (len(gone), problem) == (2, None)
    await refresh_deflated(database)
    rows = await database.fetch(select(deflated_sharpe_ratios))
    return {str(row["backtest_id"]): row["deflated_sharpe_ratio"] for row in rows}


async def test_everything_is_done_without_locks_and_with_the_same_result(cluster: Database, database: Database) -> None:
    with counted_statements() as with_locks:
        expected = await change_everything(database)
    with counted_statements() as without:
        found = await change_everything(cluster)
    assert sorted(found.values()) == pytest.approx(sorted(expected.values()), abs=1e-12)
    assert len(found) == 4
    assert sum(any(lock in text for lock in LOCKS) for text in with_locks) >= 4
    assert not [text for text in without if any(lock in text for lock in LOCKS)]
    assert len(without) == len(with_locks)


async def test_no_statement_is_planned_once_for_all_values(cluster: Database, shared_database: Database) -> None:
    mode = select(func.current_setting("plan_cache_mode").label("mode"))
    assert (await shared_database.fetch(mode, plan=Plan.ONCE))[0]["mode"] == "force_generic_plan"
    assert (await cluster.fetch(mode, plan=Plan.ONCE))[0]["mode"] == "force_custom_plan"


async def test_a_run_that_is_deleted_before_its_figure_is_written_gets_none(cluster: Database) -> None:
    ids = await save(cluster, *map(draft, range(3)))
    async with cluster.transaction() as transaction:
        await transaction.fetch(delete(backtests).where(backtests.c.id == ids[0]))
        refreshing = asyncio.ensure_future(refresh_deflated(cluster))
        await until_waiting(cluster, 1)
    await refreshing
    rows = await cluster.fetch(select(deflated_sharpe_ratios.c.backtest_id))
    assert {row["backtest_id"] for row in rows} == set(ids[1:])
