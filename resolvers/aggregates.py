"""Statistics of metrics over groups of runs."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Double, Integer, Select, case, cast, func, literal, select

from resolvers.conditions import write_backtest_condition
from resolvers.errors import BadUserInput
from resolvers.filters import Conditions, Shape, read_backtest_filter
from resolvers.groups import MOST, check_group_count, group_columns
from resolvers.metric_columns import runs_with
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.up_to_date import bring_up_to_date

Column = ColumnElement[Any]

HUGE = 1e140
"""From here on PostgreSQL's sums of squares over a million runs may overflow, which is an error there."""


def mean(column: Column) -> Column:
    """Return the arithmetic mean without nulls; null where there is no value, or one that is too large to add up."""
    return _unless_huge(func.avg, column)


def _deviation(column: Column) -> Column:
    """Return the sample standard deviation; null for fewer than two values, or where one is too large to square."""
    return _unless_huge(func.stddev_samp, column)


def _unless_huge(function: Callable[[Column], Any], column: Column) -> Column:
    size = func.abs(column)
    return case((func.max(size) < HUGE, function(column).filter(size < HUGE)))


def _percentile(share: float) -> Callable[[Column], Column]:
    return lambda column: func.percentile_cont(share).within_group(column)


STATISTICS: Mapping[str, Callable[[Column], Column]] = {
    "count": func.count,
    "min": func.min,
    "p05": _percentile(0.05),
    "p25": _percentile(0.25),
    "median": _percentile(0.5),
    "mean": mean,
    "p75": _percentile(0.75),
    "p95": _percentile(0.95),
    "max": func.max,
    "standard_deviation": _deviation,
}
"""Each statistic of the values that are not null; percentiles are interpolated."""


@dataclass(frozen=True, slots=True)
class GroupOrder:
    """An order of groups by a statistic of a metric, or by the number of runs where no metric is named."""

    by: str | None = None
    statistic: str = "count"
    descending: bool = True
    first: int | None = None
    """So many groups; all where it is None."""


async def aggregate_backtests(
    database: Database,
    *,
    keys: Sequence[str],
    conditions: Conditions,
    statistics: Mapping[str, Collection[str]],
    order: GroupOrder,
) -> list[Row]:
    """Return the groups of runs, each with its keys, its `count` and the statistics under `statistic_name`.

    Without keys all runs are one group, which is there even where no run is.

    Args:
        database: where to ask.
        keys: what to group by.
        conditions: only these runs.
        statistics: names of statistics for the columns of metrics; only these are computed.
        order: nulls come last both ways, ties go by the keys.

    Raises:
        BadUserInput: the order makes no sense, or there are more groups than are given at once.
    """
    _check(order)
    said = read_backtest_filter(conditions)
    await bring_up_to_date(database, said, order.by, *statistics)
    figures = tuple((metric, tuple(names)) for metric, names in statistics.items())
    place = (order.by, order.statistic, order.descending)
    limit = MOST + 1 if order.first is None else order.first
    statement = _aggregates(tuple(keys), said.shape, figures, place, values=said.values, limit=limit)
    rows = await database.fetch(statement)
    check_group_count(len(rows), "ask for the first ones with orderBy, for fewer keys, or for fewer runs with filter")
    return rows


def statistic_name(metric: str, statistic: str) -> str:
    """Return the name of the column that holds a statistic of a metric."""
    return f"{metric}.{statistic}"


def _check(order: GroupOrder) -> None:
    if order.by is None and order.statistic != "count":
        raise BadUserInput(f"orderBy says {order.statistic.upper()} but not of which metric: add by.")
    if order.first is not None and not 0 <= order.first <= MOST:
        raise BadUserInput(f"orderBy.first is {order.first} and must be between 0 and {MOST:,}.")


@shaped
def _aggregates(
    keys: tuple[str, ...],
    conditions: Shape,
    statistics: tuple[tuple[str, tuple[str, ...]], ...],
    place: tuple[str | None, str, bool],
    *,
    values: Slot,
    limit: Slot,
) -> Select[tuple[object, ...]]:
    """Select the groups with what is asked of them."""
    columns = group_columns(keys)
    runs, values_of = runs_with([place[0], *(metric for metric, _ in statistics)])
    figures = [
        _statistic(values_of[metric], name).label(statistic_name(metric, name))
        for metric, names in statistics
        for name in names
    ]
    named = [column.label(key) for key, column in columns.items()]
    condition = write_backtest_condition(conditions, values)
    grouped = select(*named, func.count().label("count"), *figures).where(condition).select_from(runs)
    return (
        grouped.group_by(*columns.values())
        .order_by(_place(values_of, *place), *columns.values())
        .limit(literal(limit, type_=Integer))
    )


def _statistic(column: Column, name: str) -> Column:
    return STATISTICS[name](column if isinstance(column.type, Double) else cast(column, Double))


def _place(columns: Mapping[str, Column], by: str | None, statistic: str, descending: bool) -> Column:
    place: Column = func.count() if by is None else _statistic(columns[by], statistic)
    return (place.desc() if descending else place.asc()).nulls_last()
