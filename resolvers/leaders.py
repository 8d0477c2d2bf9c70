"""Find the best run of each group."""

from collections.abc import Sequence

from sqlalchemy import Select, func, literal_column, select

from resolvers.filters import Conditions, Shape, read_backtest_filter
from resolvers.groups import MOST, check_group_count, group_columns
from resolvers.page_statements import Columns, pick
from resolvers.rankings import ranking_sorts, write_ranked_condition
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests
from resolvers.up_to_date import bring_up_to_date


async def find_leaders(
    database: Database,
    *,
    keys: Sequence[str],
    by: str,
    conditions: Conditions,
    min_trades: int,
    columns: Columns = None,
) -> list[Row]:
    """Return the best run of each group, best first, with its `value`, the number of `candidates` and these columns.

    Runs take part that would be ranked. Ties go as in the ranking; without keys all runs are one group.

    Raises:
        BadUserInput: there are more groups than are given at once.
    """
    said = read_backtest_filter(conditions)
    await bring_up_to_date(database, said, by)
    rows = await database.fetch(_leaders(tuple(keys), by, columns, said.shape, values=(min_trades, said.values)))
    check_group_count(len(rows), "ask for fewer keys, or for fewer runs with filter")
    return rows


@shaped
def _leaders(
    keys: tuple[str, ...], by: str, columns: Columns, conditions: Shape, *, values: Slot
) -> Select[tuple[object, ...]]:
    """Select the first of each group; only ids are sorted, not whole rows."""
    sorts = ranking_sorts(by)
    value, _ = (sort.column for sort in sorts.sorts)
    groups = list(group_columns(keys).values())
    candidates = (
        select(
            backtests.c.id,
            value.label("value"),
            func.row_number().over(partition_by=groups, order_by=sorts.clauses()).label("place"),
            func.count().over(partition_by=groups).label("candidates"),
        )
        .where(write_ranked_condition((by, conditions), values))
        .subquery("candidates")
    )
    picked = pick(backtests, columns, ["id", *keys])
    month = group_columns(["month"])["month"].label("month")
    return (
        select(*picked, month, candidates.c.value, candidates.c.candidates)
        .join(candidates, candidates.c.id == backtests.c.id)
        .where(candidates.c.place == literal_column("1"))
        .order_by(*sorts.clauses([candidates.c.value, candidates.c.id]))
        .limit(MOST + 1)
    )
