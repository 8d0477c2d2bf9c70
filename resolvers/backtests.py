"""Read runs."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.metric_columns import DEFLATED, column_of
from resolvers.page_statements import Columns, pick
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests


def is_one_of(column: ColumnElement[Any], ids: Sequence[UUID] | Slot) -> ColumnElement[bool]:
    """Return the condition that a column holds one of the ids."""
    return column == any_(literal(ids, type_=ARRAY(Uuid)))


async def load_backtests(
    database: Database, ids: Sequence[UUID], *, columns: Columns = None, with_deflated: bool = False
) -> list[Row | None]:
    """Return the runs with these ids in their order, None for an unknown one; with these columns, or with all.

    with_deflated adds the deflated Sharpe ratio, which is no column of theirs.
    """
    rows = await database.fetch(_runs(columns, with_deflated, ids=ids), plan=Plan.ONCE)
    found: Mapping[UUID, Row] = {row["id"]: row for row in rows}
    return [found.get(id) for id in ids]


@shaped
def _runs(columns: Columns, with_deflated: bool, *, ids: Slot) -> Select[Any]:
    """Select runs by their ids."""
    picked = pick(backtests, columns, ["id"])
    if with_deflated:
        picked.append(column_of(DEFLATED).label(DEFLATED))
    return select(*picked).where(is_one_of(backtests.c.id, ids))
