"""Rank runs by a metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, func, literal, literal_column, select
from sqlalchemy.dialects.postgresql import array

from resolvers.conditions import write_backtest_condition
from resolvers.filters import Conditions, Shape, read_backtest_filter
from resolvers.page_statements import Part
from resolvers.pages import Listing, Page, Wanted, fetch_page
from resolvers.paging import Order, PageRequest, mark_of, sorts_of
from resolvers.store.database import Database
from resolvers.store.metrics import METRICS_BY_NAME
from resolvers.store.tables import backtests


@dataclass(frozen=True, slots=True)
class Ranking:
    """A page of runs, best first, with the rank of each, or None where ranks were not asked for."""

    page: Page
    ranks: Sequence[int | None]


async def rank_backtests(
    database: Database,
    *,
    by: str,
    conditions: Conditions,
    min_trades: int,
    request: PageRequest,
    wanted: Wanted,
    with_ranks: bool = True,
) -> Ranking:
    """Return a page of the runs that can be ranked and match, in one statement.

    A rank is one more than the number of better runs, so equal values share it: 1, 2, 2, 4. It is counted anew for
    each page, and therefore right even after runs were saved in between.
    """
    order = ranking_order(by, conditions=conditions, min_trades=min_trades)
    said = read_backtest_filter(conditions)
    condition = Part(write_ranked_condition, (by, said.shape), (min_trades, said.values))
    start = order.decode(request.after) if with_ranks and request.after is not None else None
    ahead = None if start is None else Part(_ahead, (order.keys, condition.shape), (condition.values, start))
    listing = Listing(order=order, condition=condition, figure=ahead, plan=said.plan)
    page = await fetch_page(database, listing, request, wanted)
    return Ranking(page, _ranks(page, by, start) if with_ranks else [None] * len(page.rows))


def ranking_order(by: str, *, conditions: Conditions, min_trades: int) -> Order:
    """Return the order of a ranking: best first, ties by id in the direction of the index."""
    mark = mark_of("ranking", by, min_trades, conditions)
    # Only values that are not null are ranked, and saying so lets the index answer.
    return Order(backtests, ranking_keys(by), mark, without_nulls=True)


def ranking_keys(by: str) -> tuple[tuple[str, bool], ...]:
    """Return the columns of a ranking's order, each with whether it falls."""
    falling = not METRICS_BY_NAME[by].lower_is_better
    return (by, falling), ("id", falling)


def ranked_condition(by: str, *, conditions: Conditions, min_trades: int) -> ColumnElement[bool]:
    """Return which runs are ranked: completed ones that match, with enough trades and a value."""
    said = read_backtest_filter(conditions)
    return write_ranked_condition((by, said.shape), (min_trades, said.values))


def write_ranked_condition(shape: tuple[str, Shape], values: Any) -> ColumnElement[bool]:
    """Return the same for a metric and the shape of a filter; the values are those of min_trades and of the filter."""
    by, conditions = shape
    return and_(
        # Written out, for a plan that holds for any parameter cannot use the index of completed runs.
        backtests.c.status == literal_column("'COMPLETED'"),
        backtests.c[by].is_not(None),
        backtests.c.total_trades >= literal(values[0], type_=Integer),
        write_backtest_condition(conditions, values[1]),
    )


def _ahead(shape: Any, values: Any) -> ColumnElement[Any]:
    """Count the runs up to the cursor's, and those of them that are better than it."""
    keys, asked = shape
    condition, start = values[0], values[1]
    sorts = sorts_of(backtests, keys, True)
    metric = sorts.sorts[0].column
    value = literal(start[0], type_=metric.type)
    better = metric > value if sorts.sorts[0].descending else metric < value
    counted = select(array([func.count(), func.count().filter(better)])).select_from(backtests)
    reached = sorts.beyond(start, (True, True), backward=True, inclusive=True)
    return counted.where(write_ranked_condition(asked, condition), reached).correlate(None).scalar_subquery()


def _ranks(page: Page, by: str, start: Sequence[Any] | None) -> list[int]:
    """Return the rank of each row: its place in the ranking, or the rank of an equal one ahead of it."""
    last, (ahead, better) = None, (0, 0)
    if page.rows and start is not None:
        last, (ahead, better) = start[0], page.rows[0]["figure"]
    ranks, rank = [], better + 1
    for place, row in enumerate(page.rows, ahead + 1):
        if row[by] != last:
            rank, last = place, row[by]
        ranks.append(rank)
    return ranks
