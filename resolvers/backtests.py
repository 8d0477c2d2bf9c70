"""Read runs."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.filters import Conditions, backtest_condition
from resolvers.pages import Listing, Page, Wanted, fetch_page
from resolvers.paging import Order, PageRequest, Sort, mark_of
from resolvers.store.database import Database, Row
from resolvers.store.tables import backtests

NEWEST = (("created_at", True),)


def is_one_of(column: ColumnElement[Any], ids: Sequence[UUID]) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the ids."""
    return column == any_(literal(list(ids), type_=ARRAY(Uuid)))


async def load_backtests(database: Database, ids: Sequence[UUID]) -> list[Row | None]:
    """Return the runs with these ids in their order, None for an unknown one."""
    rows = await database.fetch(select(backtests).where(is_one_of(backtests.c.id, ids)))
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
    listing = Listing(
        table=backtests, order=backtest_order(order or NEWEST, conditions), condition=backtest_condition(conditions)
    )
    return await fetch_page(database, listing, request, wanted)


def backtest_order(order: Sequence[tuple[str, bool]], conditions: Conditions) -> Order:
    """Return the order of runs by these columns, with the mark that ties cursors to it and to the filter."""
    sorts = [Sort(backtests.c[name], falling, bool(backtests.c[name].nullable)) for name, falling in order]
    return Order((*sorts, Sort(backtests.c.id, order[-1][1])), mark_of("backtests", list(order), conditions))
