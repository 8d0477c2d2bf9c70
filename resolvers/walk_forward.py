"""Read walk-forward tests."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Double, case, cast, func, select

from resolvers.backtests import is_one_of
from resolvers.optimizations import load_by_id
from resolvers.pages import Listing, Page, Wanted, fetch_pages, parent_key
from resolvers.paging import Order, PageRequest, Sort, mark_of
from resolvers.store.database import Database, Row
from resolvers.store.tables import backtests, walk_forward_tests

table = walk_forward_tests


async def load_walk_forward_pages(
    database: Database, backtest_ids: Sequence[UUID], *, request: PageRequest, wanted: Wanted
) -> list[Page]:
    """Return a page of the walk-forward tests of each run, in the order of their test periods."""
    sorts = (Sort(table.c.test_period_start), Sort(table.c.test_period_end), Sort(table.c.id))
    listing = Listing(
        table=table,
        order=Order(sorts, mark_of("walk_forward_tests")),
        condition=table.c.backtest_id == parent_key("id", backtests.c.id),
    )
    parents = select(backtests.c.id).where(is_one_of(backtests.c.id, backtest_ids))
    pages = await fetch_pages(database, parents, listing, request, wanted)
    return [pages.get((id,), Page()) for id in backtest_ids]


async def load_walk_forward_tests(database: Database, ids: Sequence[UUID]) -> list[Row | None]:
    """Return walk-forward tests by id, None for an unknown one."""
    return await load_by_id(database, ids, table=table)


async def load_walk_forward_summaries(database: Database, backtest_ids: Sequence[UUID]) -> list[Row | None]:
    """Return the figures over all windows of each run, None for a run without windows.

    consistency is the share of windows with a positive return among those whose return is known.
    """
    profit = table.c.out_of_sample_return
    statement = select(
        table.c.backtest_id,
        func.count().label("windows"),
        func.avg(case((profit.is_not(None), cast(case((profit > 0, 1), else_=0), Double)))).label("consistency"),
        func.avg(profit).label("average_out_of_sample_return"),
        func.avg(table.c.out_of_sample_sharpe).label("average_out_of_sample_sharpe"),
        func.min(table.c.out_of_sample_drawdown).label("worst_out_of_sample_drawdown"),
    ).group_by(table.c.backtest_id)
    rows = await database.fetch(statement.where(is_one_of(table.c.backtest_id, backtest_ids)))
    found = {row["backtest_id"]: row for row in rows}
    return [found.get(id) for id in backtest_ids]
