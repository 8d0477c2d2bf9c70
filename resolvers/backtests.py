"""Read runs."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.conditions import write_backtest_condition
from resolvers.filters import Conditions, read_backtest_filter
from resolvers.page_statements import Columns, Part, pick
from resolvers.pages import Listing, Page, Wanted, fetch_page
from resolvers.paging import Order, PageRequest, mark_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests

NEWEST = (("created_at", True),)


def is_one_of(column: ColumnElement[Any], ids: Sequence[UUID] | Slot) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the ids."""
    return column == any_(literal(ids, type_=ARRAY(Uuid)))


async def load_backtests(database: Database, ids: Sequence[UUID], *, columns: Columns = None) -> list[Row | None]:
    """Return the runs with these ids in their order, None for an unknown one; with these columns, or with all."""
    rows = await database.fetch(_runs(columns, ids=ids), plan=Plan.ONCE)
    found: Mapping[UUID, Row] = {row["id"]: row for row in rows}
    return [found.get(id) for id in ids]


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


@shaped
def _runs(columns: Columns, *, ids: Slot) -> Select[Any]:
    """Select runs by their ids."""
    return select(*pick(backtests, columns, ["id"])).where(is_one_of(backtests.c.id, ids))
