"""Rank runs by a metric."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, select
from sqlalchemy.dialects.postgresql import array

from resolvers.filters import Conditions, backtest_condition
from resolvers.pages import Listing, Page, Wanted, fetch_page
from resolvers.paging import Order, PageRequest, Sort, mark_of
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
    condition = ranked_condition(by, conditions=conditions, min_trades=min_trades)
    columns = [_ahead(order, condition, request.after)] if with_ranks and request.after is not None else []
    listing = Listing(table=backtests, order=order, condition=condition, columns=columns)
    page = await fetch_page(database, listing, request, wanted)
    return Ranking(page, _ranks(page, by, order, request.after) if with_ranks else [None] * len(page.rows))


def ranking_order(by: str, *, conditions: Conditions, min_trades: int) -> Order:
    """Return the order of a ranking: best first, ties by id in the direction of the index."""
    falling = not METRICS_BY_NAME[by].lower_is_better
    # Only values that are not null are ranked, and saying so lets the index answer.
    sorts = (Sort(backtests.c[by], falling), Sort(backtests.c.id, falling))
    return Order(sorts, mark_of("ranking", by, min_trades, conditions))


def ranked_condition(by: str, *, conditions: Conditions, min_trades: int) -> ColumnElement[bool]:
    """Return which runs are ranked: completed ones that match, with enough trades and a value."""
    return and_(
        # Written out, for a plan that holds for any parameter cannot use the index of completed runs.
        backtests.c.status == literal_column("'COMPLETED'"),
        backtests.c[by].is_not(None),
        backtests.c.total_trades >= min_trades,
        backtest_condition(conditions),
    )


def _ahead(order: Order, condition: ColumnElement[bool], after: str) -> ColumnElement[Any]:
    """Count the runs up to the cursor's, and those of them that are better than it."""
    metric, value = order.sorts[0].column, order.decode(after)[0]
    better = metric > value if order.sorts[0].descending else metric < value
    counted = select(array([func.count(), func.count().filter(better)])).select_from(backtests)
    reached = order.beyond(after, backward=True, inclusive=True)
    return counted.where(condition, reached).correlate(None).scalar_subquery().label("ahead")


def _ranks(page: Page, by: str, order: Order, after: str | None) -> list[int]:
    """Return the rank of each row: its place in the ranking, or the rank of an equal one ahead of it."""
    last, (ahead, better) = None, (0, 0)
    if page.rows and after is not None:
        last, (ahead, better) = order.decode(after)[0], page.rows[0]["ahead"]
    ranks, rank = [], better + 1
    for place, row in enumerate(page.rows, ahead + 1):
        if row[by] != last:
            rank, last = place, row[by]
        ranks.append(rank)
    return ranks
