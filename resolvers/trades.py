"""Read the trades of runs."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import Integer, and_, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.backtests import is_one_of
from resolvers.filters import trade_condition
from resolvers.pages import Listing, Page, Wanted, fetch_pages, parent_key
from resolvers.paging import Order, PageRequest, Sort, mark_of
from resolvers.store.database import Database, Row
from resolvers.store.tables import backtests, trades

NUMBERED = (("number", False),)


async def load_trade_pages(
    database: Database,
    backtest_ids: Sequence[UUID],
    *,
    conditions: bytes,
    order: tuple[tuple[str, bool], ...],
    request: PageRequest,
    wanted: Wanted,
) -> list[Page]:
    """Return a page of the trades of each run.

    conditions is the JSON of a trade filter; order names columns, each with whether it falls. The number decides ties.
    """
    asked = orjson.loads(conditions)
    own = trades.c.backtest_id == parent_key("id", backtests.c.id)
    sorts = [Sort(trades.c[name], falling, bool(trades.c[name].nullable)) for name, falling in order or NUMBERED]
    listing = Listing(
        table=trades,
        order=Order((*sorts, Sort(trades.c.number, sorts[-1].descending)), mark_of("trades", order, asked)),
        condition=and_(own, trade_condition(asked)),
    )
    parents = select(backtests.c.id).where(is_one_of(backtests.c.id, backtest_ids))
    pages = await fetch_pages(database, parents, listing, request, wanted)
    return [pages.get((id,), Page()) for id in backtest_ids]


async def load_trades(database: Database, keys: Sequence[tuple[UUID, int]]) -> list[Row | None]:
    """Return trades by run and number, None for an unknown one."""
    numbers = literal([number for _, number in keys], type_=ARRAY(Integer))
    own = is_one_of(trades.c.backtest_id, [id for id, _ in keys])
    rows = await database.fetch(select(trades).where(own, trades.c.number == any_(numbers)))
    found = {(row["backtest_id"], row["number"]): row for row in rows}
    return [found.get(key) for key in keys]
