"""Read walk-forward tests."""

from collections.abc import Sequence
from uuid import UUID

from resolvers.optimizations import RUNS, load_by_id
from resolvers.page_statements import Columns
from resolvers.pages import Listing, Page, Wanted, fetch_pages
from resolvers.paging import Order, PageRequest, mark_of
from resolvers.store.database import Database, Row
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
