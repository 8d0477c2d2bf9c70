"""Save optimizations."""

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from resolvers.changes import ChangeKind, note_changes
from resolvers.checks.optimizations import OptimizationRecord, check_optimization
from resolvers.importers.drafts import OptimizationDraft
from resolvers.saving import (
    Document,
    Outcome,
    compare_with_run,
    conflict,
    find_run,
    find_taken,
    hash_content,
    keep_documents,
    now,
    pack,
    unknown_run,
)
from resolvers.store.database import Database, Row, Transaction
from resolvers.store.tables import optimization_trials, optimizations
from resolvers.trial_ledger import count_trials, entry_of_optimization
from resolvers.trial_returns import copy_returns, hashed, place_returns
from resolvers.trial_sharpes import annual_sharpes


async def save_optimization(database: Database, backtest_id: UUID, draft: OptimizationDraft) -> Outcome:
    """Save an optimization of a run with its trials, whole or not at all.

    A known id is left as it is: a repeat of the same content is no problem, other content a CONFLICT.
    """
    record = await asyncio.to_thread(check_optimization, draft)
    if record.problems:
        return Outcome(notices=record.notices, problems=record.problems)
    document = pack(record.source) if record.source else None
    id = record.id or (document.id(backtest_id) if document else uuid7())
    row = record.row | {"backtest_id": backtest_id, "id": id, "content_hash": _hash(record, document)}
    try:
        async with database.transaction() as transaction:
            return await _store(transaction, record, row, document, draft)
    except asyncpg.ForeignKeyViolationError:
        return Outcome(problems=[unknown_run(draft.places)])


def _hash(record: OptimizationRecord, document: Document | None) -> bytes:
    if document and not record.id:
        return hash_content(document.sha256.hex())
    return hash_content(record.row, record.trials, *hashed(record.returns))


async def _store(
    transaction: Transaction,
    record: OptimizationRecord,
    row: dict[str, Any],
    document: Document | None,
    draft: OptimizationDraft,
) -> Outcome:
    id_path = draft.places.of("id")
    if record.id and await find_taken(transaction, [record.id], beside=optimizations):
        return Outcome(problems=[conflict(id_path, elsewhere=True)])
    run = await find_run(transaction, row["backtest_id"])
    if run is None:
        return Outcome(problems=[unknown_run(draft.places)])
    notices = [*record.notices, *compare_with_run(run, draft.symbol, draft.strategy, draft.places)]
    known = await transaction.fetch(select(optimizations).where(optimizations.c.id == row["id"]))
    if not known:
        received_at = now()
        statement = insert(optimizations).values(created_at=received_at, **row).on_conflict_do_nothing()
        if await transaction.fetch(statement.returning(optimizations.c.id)):
            await _add_trials(transaction, record, row, run)
            await keep_documents(transaction, {row["backtest_id"]: document} if document else {}, received_at)
            await note_changes(transaction, ChangeKind.UPDATED, [row["backtest_id"]])
            return Outcome(row["id"], created=True, notices=notices)
        known = await transaction.fetch(select(optimizations).where(optimizations.c.id == row["id"]))
    if [(each["backtest_id"], each["content_hash"]) for each in known] == [(row["backtest_id"], row["content_hash"])]:
        return Outcome(row["id"], notices=notices)
    return Outcome(problems=[conflict(id_path)])


async def _add_trials(transaction: Transaction, record: OptimizationRecord, row: dict[str, Any], run: Row) -> None:
    """Store the trials of a new optimization with their returns, and count them."""
    owner = dict(run)
    await _copy_trials(transaction, record, row)
    returns = await asyncio.to_thread(place_returns, record.returns, owner) if record.returns else []
    await copy_returns(transaction, row["backtest_id"], row["id"], returns)
    computed = {each.number: each.annual_sharpe for each in returns}
    sharpes = await asyncio.to_thread(annual_sharpes, owner, row["objective"], record.trials, computed)
    await count_trials(transaction, [entry_of_optimization(owner, row, sharpes)])


async def _copy_trials(transaction: Transaction, record: OptimizationRecord, row: dict[str, Any]) -> None:
    if not record.trials:
        return
    columns = list(record.trials[0])
    rows = [(row["backtest_id"], row["id"], *trial.values()) for trial in record.trials]
    await transaction.copy(optimization_trials, ("backtest_id", "optimization_id", *columns), rows)
