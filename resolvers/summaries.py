"""Summarise how runs did over the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Select,
    Text,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    tuple_,
)
from sqlalchemy.sql.expression import FromClause

from resolvers.aggregates import HUGE
from resolvers.conditions import write_backtest_condition
from resolvers.errors import BadUserInput
from resolvers.filters import Conditions, Shape, read_backtest_filter
from resolvers.metric_columns import REPORTED, choose_column, column_of
from resolvers.saving import now
from resolvers.store.database import Database, Row
from resolvers.store.instants import Instant
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests
from resolvers.up_to_date import bring_up_to_date

MOST_DAYS = 36_500
_DAY = 86_400_000_000
_NAN: ColumnElement[float] = literal_column("float8 'NaN'", Double())
_RETURN = "total_return"
_AVERAGED = {"average_return": _RETURN, "average_sharpe": "sharpe_ratio", "average_win_rate": "win_rate"}


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures over all runs and, where asked for, over each group; since is in microseconds since 1970 UTC."""

    since: int
    whole: Row
    groups: Mapping[str, Sequence[Row]]
    names: tuple[str, ...]
    """The columns of the rows."""


async def summarise_performance(
    database: Database, *, days: int, conditions: Conditions, keys: Sequence[str] = (), basis: str = REPORTED
) -> Summary:
    """Return the figures over the completed runs of the last days, in one statement.

    Args:
        database: where to ask.
        days: days of 24 hours before now, at least 1.
        conditions: only these runs.
        keys: columns to group by, each on its own; the largest group comes first, ties by name.
        basis: REPORTED or COMPUTED, which values of the metrics count.

    Raises:
        BadUserInput: days is not between 1 and 36,500.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadUserInput(f"days is {days} and must be between 1 and {MOST_DAYS:,}.")
    since = now() - days * _DAY
    said = read_backtest_filter(conditions)
    await bring_up_to_date(database, said)
    rows = await database.fetch(_summary(tuple(keys), basis, said.shape, since=since, values=said.values))
    groups: dict[str, list[Row]] = {key: [] for key in keys}
    for row in rows[1:]:
        groups[row["part"]].append(row)
    return Summary(since, rows[0], groups, tuple(rows[0].keys()))


@shaped
def _summary(
    keys: tuple[str, ...], basis: str, conditions: Shape, *, since: Slot, values: Slot
) -> Select[tuple[Any, ...]]:
    """Select the figures over all runs, and behind them those of each group, largest first.

    OFFSET keeps the runs apart from what is done with them: where they lie on other servers (Citus), they are fetched
    first, and only then grouped in several ways at once, which those servers could not do together.
    """
    completed = backtests.c.status == literal_column("'COMPLETED'")
    recent = backtests.c.created_at >= literal(since, type_=Instant)
    columns = [backtests.c[key] for key in keys]
    best = column_of(choose_column(_RETURN, basis)).label(_RETURN)
    matching = select(*columns, best, *(_to_add_up(metric, basis) for metric in _AVERAGED.values()))
    matching = matching.where(completed, recent, write_backtest_condition(conditions, values))
    runs = matching.offset(literal_column("0")).subquery("runs")
    part = case(*((func.grouping(runs.c[key]) == 0, literal(key, type_=Text())) for key in keys)) if keys else null()
    key = func.coalesce(*(runs.c[key] for key in keys)) if keys else null()
    figures = _figures(runs, cast(part, Text), cast(key, Text))
    if keys:
        figures = figures.group_by(func.grouping_sets(tuple_(), *(tuple_(runs.c[key]) for key in keys)))
    parts = figures.subquery("parts")
    order = (parts.c.part.nulls_first(), parts.c["count"].desc(), parts.c.key.collate("C"))
    return select(parts).order_by(*order)


def _to_add_up(metric: str, basis: str) -> ColumnElement[Any]:
    """Return a metric, and NaN, which no stored value is, for one that is too large to be added up."""
    value = column_of(choose_column(metric, basis))
    return case((func.abs(value) >= HUGE, _NAN), else_=value).label(f"{metric}_to_add_up")


def _figures(runs: FromClause, part: ColumnElement[Any], key: ColumnElement[Any]) -> Select[tuple[Any, ...]]:
    means = {name: func.avg(runs.c[f"{metric}_to_add_up"]) for name, metric in _AVERAGED.items()}
    return select(
        part.label("part"),
        key.label("key"),
        func.count().label("count"),
        func.max(runs.c[_RETURN]).label("best_return"),
        func.min(runs.c[_RETURN]).label("worst_return"),
        *(func.nullif(mean, _NAN).label(name) for name, mean in means.items()),
    ).select_from(runs)
