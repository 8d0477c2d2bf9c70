"""Which index answers a filter, and what it costs to count beside a page, among 20,000 runs."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import delete, text

from resolvers.backtest_lists import list_backtests
from resolvers.pages import Page, Wanted
from resolvers.paging import PAGE, PageRequest
from resolvers.store.database import Database
from resolvers.store.tables import backtests
from resolvers.trades import load_trade_pages
from tests.benchmarks.generate import generate_runs
from tests.plans import PlannedDatabase

SEE_ALL = Wanted(total_count=True, other_side=True)


@pytest.fixture(scope="module")
async def runs(dsn: str, shared_database: Database) -> AsyncIterator[PlannedDatabase]:
    async with shared_database.transaction() as transaction:
        await transaction.fetch(delete(backtests))
    await generate_runs(shared_database, 20_000)
    rare = "UPDATE backtests SET tags = tags || ARRAY['rare'], study = 'rare'"
    await shared_database.fetch(text(f"{rare} WHERE id IN (SELECT id FROM backtests LIMIT 25)"))
    # What was added last waits beside a GIN index, until a vacuum sorts it in.
    await shared_database.fetch(text("VACUUM ANALYZE backtests"))
    database = await PlannedDatabase.connect(dsn)
    assert isinstance(database, PlannedDatabase)
    yield database
    await database.close()


async def newest(
    database: Database, conditions: Any, request: PageRequest | None = None, wanted: Wanted | None = None
) -> Page:
    request, wanted = request or PageRequest(PAGE), wanted or Wanted()
    return await list_backtests(database, conditions=conditions, order=(), request=request, wanted=wanted)


def parameter(name: str, **condition: Any) -> dict[str, Any]:
    return {"name": name, **condition}


FAST, SLOW = parameter("fast_period", number={"eq": 7.0}), parameter("slow_period", number={"eq": 120.0})


@pytest.mark.parametrize(
    ("conditions", "index"),
    [
        ({"parameters": [FAST, SLOW]}, "parameters"),
        ({"parameters": [parameter("kind", string={"eq": "ema"})]}, "parameters"),
        ({"parameters": [FAST, SLOW, parameter("risk.stop", number={"gte": 0.01})]}, "parameters"),
        ({"and": [{"parameters": [FAST]}, {"parameters": [SLOW]}]}, "parameters"),
        ({"tags": {"has_all": ["rare"]}}, "tags"),
        ({"tags": {"has_all": ["rare", "sweep"]}}, "tags"),
        ({"tags": {"has_any": ["rare", "unknown"]}}, "tags"),
        ({"symbol": {"eq": "SYM200"}}, "symbol_newest"),
        ({"study": {"eq": "rare"}}, "study_newest"),
        ({"symbol": {"in": ["SYM200", "SYM201"]}}, "symbol_newest"),
        ({"symbol": {"starts_with": "SYM20"}}, "symbol_newest"),
    ],
    ids=str,
)
async def test_few_runs_are_found_by_an_index(runs: PlannedDatabase, conditions: Any, index: str) -> None:
    for wanted in (Wanted(), SEE_ALL):
        await newest(runs, conditions, wanted=wanted)
        assert runs.indexes() == {f"ix_backtests_{index}"}
        assert "Seq Scan" not in runs.nodes()


async def test_an_equality_by_a_path_is_looked_up_as_a_key_and_as_a_path(runs: PlannedDatabase) -> None:
    await newest(runs, {"parameters": [parameter("risk.stop", number={"eq": 0.03})]})
    assert runs.indexes() == {"ix_backtests_parameters"}
    assert "BitmapOr" in runs.nodes()


async def test_ids_are_looked_up_by_the_primary_key(runs: PlannedDatabase) -> None:
    page = await newest(runs, {})
    ids = [str(row["id"]) for row in page.rows]
    found = await newest(runs, {"id": {"in": ids}})
    assert [row["id"] for row in found.rows] == [row["id"] for row in page.rows]
    assert runs.indexes() == {"pk_backtests"}


@pytest.mark.parametrize("ahead", [1, 500])
@pytest.mark.parametrize("backward", [False, True])
async def test_whether_there_is_a_page_before_is_read_from_the_index(
    runs: PlannedDatabase, ahead: int, backward: bool
) -> None:
    start = await newest(runs, {}, PageRequest(ahead, backward=backward))
    cursor = start.cursors[0 if backward else -1]
    place = {"before": cursor} if backward else {"after": cursor}
    page = await newest(runs, {}, PageRequest(PAGE, backward=backward, **place), Wanted(other_side=True))
    assert page.has_next
    assert page.has_previous
    assert runs.indexes() == {"ix_backtests_newest"}
    assert "Seq Scan" not in runs.nodes()


async def test_trades_are_counted_once_for_each_run_and_not_for_each_trade(runs: PlannedDatabase) -> None:
    ids: list[UUID] = [row["id"] for row in (await newest(runs, {})).rows]
    pages = await load_trade_pages(
        runs, ids, conditions=b"{}", order=(), request=PageRequest(PAGE), wanted=Wanted(total_count=True)
    )
    assert [page.total_count for page in pages] == [0] * len(ids)
    assert "Aggregate" in runs.nodes()
    assert b"SubPlan" not in orjson.dumps(runs.plan)
