"""Rank runs by a metric."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy import ColumnElement, Integer, Table, Text, and_, case, cast, func, literal, literal_column, select

from resolvers.conditions import write_backtest_condition
from resolvers.filters import Conditions, Shape, read_backtest_filter
from resolvers.metric_columns import DEFLATED
from resolvers.page_statements import Part
from resolvers.pages import Listing, Page, Wanted, fetch_page
from resolvers.paging import Carried, Order, PageRequest, Sorts, mark_of, sorts_of
from resolvers.store.clusters import IS_CLUSTER
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.metrics import LOWER_IS_BETTER
from resolvers.store.tables import RANKED, backtests, deflated_sharpe_ratios
from resolvers.up_to_date import bring_up_to_date

_FILTERED: Mapping[str, Sequence[str]] = {**dict.fromkeys(RANKED, ("symbol",)), DEFLATED: ()}
"""What an index answers the ranking by, with the columns one of which may be asked for with it, whatever the value.

Which of two joined tables is read first depends on how many runs a symbol has.
"""


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

    A rank is one more than the number of better runs, so equal values share it: 1, 2, 2, 4. The cursor of a ranked run
    carries how many are ahead of it, so that a page far behind costs no more than the first one; where anything was
    saved since, they are counted anew, and ranks are right even then.

    by names a column of a metric, or the deflated Sharpe ratio.
    """
    order = ranking_order(by, conditions=conditions, min_trades=min_trades)
    said = read_backtest_filter(conditions)
    await bring_up_to_date(database, said, by)
    condition = Part(write_ranked_condition, (by, said.shape), (min_trades, said.values))
    start = _Start(*order.decode_more(request.after)) if request.after is not None else None
    figure = _ahead_part(condition, start) if with_ranks else None
    plan = said.plan(_FILTERED[by]) if by in _FILTERED else Plan.EACH_TIME
    listing = Listing(order=order, condition=condition, figure=figure, plan=plan)
    page = await fetch_page(database, listing, request, wanted)
    if not with_ranks:
        return Ranking(page, [None] * len(page.rows))
    return Ranking(page, _ranks(page, by, start))


def ranking_order(by: str, *, conditions: Conditions, min_trades: int) -> Order:
    """Return the order of a ranking: best first, ties by id in the direction of the index."""
    mark = mark_of("ranking", by, min_trades, conditions)
    # Only values that are not null are ranked, and saying so lets the index answer.
    return Order(backtests, _keys(by), mark, without_nulls=True, beside=_beside(by))


def ranking_sorts(by: str) -> Sorts:
    """Return the columns of a ranking's order: the value, then the id of the run."""
    return sorts_of(backtests, _keys(by), True, _beside(by))


def _keys(by: str) -> tuple[tuple[str, bool], ...]:
    falling = by not in LOWER_IS_BETTER
    return (by, falling), ("id" if _beside(by) is None else "backtest_id", falling)


def _beside(by: str) -> Table | None:
    """Return the table that the value stands in, if not in that of the runs; its index then gives the order."""
    return deflated_sharpe_ratios if by == DEFLATED else None


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
        _has_value(by),
        backtests.c.total_trades >= literal(values[0], type_=Integer),
        write_backtest_condition(conditions, values[1]),
    )


def _has_value(by: str) -> ColumnElement[bool]:
    table = _beside(by)
    if table is None:
        return backtests.c[by].is_not(None)
    # That the symbol is the same says nothing new, but lets the index of symbols answer where one is asked for.
    return and_(table.c.backtest_id == backtests.c.id, table.c.symbol == backtests.c.symbol)


class _Start(NamedTuple):
    """The run that a page starts behind: its sort values, and what its cursor carries."""

    values: Sequence[Any]
    carried: Carried | None


def _ahead_part(condition: Part, start: _Start | None) -> Part:
    """Return the figure that ranks follow from: how many runs are ahead of the page, and what was seen for it."""
    if start is None:
        return Part(_nothing_ahead)
    carried = start.carried or Carried(0, 0, "")
    return Part(_ahead, condition.shape, (condition.values, start.values, carried))


def _nothing_ahead(shape: Any, values: Any) -> ColumnElement[Any]:  # noqa: ARG001 - has neither
    zero: ColumnElement[int] = literal_column("0")
    return select(_figure(zero, zero)).scalar_subquery()


def _ahead(shape: Any, values: Any) -> ColumnElement[Any]:
    """Take what the cursor carries if the same is seen as then, else count."""
    condition, start, carried = values[0], values[1], values[2]
    place, better = (literal(carried[index], type_=Integer) for index in (0, 1))
    is_same = _seen() == literal(carried[2], type_=Text)
    counted = _counted(shape[0], write_ranked_condition(shape, condition), start)
    return select(case((is_same, _figure(place, better)), else_=counted)).scalar_subquery()


def _counted(by: str, condition: ColumnElement[bool], start: Any) -> ColumnElement[Any]:
    """Count the runs up to the cursor's, and those of them that are better than it."""
    sorts = ranking_sorts(by)
    metric = sorts.sorts[0].column
    value = literal(start[0], type_=metric.type)
    better = metric > value if sorts.sorts[0].descending else metric < value
    figure = _figure(func.count(), func.count().filter(better))
    reached = sorts.beyond(start, (True, True), backward=True, inclusive=True)
    return select(figure).select_from(backtests).where(condition, reached).correlate(None).scalar_subquery()


def _figure(place: Any, better: Any) -> ColumnElement[Any]:
    """Return it as text: each row has it, and one of them is read."""
    return cast(func.jsonb_build_array(place, better, _seen()), Text)


def _seen() -> ColumnElement[Any]:
    """Return what tells one state of the tables from another: which transactions have ended, since which start.

    Two questions with the same snapshot see the same rows. It is null where rows lie on other servers (Citus), whose
    transactions it does not show.
    """
    snapshot = cast(func.pg_current_snapshot(), Text).concat(cast(func.pg_postmaster_start_time(), Text))
    return case((~IS_CLUSTER, snapshot))


def _ranks(page: Page, by: str, start: _Start | None) -> list[int]:
    """Return the rank of each row: its place, or the rank of an equal one ahead of it; and have cursors carry it."""
    if not page.rows:
        return []
    ahead, better, seen = orjson.loads(page.rows[0]["figure"])
    last = None if start is None else start.values[0]
    ranks, rank = [], better + 1
    for place, row in enumerate(page.rows, ahead + 1):
        if row[by] != last:
            rank, last = place, row[by]
        ranks.append(rank)
    if seen:
        page.carried = lambda index: Carried(ahead + 1 + index, ranks[index] - 1, seen)
    return ranks
