"""Read the trades of runs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Integer, Select, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.backtests import is_one_of
from resolvers.conditions import write_trade_condition
from resolvers.filters import read_trade_filter
from resolvers.page_statements import Columns, Parents, Part, pick
from resolvers.pages import Listing, Page, Wanted, fetch_pages
from resolvers.paging import Order, PageRequest, mark_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, trades

NUMBERED = (("number", False),)
RUNS = Parents(backtests, ("id",), ("backtest_id",))


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
    said = read_trade_filter(asked)
    keys = order or NUMBERED
    listing = Listing(
        order=Order(trades, (*keys, ("number", keys[-1][1])), mark_of("trades", order, asked)),
        condition=Part(write_trade_condition, said.shape, said.values),
        parents=RUNS,
    )
    return await fetch_pages(database, [(id,) for id in backtest_ids], listing, request, wanted)


async def load_trades(
    database: Database, keys: Sequence[tuple[UUID, int]], *, columns: Columns = None
) -> list[Row | None]:
    """Return trades by run and number, None for an unknown one; with these columns, or with all."""
    statement = _trades(columns, ids=[id for id, _ in keys], numbers=[number for _, number in keys])
    rows = await database.fetch(statement, plan=Plan.ONCE)
    found = {(row["backtest_id"], row["number"]): row for row in rows}
    return [found.get(key) for key in keys]


@shaped
def _trades(columns: Columns, *, ids: Slot, numbers: Slot) -> Select[Any]:
    """Select trades by runs and numbers."""
    wanted_numbers = literal(numbers, type_=ARRAY(Integer))
    own = is_one_of(trades.c.backtest_id, ids)
    picked = pick(trades, columns, ["backtest_id", "number"])
    return select(*picked).where(own, trades.c.number == any_(wanted_numbers))
