"""Summarise how runs did over the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
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
    union_all,
)
from sqlalchemy.sql.expression import FromClause

from resolvers.aggregates import HUGE
from resolvers.conditions import write_backtest_condition
from resolvers.errors import BadUserInput
from resolvers.filters import Conditions, Shape, read_backtest_filter
from resolvers.saving import now
from resolvers.store.database import Database, Row
from resolvers.store.instants import Instant
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests

MOST_DAYS = 36_500
_DAY = 86_400_000_000
_NAN: ColumnElement[float] = literal_column("float8 'NaN'", Double())
_AVERAGED = {"average_return": "total_return", "average_sharpe": "sharpe_ratio", "average_win_rate": "win_rate"}


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures over all runs and, where asked for, over each group; since is in microseconds since 1970 UTC."""

    since: int
    whole: Row
    groups: Mapping[str, Sequence[Row]]
    names: tuple[str, ...]
    """The columns of the rows."""


async def summarise_performance(
    database: Database, *, days: int, conditions: Conditions, keys: Sequence[str] = ()
) -> Summary:
    """Return the figures over the completed runs of the last days, in one statement.

    Args:
        database: where to ask.
        days: days of 24 hours before now, at least 1.
        conditions: only these runs.
        keys: columns to group by, each on its own; the largest group comes first, ties by name.

    Raises:
        BadUserInput: days is not between 1 and 36,500.
    """
    if not 1 <= days <= MOST_DAYS:
        raise BadUserInput(f"days is {days} and must be between 1 and {MOST_DAYS:,}.")
    since = now() - days * _DAY
    said = read_backtest_filter(conditions)
    rows = await database.fetch(_summary(tuple(keys), said.shape, since=since, values=said.values))
    groups: dict[str, list[Row]] = {key: [] for key in keys}
    for row in rows[1:]:
        groups[row["part"]].append(row)
    return Summary(since, rows[0], groups, tuple(rows[0].keys()))


@shaped
def _summary(keys: tuple[str, ...], conditions: Shape, *, since: Slot, values: Slot) -> Select[tuple[Any, ...]]:
    """Select the figures over all runs, and behind them those of each group, largest first.

    Runs are added up once, by all keys together; the parts are added up from these sums, which are fewer.
    """
    completed = backtests.c.status == literal_column("'COMPLETED'")
    recent = backtests.c.created_at >= literal(since, type_=Instant)
    columns = [backtests.c[key] for key in keys]
    sums = select(*columns, *_sums()).where(completed, recent, write_backtest_condition(conditions, values))
    summed = sums.group_by(*columns).cte("sums")
    groups = [_figures(summed, literal(key, type_=Text()), summed.c[key]).group_by(summed.c[key]) for key in keys]
    parts = union_all(_figures(summed, cast(null(), Text), cast(null(), Text)), *groups).subquery("parts")
    order = (parts.c.part.nulls_first(), parts.c["count"].desc(), parts.c.key.collate("C"))
    return select(parts).order_by(*order)


def _sums() -> list[ColumnElement[Any]]:
    """Return what figures follow from; a value that is too large to add up makes its sum NaN, which no value is."""
    sums: list[ColumnElement[Any]] = [
        func.count().label("count"),
        func.max(backtests.c.total_return).label("best_return"),
        func.min(backtests.c.total_return).label("worst_return"),
    ]
    for metric in _AVERAGED.values():
        value = backtests.c[metric]
        sums.append(func.sum(case((func.abs(value) >= HUGE, _NAN), else_=value)).label(metric))
        sums.append(func.count(value).label(f"{metric}_count"))
    return sums


def _figures(sums: FromClause, part: ColumnElement[Any], key: ColumnElement[Any]) -> Select[tuple[Any, ...]]:
    return select(
        part.label("part"),
        key.label("key"),
        cast(func.coalesce(func.sum(sums.c["count"]), 0), BigInteger).label("count"),
        func.max(sums.c.best_return).label("best_return"),
        func.min(sums.c.worst_return).label("worst_return"),
        *(_mean(sums.c[metric], sums.c[f"{metric}_count"]).label(name) for name, metric in _AVERAGED.items()),
    ).select_from(sums)


def _mean(sums: ColumnElement[Any], counts: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.nullif(func.sum(sums) / cast(func.nullif(func.sum(counts), 0), Double), _NAN)
