"""Read optimizations and their trials."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Integer, Table, and_, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.backtests import is_one_of
from resolvers.pages import Listing, Page, Wanted, fetch_pages, parent_key
from resolvers.paging import Order, PageRequest, Sort, mark_of
from resolvers.store.database import Database, Row
from resolvers.store.metrics import METRICS_BY_NAME
from resolvers.store.tables import backtests, optimization_trials, optimizations

RANKED = (("rank", False),)

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
    table = optimizations
    listing = Listing(
        table=table,
        order=Order(
            (Sort(table.c.created_at, descending=True), Sort(table.c.id, descending=True)), mark_of("optimizations")
        ),
        condition=table.c.backtest_id == parent_key("id", backtests.c.id),
    )
    parents = select(backtests.c.id).where(is_one_of(backtests.c.id, backtest_ids))
    pages = await fetch_pages(database, parents, listing, request, wanted)
    return [pages.get((id,), Page()) for id in backtest_ids]


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
    table = optimization_trials
    sorts = [Sort(table.c[name], falling, bool(table.c[name].nullable)) for name, falling in order or RANKED]
    listing = Listing(
        table=table,
        order=Order((*sorts, Sort(table.c.number, sorts[-1].descending)), mark_of("trials", order)),
        condition=and_(
            table.c.backtest_id == parent_key("backtest_id", optimizations.c.backtest_id),
            table.c.optimization_id == parent_key("id", optimizations.c.id),
        ),
    )
    parents = select(optimizations.c.backtest_id, optimizations.c.id).where(
        is_one_of(optimizations.c.backtest_id, [backtest_id for backtest_id, _ in keys]),
        is_one_of(optimizations.c.id, [id for _, id in keys]),
    )
    pages = await fetch_pages(database, parents, listing, request, wanted)
    return [pages.get(key, Page()) for key in keys]


async def load_optimizations(database: Database, ids: Sequence[UUID]) -> list[Row | None]:
    """Return optimizations by id, None for an unknown one."""
    return await load_by_id(database, ids, table=optimizations)


async def load_trials(database: Database, keys: Sequence[tuple[UUID, int]]) -> list[Row | None]:
    """Return trials by the id of their optimization and their number, None for an unknown one.

    The run is found through the optimization, so that the key of trials can be used from its start.
    """
    table = optimization_trials
    numbers = literal([number for _, number in keys], type_=ARRAY(Integer))
    joined = optimizations.join(
        table, and_(table.c.backtest_id == optimizations.c.backtest_id, table.c.optimization_id == optimizations.c.id)
    )
    own = is_one_of(optimizations.c.id, [id for id, _ in keys])
    rows = await database.fetch(select(table).select_from(joined).where(own, table.c.number == any_(numbers)))
    found = {(row["optimization_id"], row["number"]): row for row in rows}
    return [found.get(key) for key in keys]


async def load_by_id(database: Database, ids: Sequence[UUID], *, table: Table) -> list[Row | None]:
    """Return rows of a table by their id, None for an unknown one."""
    rows = await database.fetch(select(table).where(is_one_of(table.c.id, ids)))
    found = {row["id"]: row for row in rows}
    return [found.get(id) for id in ids]
