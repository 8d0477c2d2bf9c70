"""What is known of skill and luck is kept by a backup, and had again of runs that were stored before it was known."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from api.app import create_app
from api.safekeeping.backup import back_up
from api.safekeeping.restore import restore
from api.settings import Settings
from migrations.history import upgrade
from resolvers.callers import Scope
from resolvers.deflation import refresh_deflated
from resolvers.store.database import Database
from resolvers.store.dumps import ArchiveError
from resolvers.store.metrics import COMPUTED, METRICS, computed_column
from resolvers.tokens import create_token
from tests.api.safekeeping.conftest import MakeDatabase
from tests.api.safekeeping.contents import contents
from tests.client import Client
from tests.migrations.test_history import downgrade, run
from tests.operations import save_id
from tests.resolvers.test_recomputing import STATE, ledger_of, recompute, runs_of
from tests.schema.test_changing import save_windows
from tests.schema.test_overfitting import computations
from tests.schema.test_walk_forward import RETURNS, with_returns
from tests.statements import counted_statements
from tests.sweeps import DAYS, noise, sweep
from tests.sweeps import save_id as save_sweep
from tests.trial_runs import noise as noise_run

TABLES = (
    *("backtests", "optimization_trials", "trial_returns", "overfitting_results", "walk_forward_returns"),
    *("trial_ledger", "deflated_sharpe_ratios", "tokens"),
)
FAMILY = """
{ family(strategy: "sma_cross", symbol: "GOOG") { trials recordedTrials varianceOfSharpes averageCorrelation } }
"""
BEST = "{ ranking(by: DEFLATED_SHARPE, basis: COMPUTED) { edges { value node { id metricsFilled } } } }"
DELETE = "mutation($id: ID!) { deleteBacktest(input: {id: $id}) { errors { message } } }"
PBO = "query($id: ID!) { node(id: $id) { ... on Optimization { overfitting(blocks: 8) { pbo slope } } } }"


def quiet(_: str) -> None: ...


@asynccontextmanager
async def opened(dsn: str) -> AsyncIterator[tuple[Client, Database]]:
    database = await Database.connect(dsn, connections=3)
    transport = httpx.ASGITransport(create_app(database, Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        yield Client(http), database
    await database.close()


async def fill(client: Client, database: Database) -> str:
    """Store of everything; return the id of an optimization whose overfitting is known."""
    ids = [await save_id(client, **noise_run(seed, parameters={"n": seed})) for seed in range(6)]
    optimization = await save_sweep(client, ids[0], sweep(noise(10), DAYS))
    await save_windows(client, ids[1], *(with_returns(number, values) for number, values in enumerate(RETURNS, 1)))
    await client.ask(PBO, id=optimization)
    await client.ask(DELETE, id=ids[5])
    await refresh_deflated(database)
    await create_token(database, name="notebook", scopes=[Scope.READ])
    return optimization


async def back_up_of(dsn: str, folder: Path) -> Path:
    file = folder / "runs.backup"
    await back_up(Settings(database_url=dsn), file, quiet, overwrite=True)
    return file


async def test_all_of_it_is_restored_as_it_was(source: str, make_database: MakeDatabase, tmp_path: Path) -> None:
    async with opened(source) as (client, database):
        optimization = await fill(client, database)
        expected = [await client.ask(FAMILY), await client.ask(BEST), await client.ask(PBO, id=optimization)]
    stored = await contents(source)
    assert [name for name in TABLES if not stored[name]] == []
    target = await make_database()
    await restore(Settings(database_url=target), await back_up_of(source, tmp_path), quiet, replace=False)
    assert await contents(target) == stored | {"backtest_changes": []}
    async with opened(target) as (client, database):
        with counted_statements() as statements:
            found = [await client.ask(FAMILY), await client.ask(BEST), await client.ask(PBO, id=optimization)]
        assert found == expected
        assert computations(statements) == 0
        assert await recompute(database) == 0


async def test_trials_of_deleted_runs_are_not_replaced_unasked(
    source: str, make_database: MakeDatabase, tmp_path: Path
) -> None:
    file = await back_up_of(source, tmp_path)
    target = await make_database()
    await upgrade(target)
    async with opened(target) as (client, _):
        await client.ask(DELETE, id=await save_id(client))
    with pytest.raises(ArchiveError, match="has 0 runs, 0 tokens and 1 counted trials"):
        await restore(Settings(database_url=target), file, quiet, replace=False)
    async with opened(target) as (_, database):
        assert len(await ledger_of(database)) == 1


@pytest.mark.parametrize("way", ["migrate", "restore"])
async def test_runs_of_the_release_before_are_kept_and_computed(
    source: str, make_database: MakeDatabase, tmp_path: Path, way: str
) -> None:
    async with opened(source) as (client, database):
        await save_id(client, **noise_run(1, metrics={"sharpeRatio": 1.5, "totalReturn": 0.1}))
        await save_sweep(client, await save_id(client, **noise_run(2)), sweep(noise(5)))
        expected = computed(await runs_of(database)), await trials_of(database)
    await run(source, lambda connection: downgrade(connection, "0002"))
    of_before = await contents_of_before(source)
    target = source
    if way == "migrate":
        assert await upgrade(source) == ("0002", "0004")
    else:
        target, file = await make_database(), await back_up_of(source, tmp_path)
        await restore(Settings(database_url=target), file, quiet, replace=False)
    assert await contents_of_before(target) == of_before
    async with opened(target) as (client, database):
        assert await recompute(database) == len(expected[0])
        assert (computed(await runs_of(database)), await trials_of(database)) == expected
        assert (await client.ask(FAMILY))["family"]["trials"] == sum(expected[1].values())


def computed(runs: STATE) -> STATE:
    names = [computed_column(metric.name) for metric in COMPUTED]
    return {id: {name: run[name] for name in names} for id, run in runs.items()}


async def trials_of(database: Database) -> dict[object, int]:
    return {part: entry["trials"] for part, entry in (await ledger_of(database)).items()}


async def contents_of_before(dsn: str) -> dict[str, list[str]]:
    """Return the rows of tables that every revision has alike, and what was reported of runs."""
    connection = await asyncpg.connect(dsn)
    tables = ("backtest_series", "trades", "optimizations", "optimization_trials", "walk_forward_tests", "documents")
    questions = {name: f"SELECT t::text FROM {name} AS t ORDER BY 1" for name in tables}
    reported = ", ".join(metric.name for metric in METRICS)
    questions["backtests"] = f"SELECT row(id, parameters, tags, {reported})::text FROM backtests ORDER BY 1"
    found = {name: [row[0] for row in await connection.fetch(question)] for name, question in questions.items()}
    await connection.close()
    return found
