"""Read optimizations and their trials."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, Table, and_, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.backtests import is_one_of
from resolvers.page_statements import Columns, Parents, pick
from resolvers.pages import Listing, Page, Wanted, fetch_pages
from resolvers.paging import Order, PageRequest, mark_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.metrics import METRICS_BY_NAME
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, optimization_trials, optimizations

RANKED = (("rank", False),)
RUNS = Parents(backtests, ("id",), ("backtest_id",))
SWEEPS = Parents(optimizations, ("backtest_id", "id"), ("backtest_id", "optimization_id"))

ENGINE_NAMES = {
    "annual_return": "annualized_return",
    "avg_win": "average_win",
    "avg_loss": "average_loss",
    "best_trade": "largest_win",
    "worst_trade": "largest_loss",
    "max_dd": "max_drawdown",
    "final_value": "final_portfolio_value",
    "peak_value": "peak_portfolio_value",
}
"""Other names that objectives are known by."""


def metric_of(objective: str) -> str | None:
    """Return the metric that an objective names, if it is one of ours."""
    name = objective.strip().lower().replace(" ", "_").replace("-", "_")
    name = ENGINE_NAMES.get(name, name)
    return name if name in METRICS_BY_NAME else None


async def load_optimization_pages(
    database: Database, backtest_ids: Sequence[UUID], *, request: PageRequest, wanted: Wanted
) -> list[Page]:
    """Return a page of the optimizations of each run, newest first."""
    order = Order(optimizations, (("created_at", True), ("id", True)), mark_of("optimizations"))
    keys = [(id,) for id in backtest_ids]
    return await fetch_pages(database, keys, Listing(order=order, parents=RUNS), request, wanted)


async def load_trial_pages(
    database: Database,
    keys: Sequence[tuple[UUID, UUID]],
    *,
    order: tuple[tuple[str, bool], ...],
    request: PageRequest,
    wanted: Wanted,
) -> list[Page]:
    """Return a page of the trials of each optimization, which is named by the ids of its run and of itself.

    order names columns, each with whether it falls; best first where it is empty. The number decides ties.
    """
    sorts = order or RANKED
    total_order = Order(optimization_trials, (*sorts, ("number", sorts[-1][1])), mark_of("trials", order))
    return await fetch_pages(database, keys, Listing(order=total_order, parents=SWEEPS), request, wanted)


async def load_optimizations(database: Database, ids: Sequence[UUID], *, columns: Columns = None) -> list[Row | None]:
    """Return optimizations by id, None for an unknown one; with these columns, or with all."""
    return await load_by_id(database, ids, table=optimizations, columns=columns)


async def load_trials(
    database: Database, keys: Sequence[tuple[UUID, int]], *, columns: Columns = None
) -> list[Row | None]:
    """Return trials by the id of their optimization and their number, None for an unknown one.

    The run is found through the optimization, so that the key of trials can be used from its start.
    """
    statement = _trials(columns, ids=[id for id, _ in keys], numbers=[number for _, number in keys])
    rows = await database.fetch(statement, plan=Plan.ONCE)
    found = {(row["optimization_id"], row["number"]): row for row in rows}
    return [found.get(key) for key in keys]


async def load_by_id(
    database: Database, ids: Sequence[UUID], *, table: Table, columns: Columns = None
) -> list[Row | None]:
    """Return rows of a table by their id, None for an unknown one."""
    rows = await database.fetch(_by_id(table, columns, ids=ids), plan=Plan.ONCE)
    found = {row["id"]: row for row in rows}
    return [found.get(id) for id in ids]


@shaped
def _trials(columns: Columns, *, ids: Slot, numbers: Slot) -> Select[Any]:
    """Select trials by optimizations and numbers."""
    table = optimization_trials
    joined = optimizations.join(
        table, and_(table.c.backtest_id == optimizations.c.backtest_id, table.c.optimization_id == optimizations.c.id)
    )
    wanted_numbers = literal(numbers, type_=ARRAY(Integer))
    own = is_one_of(optimizations.c.id, ids)
    picked = pick(table, columns, ["optimization_id", "number"])
    return select(*picked).select_from(joined).where(own, table.c.number == any_(wanted_numbers))


@shaped
def _by_id(table: Table, columns: Columns, *, ids: Slot) -> Select[Any]:
    """Select rows by their ids."""
    return select(*pick(table, columns, ["id"])).where(is_one_of(table.c.id, ids))
