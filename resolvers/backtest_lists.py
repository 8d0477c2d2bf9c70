"""List runs in any order."""

from collections.abc import Sequence

from resolvers.conditions import write_backtest_condition
from resolvers.filters import Conditions, read_backtest_filter
from resolvers.page_statements import Part
from resolvers.pages import Listing, Page, Wanted, fetch_page
from resolvers.paging import Order, PageRequest, mark_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.tables import backtests
from resolvers.up_to_date import bring_up_to_date

NEWEST = (("created_at", True),)


async def list_backtests(
    database: Database,
    *,
    conditions: Conditions,
    order: Sequence[tuple[str, bool]],
    request: PageRequest,
    wanted: Wanted,
) -> Page:
    """Return a page of the runs that match.

    order names columns, each with whether it falls; the id decides ties, in the direction of the last column.
    """
    said = read_backtest_filter(conditions)
    await bring_up_to_date(database, said)
    is_newest = [name for name, _ in order or NEWEST] == ["created_at"]
    listing = Listing(
        order=backtest_order(order or NEWEST, conditions),
        condition=Part(write_backtest_condition, said.shape, said.values),
        plan=said.plan(("symbol", "strategy")) if is_newest else Plan.EACH_TIME,
    )
    return await fetch_page(database, listing, request, wanted)


def backtest_order(order: Sequence[tuple[str, bool]], conditions: Conditions) -> Order:
    """Return the order of runs by these columns, with the mark that ties cursors to it and to the filter."""
    return Order(backtests, (*order, ("id", order[-1][1])), mark_of("backtests", list(order), conditions))
