"""Which index answers a page, among 20,000 runs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from resolvers.backtest_lists import list_backtests
from resolvers.metric_columns import DEFLATED, column_of
from resolvers.pages import Page, Wanted
from resolvers.paging import MOST, PAGE, PageRequest
from resolvers.rankings import rank_backtests, ranked_condition
from resolvers.store.database import Database
from resolvers.store.tables import RANKED, backtests
from tests.benchmarks.generate import generate_runs
from tests.plans import PlannedDatabase

OFTEN, SELDOM = {"symbol": {"eq": "SYM001"}}, {"symbol": {"eq": "SYM200"}}
READ_IN_ORDER = {"Limit", "Index Scan"}

Ask = Callable[[PageRequest], Awaitable[Page]]


@pytest.fixture(scope="module")
async def runs(dsn: str, shared_database: Database) -> AsyncIterator[PlannedDatabase]:
    async with shared_database.transaction() as transaction:
        await transaction.fetch(delete(backtests))
    await generate_runs(shared_database, 20_000)
    database = await PlannedDatabase.connect(dsn)
    assert isinstance(database, PlannedDatabase)
    yield database
    await database.close()


async def rank(database: Database, by: str, conditions: Any, request: PageRequest) -> Page:
    asked: dict[str, Any] = {"by": by, "conditions": conditions, "min_trades": 10, "request": request}
    return (await rank_backtests(database, **asked, wanted=Wanted(), with_ranks=False)).page


async def newest(database: Database, conditions: Any, request: PageRequest) -> Page:
    return await list_backtests(database, conditions=conditions, order=(), request=request, wanted=Wanted())


async def cursor_behind(count: int, ask: Ask) -> str | None:
    """Return the cursor of the row of this number."""
    cursor = None
    while count:
        page = await ask(PageRequest(min(MOST, count), after=cursor))
        cursor, count = page.cursors[-1], count - len(page.cursors)
    return cursor


@pytest.mark.parametrize("ahead", [0, 4_000])
@pytest.mark.parametrize("by", RANKED)
async def test_a_ranking_is_read_from_the_index_of_its_metric(runs: PlannedDatabase, by: str, ahead: int) -> None:
    ask = partial(rank, runs, by, {})
    page = await ask(PageRequest(PAGE, after=await cursor_behind(ahead, ask)))
    assert len(page.rows) == PAGE
    assert (runs.nodes(), runs.indexes()) == (READ_IN_ORDER, {f"ix_backtests_best_{by}"})


@pytest.mark.parametrize("ahead", [0, 1_000])
@pytest.mark.parametrize("by", RANKED)
async def test_the_ranking_of_a_symbol_is_read_from_the_index_of_symbol_and_metric(
    runs: PlannedDatabase, by: str, ahead: int
) -> None:
    ask = partial(rank, runs, by, OFTEN)
    await ask(PageRequest(PAGE, after=await cursor_behind(ahead, ask)))
    assert (runs.nodes(), runs.indexes()) == (READ_IN_ORDER, {f"ix_backtests_symbol_best_{by}"})


@pytest.mark.parametrize("by", RANKED)
async def test_the_few_runs_of_a_symbol_are_found_by_an_index_before_they_are_ranked(
    runs: PlannedDatabase, by: str
) -> None:
    await rank(runs, by, SELDOM, PageRequest(PAGE))
    assert "Seq Scan" not in runs.nodes()
    assert runs.indexes() <= {f"ix_backtests_symbol_best_{by}", "ix_backtests_symbol_newest"}


@pytest.mark.parametrize("ahead", [0, 4_000])
async def test_the_ranking_by_deflated_sharpe_ratios_is_read_from_their_index_and_runs_are_looked_up(
    runs: PlannedDatabase, ahead: int
) -> None:
    ask = partial(rank, runs, DEFLATED, {})
    page = await ask(PageRequest(PAGE, after=await cursor_behind(ahead, ask)))
    assert len(page.rows) == PAGE
    assert runs.nodes() <= {"Limit", "Nested Loop", "Index Scan", "Index Only Scan"}
    assert runs.indexes() == {"ix_deflated_sharpe_ratios_best", "pk_backtests"}


@pytest.mark.parametrize("ahead", [0, 1_000])
async def test_that_of_a_symbol_is_read_from_the_index_of_symbols(runs: PlannedDatabase, ahead: int) -> None:
    ask = partial(rank, runs, DEFLATED, OFTEN)
    page = await ask(PageRequest(PAGE, after=await cursor_behind(ahead, ask)))
    assert len(page.rows) == PAGE
    assert runs.nodes() <= {"Limit", "Nested Loop", "Index Scan", "Index Only Scan"}
    assert runs.indexes() == {"ix_deflated_sharpe_ratios_symbol_best", "pk_backtests"}


@pytest.mark.parametrize("conditions", [SELDOM, {"strategy": {"eq": "unknown"}}])
async def test_few_runs_are_found_by_an_index_before_they_are_ranked_by_deflated_sharpe_ratios(
    runs: PlannedDatabase, conditions: Any
) -> None:
    await rank(runs, DEFLATED, conditions, PageRequest(PAGE))
    assert "Seq Scan" not in runs.nodes()
    assert "ix_deflated_sharpe_ratios_best" not in runs.indexes()


@pytest.mark.parametrize("ahead", [0, 10_000])
@pytest.mark.parametrize("backward", [False, True])
async def test_the_list_is_read_from_the_index_of_the_newest(runs: PlannedDatabase, ahead: int, backward: bool) -> None:
    cursor = await cursor_behind(ahead, partial(newest, runs, {}))
    place = {"before": cursor} if backward else {"after": cursor}
    page = await newest(runs, {}, PageRequest(PAGE, backward=backward, **place))
    assert len(page.rows) == PAGE
    assert (runs.nodes(), runs.indexes()) == (READ_IN_ORDER, {"ix_backtests_newest"})


@pytest.mark.parametrize("ahead", [0, 1_000])
@pytest.mark.parametrize(
    ("conditions", "index"),
    [(OFTEN, "ix_backtests_symbol_newest"), ({"strategy": {"eq": "macd_trend"}}, "ix_backtests_strategy_newest")],
)
async def test_the_newest_of_a_symbol_or_strategy_are_read_from_their_index(
    runs: PlannedDatabase, conditions: Any, index: str, ahead: int
) -> None:
    ask = partial(newest, runs, conditions)
    await ask(PageRequest(PAGE, after=await cursor_behind(ahead, ask)))
    assert (runs.nodes(), runs.indexes()) == (READ_IN_ORDER, {index})


async def test_ranks_of_a_deep_page_are_counted_in_the_index_up_to_its_start(runs: PlannedDatabase) -> None:
    asked: dict[str, Any] = {"by": "sharpe_ratio", "conditions": OFTEN, "min_trades": 0, "wanted": Wanted()}
    first = await rank_backtests(runs, **asked, request=PageRequest(100))
    await rank_backtests(runs, **asked, request=PageRequest(PAGE, after=first.page.cursors[-1]))
    assert "Seq Scan" not in runs.nodes()
    assert runs.indexes() == {"ix_backtests_symbol_best_sharpe_ratio"}


@pytest.mark.parametrize("by", ["sharpe_ratio", "total_trades", "max_drawdown_duration", DEFLATED])
async def test_ranks_on_page_200_are_those_of_the_whole_ranking(runs: PlannedDatabase, by: str) -> None:
    cursor = await cursor_behind(199 * PAGE, partial(rank, runs, by, {}))
    asked: dict[str, Any] = {"by": by, "conditions": {}, "min_trades": 10, "wanted": Wanted()}
    ranking = await rank_backtests(runs, **asked, request=PageRequest(PAGE, after=cursor))
    metric = column_of(by)
    best_first = metric.asc() if by == "max_drawdown_duration" else metric.desc()
    ranks = select(backtests.c.id, func.rank().over(order_by=best_first).label("rank")).where(
        ranked_condition(by, conditions={}, min_trades=10)
    )
    expected = {row["id"]: row["rank"] for row in await runs.fetch(ranks)}
    assert ranking.ranks == [expected[row["id"]] for row in ranking.page.rows]


async def test_the_few_runs_of_a_strategy_are_not_searched_in_the_whole_ranking(runs: PlannedDatabase) -> None:
    for _ in range(7):  # more often than PostgreSQL plans anew by itself
        await rank(runs, "sharpe_ratio", {"strategy": {"eq": "unknown"}}, PageRequest(PAGE))
        assert runs.indexes() == {"ix_backtests_strategy_newest"}
        await rank(runs, "sharpe_ratio", {"strategy": {"eq": "sma_cross"}}, PageRequest(PAGE))
        assert runs.indexes() == {"ix_backtests_best_sharpe_ratio"}
