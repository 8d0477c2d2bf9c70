"""Save, change and delete runs."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Uuid, any_, bindparam, delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import ARRAY, insert
from uuid_utils.compat import uuid7

from resolvers.checks.backtests import BacktestRecord, check_backtest
from resolvers.checks.series import Curve
from resolvers.conditions import backtest_condition
from resolvers.filters import Conditions
from resolvers.importers.drafts import NO_TIME, BacktestDraft, Notice, Path, Problem, TradesDraft
from resolvers.saving import Document, Outcome, conflict, find_taken, hash_content, keep_documents, now, pack
from resolvers.store.database import Database, Transaction
from resolvers.store.tables import backtest_series, backtests, trades

TRADE_NUMBERS = (
    *("entry_price", "exit_price", "size", "pnl", "pnl_percent", "mae", "mfe"),
    *("duration_days", "duration_hours", "fees_paid", "slippage_cost"),
)


@dataclass(slots=True)
class _Save:
    """One run on its way into the tables."""

    id: UUID
    record: BacktestRecord
    document: Document | None
    content_hash: bytes
    id_path: Path

    def row(self, received_at: int) -> dict[str, Any]:
        created_at = received_at if self.record.created_at is None else self.record.created_at
        times = {"created_at": created_at, "updated_at": received_at}
        return {"id": self.id, "content_hash": self.content_hash, **times, **self.record.row}


async def save_backtests(database: Database, drafts: Sequence[BacktestDraft]) -> list[Outcome]:
    """Save runs, each whole or not at all, and return what became of each in the same order.

    A run whose id is known is left as it is: a repeat of the same content is no problem, other content a CONFLICT.
    """
    prepared = await asyncio.to_thread(lambda: [_prepare(draft) for draft in drafts])
    saves = [save for save in prepared if isinstance(save, _Save)]
    async with database.transaction() as transaction:
        taken = await find_taken(transaction, _chosen_ids(saves), beside=backtests) if _chosen_ids(saves) else set()
        new = await _insert(transaction, [save for save in saves if save.id not in taken])
        stored = await _find_hashes(transaction, [save.id for save in saves])
    return [save if isinstance(save, Outcome) else _outcome(save, new, stored, taken) for save in prepared]


async def update_backtest(database: Database, id: UUID, changes: Mapping[str, Any]) -> bool:
    """Set columns of one run; whether there is such a run."""
    statement = update(backtests).where(backtests.c.id == id).values(**changes, updated_at=now())
    async with database.transaction() as transaction:
        return bool(await transaction.fetch(statement.returning(backtests.c.id)))


async def delete_backtest(database: Database, id: UUID) -> bool:
    """Delete one run with all that belongs to it; whether there was such a run."""
    async with database.transaction() as transaction:
        return bool(await transaction.fetch(delete(backtests).where(backtests.c.id == id).returning(backtests.c.id)))


class _Miscounted(Exception):
    """The number of matches is not the expected one."""


async def delete_backtests(
    database: Database, conditions: Conditions, expected_count: int
) -> tuple[list[UUID], Problem | None]:
    """Delete the runs that match, if they are as many as expected, and return their ids or why none was deleted."""
    condition = backtest_condition(conditions)
    try:
        async with database.transaction() as transaction:
            counted = await transaction.fetch(
                select(func.count().label("runs")).where(condition).select_from(backtests)
            )
            _expect(counted[0]["runs"], expected_count)
            deleted = await transaction.fetch(delete(backtests).where(condition).returning(backtests.c.id))
            _expect(len(deleted), expected_count)
    except _Miscounted as error:
        return [], Problem(str(error), ("input", "expectedCount"), "CONFLICT")
    return sorted(row["id"] for row in deleted), None


def _expect(matches: int, expected: int) -> None:
    if matches != expected:
        raise _Miscounted(f"{matches} runs match and {expected} were expected: nothing was deleted.")


def _prepare(draft: BacktestDraft) -> "_Save | Outcome":
    record = check_backtest(draft)
    if record.problems:
        return Outcome(notices=record.notices, problems=record.problems)
    document = pack(record.source) if record.source else None
    id = record.id or (document.id() if document else uuid7())
    content = [document.sha256.hex()] if document and not record.id else _content(record)
    return _Save(id, record, document, hash_content(*content), draft.places.of("id"))


def _content(record: BacktestRecord) -> list[Any]:
    """Return all that makes two saves the same save."""
    curves = [part for curve in (record.equity, record.drawdown) if curve for part in (curve.times, curve.values)]
    rows = record.trades
    if rows is None:
        return [record.row, record.created_at, *curves]
    numbers = [part for name in sorted(rows.numbers) for part in (name, rows.numbers[name].values)]
    texts = [list(rows.directions), list(rows.exit_reasons), list(rows.other_metrics)]
    return [record.row, record.created_at, *curves, *texts, rows.entry_times, rows.exit_times, *numbers]


def _chosen_ids(saves: Sequence[_Save]) -> list[UUID]:
    return [save.id for save in saves if save.record.id]


async def _insert(transaction: Transaction, saves: Sequence[_Save]) -> dict[UUID, _Save]:
    """Store the runs that are not there yet and return those."""
    first = {save.id: save for save in reversed(saves)}
    received_at = now()
    rows = [first[id].row(received_at) for id in sorted(first)]
    if not rows:
        return {}
    statement = insert(backtests).values({name: bindparam(name) for name in rows[0]}).on_conflict_do_nothing()
    inserted = await transaction.fetch_many(statement.returning(backtests.c.id), rows)
    new = [first[row["id"]] for row in inserted]
    await _copy_series(transaction, new)
    await _copy_trades(transaction, new)
    await keep_documents(transaction, {save.id: save.document for save in new if save.document}, received_at)
    return {save.id: save for save in new}


async def _copy_series(transaction: Transaction, saves: Sequence[_Save]) -> None:
    columns = ("backtest_id", "equity_times", "equity_values", "drawdown_times", "drawdown_values")
    rows = [(save.id, *_packed(save.record)) for save in saves if save.record.equity or save.record.drawdown]
    if rows:
        await transaction.copy(backtest_series, columns, rows)


def _packed(record: BacktestRecord) -> tuple[bytes | None, ...]:
    equity, drawdown = record.equity, record.drawdown
    shared = equity is not None and drawdown is not None and np.array_equal(equity.times, drawdown.times)
    times, values = _buffers(drawdown)
    return (*_buffers(equity), None if shared else times, values)


def _buffers(curve: Curve | None) -> tuple[bytes | None, bytes | None]:
    if curve is None:
        return None, None
    return curve.times.astype("<i8").tobytes(), curve.values.astype("<f8").tobytes()


async def _copy_trades(transaction: Transaction, saves: Sequence[_Save]) -> None:
    columns = ("backtest_id", "number", "direction", "entry_time", "exit_time", "exit_reason", "other_metrics")
    rows = [row for save in saves if save.record.trades for row in _trade_rows(save.id, save.record.trades)]
    if rows:
        await transaction.copy(trades, (*columns, *TRADE_NUMBERS), rows)


def _trade_rows(id: UUID, rows: TradesDraft) -> Iterable[tuple[Any, ...]]:
    """Return one tuple a trade in the order of the columns that are copied."""
    count = len(rows)
    exits = [None if time == NO_TIME else time for time in rows.exit_times.tolist()]
    empty: list[None] = [None] * count
    numbers = [_nullable(rows.numbers[name].values) if name in rows.numbers else empty for name in TRADE_NUMBERS]
    times = (rows.entry_times.tolist(), exits)
    texts = (rows.exit_reasons, rows.other_metrics)
    return zip([id] * count, range(1, count + 1), rows.directions, *times, *texts, *numbers, strict=True)


def _nullable(values: Any) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN is not itself


async def _find_hashes(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """Return the content hashes of the runs that are stored under these ids."""
    wanted = any_(literal(list(ids), type_=ARRAY(Uuid)))
    statement = select(backtests.c.id, backtests.c.content_hash).where(backtests.c.id == wanted)
    return {row["id"]: row["content_hash"] for row in await transaction.fetch(statement)}


def _outcome(save: _Save, new: Mapping[UUID, _Save], stored: Mapping[UUID, bytes], taken: set[UUID]) -> Outcome:
    if save.id in taken:
        return Outcome(problems=[conflict(save.id_path, elsewhere=True)])
    if new.get(save.id) is save:
        return Outcome(save.id, created=True, notices=save.record.notices)
    if stored.get(save.id) != save.content_hash:
        return Outcome(problems=[conflict(save.id_path)])
    known = [] if save.record.id else [Notice("ASSUMED", _KNOWN, save.id_path[:-1])]
    return Outcome(save.id, notices=[*save.record.notices, *known])


_KNOWN = "This document was stored before: the run, its notes and its tags are as they were."
