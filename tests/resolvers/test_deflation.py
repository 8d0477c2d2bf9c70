"""The deflated Sharpe ratios that are kept, and what has them computed anew."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from statistics import NormalDist
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import delete, select, update

from resolvers import deflation
from resolvers.deflation import refresh_deflated, refresh_often
from resolvers.store.database import Database
from resolvers.store.tables import backtests, deflated_sharpe_ratios, trial_ledger
from tests.client import Client
from tests.operations import save_id
from tests.plans import PlannedDatabase
from tests.statements import counted_statements
from tests.trial_runs import noise


class _GivenUp(Exception):
    pass


@asynccontextmanager
async def deletion_that_is_given_up(database: Database, id: str) -> AsyncIterator[None]:
    """Delete a run in a transaction that is rolled back at the end."""
    with suppress(_GivenUp):
        async with database.transaction() as transaction:
            await transaction.fetch(delete(backtests).where(backtests.c.id == UUID(id)))
            yield
            raise _GivenUp


async def deflated(database: Database) -> dict[str, float]:
    """Return what is kept, by the ids of runs, after it was brought up to date."""
    await refresh_deflated(database)
    rows = await database.fetch(select(deflated_sharpe_ratios))
    return {str(row["backtest_id"]): row["deflated_sharpe_ratio"] for row in rows}


async def expected(database: Database) -> dict[str, float]:
    """Return what Bailey and Lopez de Prado's formula gives of the stored runs of one family, all of them recorded."""
    rows = await database.fetch(select(backtests).order_by(backtests.c.id))
    ledger = await database.fetch(select(trial_ledger))
    annual = [row["sharpe_ratio"] for row in ledger]
    n = len(ledger)
    gamma, normal = 0.5772156649015329, NormalDist()
    largest = (1 - gamma) * normal.inv_cdf(1 - 1 / n) + gamma * normal.inv_cdf(1 - 1 / (n * math.e))
    found = {}
    for row in rows:
        sharpe = row["computed_sharpe_ratio"] / math.sqrt(row["periods_per_year"])
        threshold = math.sqrt(float(np.var(annual, ddof=1)) / row["periods_per_year"]) * largest
        g3, g4 = row["skewness"], row["kurtosis"]
        error = math.sqrt((1 - g3 * sharpe + (g4 - 1) / 4 * sharpe**2) / (row["observations"] - 1))
        found[str(row["id"])] = normal.cdf((sharpe - threshold) / error)
    return found


async def test_each_run_is_measured_against_the_best_that_luck_gives_its_family(
    client: Client, database: Database
) -> None:
    for seed in range(8):
        await save_id(client, **noise(seed))
    found = await deflated(database)
    assert len(found) == 8
    assert found == pytest.approx(await expected(database), abs=1e-12)


async def test_a_deleted_run_still_counts_and_has_no_figure_of_its_own(client: Client, database: Database) -> None:
    ids = [await save_id(client, **noise(seed)) for seed in range(8)]
    before = await deflated(database)
    async with database.transaction() as transaction:
        await transaction.fetch(delete(backtests).where(backtests.c.id.in_([UUID(id) for id in ids[:3]])))
    await save_id(client, **noise(8))
    after = await deflated(database)
    assert after.keys() - before.keys()
    assert not after.keys() & set(ids[:3])
    assert after == pytest.approx(await expected(database), abs=1e-12)


async def test_a_single_run_is_no_choice(client: Client, database: Database) -> None:
    id = await save_id(client, **noise(1))
    [row] = await database.fetch(select(backtests))
    assert await deflated(database) == {id: pytest.approx(row["probabilistic_sharpe_ratio"], abs=1e-12)}


async def test_a_figure_goes_where_only_one_of_several_trials_is_recorded(client: Client, database: Database) -> None:
    id = await save_id(client, **noise(1))
    assert list(await deflated(database)) == [id]
    await save_id(client, status="FAILED")
    assert await deflated(database) == {}
    await save_id(client, **noise(2))
    assert len(await deflated(database)) == 2


async def test_a_run_that_was_deleted_and_is_saved_again_gets_its_figure_back(
    client: Client, database: Database
) -> None:
    ids = [str(uuid4()) for _ in range(3)]
    for seed, id in enumerate(ids):
        await save_id(client, id=id, **noise(seed))
    before = await deflated(database)
    async with database.transaction() as transaction:
        await transaction.fetch(delete(backtests).where(backtests.c.id == UUID(ids[0])))
    assert (await deflated(database)).keys() == set(ids[1:])
    await save_id(client, id=ids[0], **noise(0))
    assert await deflated(database) == pytest.approx(before, abs=1e-12)


