"""Note what happens to runs, in the transaction in which it happens, for those who listen; forget it after an hour.

Each note carries the number of its transaction, by which `resolvers.live` finds exactly what was committed since it
looked the last time.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import CTE, Delete, FromClause, Uuid, delete, func, literal, literal_column, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, Insert, insert

from resolvers.metric_columns import DEFLATED, column_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Transaction, Unavailable
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtest_changes, backtests
from resolvers.store.time_limits import Overdue

logger = logging.getLogger("backtest_graph.live")

KEPT = timedelta(hours=1)
MOST_AT_ONCE = 5_000
"""Changes that one statement forgets: it takes some 20 ms."""
PRUNE_SECONDS = 60.0


class ChangeKind(StrEnum):
    """What happened to a run."""

    SAVED = "SAVED"
    UPDATED = "UPDATED"
    DELETED = "DELETED"


async def note_changes(transaction: Transaction, kind: ChangeKind, ids: Sequence[UUID]) -> None:
    """Note what this transaction does to runs."""
    if ids:
        await transaction.fetch(_note(kind, ids=ids))
        transaction.is_news = True


def note_of(rows: FromClause, kind: ChangeKind, *, deleted_run: Any = None) -> Insert:
    """Write a note for each of some rows with an id, to stand beside the only statement that changes them."""
    names = ["backtest_id", "kind", "changed_at"]
    values = [rows.c.id, _constant(kind), func.now()]
    if deleted_run is not None:
        names, values = [*names, "deleted_run"], [*values, deleted_run]
    return insert(backtest_changes).from_select(names, select(*values))


def noted_deletion(statement: Delete) -> Any:
    """Return the statement that deletes runs and notes each with its row and deflated Sharpe ratio.

    The row is made JSON where the note is written: Citus takes no function that is only STABLE in RETURNING.
    """
    row: list[Any] = [literal_column(f"backtests.{each.name}").label(each.name) for each in backtests.c]
    gone = statement.returning(*row, column_of(DEFLATED).label(DEFLATED)).cte("gone")
    note = note_of(gone, ChangeKind.DELETED, deleted_run=func.to_jsonb(literal_column("gone")))
    return select(gone.c.id).add_cte(note.cte("note"))


def noted_update(changed: CTE) -> Any:
    """Return the statement that notes the runs of an update, which selects their ids."""
    return select(changed.c.id).add_cte(note_of(changed, ChangeKind.UPDATED).cte("note"))


async def prune_often(database: Database) -> None:
    """Forget old changes, now and every minute, until cancelled; what cannot be done now is done the next time."""
    while True:
        try:
            while await prune(database) == MOST_AT_ONCE:
                pass
        except (Unavailable, Overdue, asyncpg.PostgresError) as error:
            logger.warning("Old changes could not be forgotten: %s", error)
        await asyncio.sleep(PRUNE_SECONDS)


async def prune(database: Database, *, most: int = MOST_AT_ONCE) -> int:
    """Forget the oldest changes that are kept for an hour, at most so many, and return how many those were."""
    return len(await database.fetch(_prune(most=most), plan=Plan.ONCE))


@shaped
def _note(kind: ChangeKind, *, ids: Slot) -> Insert:
    """Note runs by their ids; what a transaction did first is what is told."""
    given = func.unnest(literal(ids, type_=ARRAY(Uuid))).table_valued("id", name="given").render_derived()
    return note_of(given, kind).on_conflict_do_nothing()


@shaped
def _prune(*, most: Slot) -> Any:
    """Delete the oldest changes in the order of their key, which is nearly that of their time."""
    key = (backtest_changes.c.transaction_id, backtest_changes.c.backtest_id)
    oldest = select(*key, literal_column("changed_at").label("changed_at"))
    oldest = oldest.order_by(*key).limit(literal(most)).with_for_update(skip_locked=True)
    found = oldest.cte("oldest")
    is_old = found.c.changed_at < func.now() - literal_column(f"interval '{int(KEPT.total_seconds())} seconds'")
    wanted = select(found.c.transaction_id, found.c.backtest_id).where(is_old)
    return delete(backtest_changes).where(tuple_(*key).in_(wanted)).returning(backtest_changes.c.kind)


def _constant(kind: ChangeKind) -> Any:
    return literal_column(f"'{kind.value}'")
