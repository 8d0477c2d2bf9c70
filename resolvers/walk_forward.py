"""Read walk-forward tests."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Double, Select, case, cast, func, select

from resolvers.backtests import is_one_of
from resolvers.optimizations import RUNS, load_by_id
from resolvers.page_statements import Columns
from resolvers.pages import Listing, Page, Wanted, fetch_pages
from resolvers.paging import Order, PageRequest, mark_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import walk_forward_tests

table = walk_forward_tests

BY_PERIOD = (("test_period_start", False), ("test_period_end", False), ("id", False))


async def load_walk_forward_pages(
    database: Database, backtest_ids: Sequence[UUID], *, request: PageRequest, wanted: Wanted
) -> list[Page]:
    """Return a page of the walk-forward tests of each run, in the order of their test periods."""
    listing = Listing(order=Order(table, BY_PERIOD, mark_of("walk_forward_tests")), parents=RUNS)
    return await fetch_pages(database, [(id,) for id in backtest_ids], listing, request, wanted)


async def load_walk_forward_tests(
    database: Database, ids: Sequence[UUID], *, columns: Columns = None
) -> list[Row | None]:
    """Return walk-forward tests by id, None for an unknown one; with these columns, or with all."""
    return await load_by_id(database, ids, table=table, columns=columns)


async def load_walk_forward_summaries(database: Database, backtest_ids: Sequence[UUID]) -> list[Row | None]:
    """Return the figures over all windows of each run, None for a run without windows.

    consistency is the share of windows with a positive return among those whose return is known.
    """
    rows = await database.fetch(_summaries(ids=backtest_ids), plan=Plan.ONCE)
    found = {row["backtest_id"]: row for row in rows}
    return [found.get(id) for id in backtest_ids]


@shaped
def _summaries(*, ids: Slot) -> Select[Any]:
    """Select the figures over all windows of each run."""
    profit = table.c.out_of_sample_return
    figures = select(
        table.c.backtest_id,
        func.count().label("windows"),
        func.avg(case((profit.is_not(None), cast(case((profit > 0, 1), else_=0), Double)))).label("consistency"),
        func.avg(profit).label("average_out_of_sample_return"),
        func.avg(table.c.out_of_sample_sharpe).label("average_out_of_sample_sharpe"),
        func.min(table.c.out_of_sample_drawdown).label("worst_out_of_sample_drawdown"),
    )
    return figures.where(is_one_of(table.c.backtest_id, ids)).group_by(table.c.backtest_id)