async def test_other_content_under_the_id_of_a_deleted_run_is_another_trial(client: Client, database: Database) -> None:
    id = str(uuid4())
    await save_id(client, id=id, **noise(0))
    await save_id(client, **noise(1))
    await deflated(database)
    async with database.transaction() as transaction:
        await transaction.fetch(delete(backtests).where(backtests.c.id == UUID(id)))
    await save_id(client, id=id, **noise(2))
    found = await deflated(database)
    assert len(found) == 2
    assert found == pytest.approx(await expected(database), abs=1e-12)


async def test_families_do_not_touch_each_other(client: Client, database: Database) -> None:
    for seed in range(3):
        await save_id(client, **noise(seed, symbol="A"))
    before = await deflated(database)
    for seed in range(3):
        await save_id(client, **noise(seed + 3, symbol="B"))
        await save_id(client, **noise(seed + 6, symbol="A", study="together"))
    after = await deflated(database)
    assert len(after) == 9
    assert {id: after[id] for id in before} == before


async def test_nothing_is_written_where_nothing_is_out_of_date(client: Client, database: Database) -> None:
    await save_id(client, **noise(1))
    await refresh_deflated(database)
    with counted_statements() as statements:
        await refresh_deflated(database)
    assert len(statements) == 1
    assert "trial_ledger" in statements[0]


async def test_a_run_that_is_being_deleted_keeps_nobody_waiting_and_is_dealt_with_later(
    client: Client, database: Database
) -> None:
    ids = [await save_id(client, **noise(seed)) for seed in range(3)]
    before = await deflated(database)
    for seed in (3, 4):
        await save_id(client, **noise(seed))
    async with deletion_that_is_given_up(database, ids[0]), asyncio.timeout(30):
        during = await deflated(database)
    assert during[ids[0]] == before[ids[0]]
    assert len(during) == 5
    assert await deflated(database) == pytest.approx(await expected(database), abs=1e-12)


async def test_many_who_ask_at_once_do_the_work_once(client: Client, database: Database) -> None:
    for seed in range(4):
        await save_id(client, **noise(seed))
    with counted_statements() as statements:
        await asyncio.gather(*(refresh_deflated(database) for _ in range(30)))
    assert sum("INSERT INTO deflated_sharpe_ratios" in text for text in statements) == 1
    assert await deflated(database) == pytest.approx(await expected(database), abs=1e-12)


async def test_the_service_keeps_them_up_to_date_by_itself(client: Client, database: Database) -> None:
    await save_id(client, **noise(1))
    keeping = asyncio.ensure_future(refresh_often(database))
    try:
        async with asyncio.timeout(60):
            while not await database.fetch(select(deflated_sharpe_ratios)):  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0.05)
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)


async def test_many_families_are_brought_up_to_date_a_few_at_a_time(
    client: Client, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(5):
        await save_id(client, **noise(seed, symbol=f"S{seed}"))
    monkeypatch.setattr(deflation, "MOST_FAMILIES", 2)
    with counted_statements() as statements:
        await refresh_deflated(database)
    assert sum("INSERT INTO deflated_sharpe_ratios" in text for text in statements) == 3
    alone = {str(row["id"]): row["probabilistic_sharpe_ratio"] for row in await database.fetch(select(backtests))}
    assert await deflated(database) == pytest.approx(alone, abs=1e-12)


async def test_who_asks_is_not_kept_by_what_is_saved_all_the_time(client: Client, database: Database) -> None:
    is_over = False

    async def save() -> None:
        for seed in count():
            await save_id(client, **noise(seed))
            if is_over:
                return

    await save_id(client, **noise(0))
    saving = [asyncio.ensure_future(save()) for _ in range(4)]
    try:
        async with asyncio.timeout(60):
            for _ in range(10):
                await refresh_deflated(database)
    finally:
        is_over = True  # a save that is cancelled may still be stored a moment later
        await asyncio.gather(*saving)
    assert await deflated(database) == pytest.approx(await expected(database), abs=1e-12)


async def test_what_was_cut_short_is_continued(client: Client, database: Database) -> None:
    for seed in range(3):
        await save_id(client, **noise(seed, symbol=f"S{seed}"))
    await refresh_deflated(database)
    async with database.transaction() as transaction:
        await transaction.fetch(delete(deflated_sharpe_ratios))
        await transaction.fetch(update(trial_ledger).values(is_deflated=False))
    refreshing = asyncio.ensure_future(refresh_deflated(database))
    await asyncio.sleep(0.002)
    refreshing.cancel()
    await asyncio.gather(refreshing, return_exceptions=True)
    assert len(await deflated(database)) == 3


async def test_a_look_at_an_index_tells_that_nothing_is_out_of_date(client: Client, dsn: str) -> None:
    for seed in range(3):
        await save_id(client, **noise(seed))
    planned = await PlannedDatabase.connect(dsn)
    await refresh_deflated(planned)
    await refresh_deflated(planned)
    assert planned.indexes() == {"ix_trial_ledger_pending"}
    await planned.close()
