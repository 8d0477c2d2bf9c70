"""What was committed since the last look, exactly: in whichever order, by whichever process.

A look remembers its snapshot, which says of every transaction whether it was committed by then. New is what is seen now
and was not by the last look. The order of the numbers plays no part: a transaction that began early and was committed
late is found as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    Double,
    Select,
    String,
    Text,
    cast,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on
from sqlalchemy.types import UserDefinedType

from resolvers.backtests import is_one_of
from resolvers.changes import ChangeKind
from resolvers.conditions import write_backtest_condition
from resolvers.filters import Said, Shape
from resolvers.metric_columns import DEFLATED
from resolvers.store.database import Row, Transaction
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtest_changes, backtests, deflated_sharpe_ratios

Key = tuple[int, UUID]
"""A transaction and a run."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A snapshot of one server, as PostgreSQL writes it, and the next transaction that the server has not begun."""

    server: int
    snapshot: str
    next_transaction: int

    def precedes(self, later: "Moment") -> bool:
        """Tell whether another moment can be a later one of the same server."""
        return self.server == later.server and self.next_transaction <= later.next_transaction


@dataclass(frozen=True, slots=True)
class Change:
    """What a transaction did to a run."""

    transaction: int
    kind: ChangeKind
    backtest_id: UUID

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.transaction, self.backtest_id


async def find_moment(transaction: Transaction) -> Moment:
    """Return what can be seen now."""
    [row] = await transaction.fetch(_moment())
    return Moment(row["server"], row["snapshot"], row["next_transaction"])


async def find_changes(transaction: Transaction, since: Moment) -> list[Change]:
    """Return the changes that can be seen now and could not be at a moment, oldest first."""
    rows = await transaction.fetch(_changes(snapshot=since.snapshot))
    return [Change(row["transaction_id"], ChangeKind(row["kind"]), row["backtest_id"]) for row in rows]


async def find_matches(transaction: Transaction, changes: Sequence[Change], filter: Said) -> list[Change]:
    """Return the changes of the runs that match, in their order.

    A run that was deleted is looked at as it was last; one that is there, as it is now: a change after which it does
    not match any more is left out.
    """
    deleted = [change for change in changes if change.kind is ChangeKind.DELETED]
    kept = {change.backtest_id for change in changes if change.kind is not ChangeKind.DELETED}
    found: set[UUID] = set()
    if kept:
        rows = await transaction.fetch(_matching(filter.shape, ids=sorted(kept), values=filter.values))
        found = {row["id"] for row in rows}
    gone = await _find_deleted(transaction, deleted, filter) if deleted else set()
    # A run that was saved and deleted since the last look is told as both, or not at all.
    found |= {backtest_id for _, backtest_id in gone}
    return [
        change
        for change in changes
        if (change.key in gone if change.kind is ChangeKind.DELETED else change.backtest_id in found)
    ]


async def _find_deleted(transaction: Transaction, deleted: Sequence[Change], filter: Said) -> set[Key]:
    rows: list[Row] = await transaction.fetch(
        _matching_deleted(
            filter.shape,
            transactions=sorted({change.transaction for change in deleted}),
            ids=sorted({change.backtest_id for change in deleted}),
            values=filter.values,
        )
    )
    return {(row["transaction_id"], row["id"]) for row in rows}


class _Snapshot(UserDefinedType[str]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "pg_snapshot"


class _Xid8(UserDefinedType[int]):
    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


@shaped
def _moment() -> Any:
    """Select the server and the snapshot of this statement's transaction."""
    snapshot = func.pg_current_snapshot()
    return select(
        literal_column("(SELECT system_identifier FROM pg_control_system())", BigInteger).label("server"),
        cast(snapshot, String).label("snapshot"),
        _number(func.pg_snapshot_xmax(snapshot)).label("next_transaction"),
    )


@shaped
def _changes(*, snapshot: Slot) -> Select[Any]:
    """Select the changes that are seen now and were not in a snapshot.

    Their transaction is the one that wrote the row: of rows that were restored from a backup it is not.
    """
    table = backtest_changes
    last = cast(literal(snapshot, type_=Text()), _Snapshot)
    transaction = cast(cast(table.c.transaction_id, String), _Xid8)
    return (
        select(table.c.transaction_id, table.c.backtest_id, table.c.kind)
        .where(table.c.transaction_id >= _number(func.pg_snapshot_xmin(last)))
        .where(~func.pg_visible_in_snapshot(transaction, last))
        .where(func.pg_visible_in_snapshot(transaction, func.pg_current_snapshot()))
        .where(literal_column("backtest_changes.xmin = (transaction_id % 4294967296)::text::xid"))
        .order_by(literal_column("backtest_changes.changed_at"), table.c.transaction_id, table.c.backtest_id)
    )


@shaped
def _matching(shape: Shape, *, ids: Slot, values: Slot) -> Select[Any]:
    """Select those of some runs that match."""
    return select(backtests.c.id).where(is_one_of(backtests.c.id, ids), write_backtest_condition(shape, values))


@shaped
def _matching_deleted(shape: Shape, *, transactions: Slot, ids: Slot, values: Slot) -> Select[Any]:
    """Select those of some deletions whose run matched: what was stands where the tables stood."""
    changes = backtest_changes
    run = func.jsonb_populate_record(literal_column("NULL::backtests"), changes.c.deleted_run)
    # Named as in the database, where they may stand in another order.
    columns = run.table_valued(*(column.name for column in backtests.c), name="run")
    were = (
        select(changes.c.transaction_id, *columns.c)
        .select_from(changes.join(columns, true()))
        .where(changes.c.transaction_id.in_(_unnested(transactions, BigInteger)), is_one_of(changes.c.backtest_id, ids))
        .where(changes.c.kind == literal_column("'DELETED'"))
        .cte("backtests")
    )
    return (
        select(literal_column("backtests.transaction_id", BigInteger), backtests.c.id)
        .where(write_backtest_condition(shape, values))
        .add_cte(were, _deleted_ratios(ids))
    )


def _deleted_ratios(ids: Slot) -> CTE:
    """Select the deflated Sharpe ratios that runs had when they were last deleted, in place of their table."""
    changes = backtest_changes
    ratio = cast(changes.c.deleted_run[literal_column(f"'{DEFLATED}'")].astext, Double).label(DEFLATED)
    deleted = select(changes.c.backtest_id, ratio).where(changes.c.kind == literal_column("'DELETED'"))
    last = deleted.order_by(changes.c.backtest_id, changes.c.transaction_id.desc())
    once = last.ext(distinct_on(changes.c.backtest_id))
    return once.where(is_one_of(changes.c.backtest_id, ids)).cte(deflated_sharpe_ratios.name)


def _unnested(values: Slot, kind: Any) -> Any:
    return select(func.unnest(literal(values, type_=ARRAY(kind))).column_valued("given"))


def _number(transaction: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(cast(transaction, String), BigInteger)
