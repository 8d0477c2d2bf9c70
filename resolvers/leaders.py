"""Find the best run of each group."""

from collections.abc import Sequence

from sqlalchemy import Select, func, select

from resolvers.filters import Conditions
from resolvers.groups import MOST, check_group_count, group_columns
from resolvers.rankings import ranked_condition, ranking_order
from resolvers.store.database import Database, Row
from resolvers.store.tables import backtests


async def find_leaders(
    database: Database, *, keys: Sequence[str], by: str, conditions: Conditions, min_trades: int
) -> list[Row]:
    """Return the best run of each group, best first, with its `leader_keys` and the number of `candidates`.

    Runs take part that would be ranked. Ties go as in the ranking; without keys all runs are one group.

    Raises:
        BadUserInput: there are more groups than are given at once.
    """
    rows = await database.fetch(_leaders(keys, by, conditions, min_trades))
    check_group_count(len(rows), "ask for fewer keys, or for fewer runs with filter")
    return rows


def _leaders(keys: Sequence[str], by: str, conditions: Conditions, min_trades: int) -> Select[tuple[object, ...]]:
    """Select the first of each group; only ids are sorted, not whole rows."""
    order = ranking_order(by, conditions=conditions, min_trades=min_trades)
    groups = list(group_columns(keys).values())
    candidates = (
        select(
            backtests.c.id,
            func.row_number().over(partition_by=groups, order_by=order.clauses()).label("place"),
            func.count().over(partition_by=groups).label("candidates"),
        )
        .where(ranked_condition(by, conditions=conditions, min_trades=min_trades))
        .subquery("candidates")
    )
    return (
        select(backtests, group_columns(["month"])["month"].label("month"), candidates.c.candidates)
        .join(candidates, candidates.c.id == backtests.c.id)
        .where(candidates.c.place == 1)
        .order_by(*order.clauses())
        .limit(MOST + 1)
    )
