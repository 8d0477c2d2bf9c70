"""Save, change and delete runs."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, CompoundSelect, Delete, LargeBinary, delete, func, null, select, union_all, update
from uuid_utils.compat import uuid7

from resolvers.backtest_rows import Save, add_backtests
from resolvers.backtests import is_one_of
from resolvers.changes import ChangeKind, note_changes, noted_deletion, noted_update
from resolvers.checks.backtests import BacktestRecord, check_backtests
from resolvers.computing import compute
from resolvers.conditions import write_backtest_condition
from resolvers.filters import Conditions, read_backtest_filter
from resolvers.importers.drafts import BacktestDraft, Notice, Problem
from resolvers.saving import Outcome, conflict, hash_content, now, pack
from resolvers.single_save import add_backtest, fits
from resolvers.store.database import Database, InTheWay, Transaction
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, optimizations, walk_forward_tests
from resolvers.store.tallies import tally
from resolvers.store.time_limits import Overdue
from resolvers.up_to_date import bring_up_to_date

QUICK = 200
"""Fewer runs than this without curves and trades are prepared at once: a thread would cost more."""
MOST_TRIES = 20
"""How often a save starts anew because others store runs under its ids at the same time."""


async def save_backtests(database: Database, drafts: Sequence[BacktestDraft]) -> list[Outcome]:
    """Save runs, each whole or not at all, and return what became of each in the same order.

    A run whose id is known is left as it is: a repeat of the same content is no problem, other content a CONFLICT.
    """
    prepared = _prepare(drafts) if _are_quick(drafts) else await asyncio.to_thread(_prepare, drafts)
    new, known = await _store(database, [save for save in prepared if isinstance(save, Save)])
    outcomes = [save if isinstance(save, Outcome) else _outcome(save, new, known) for save in prepared]
    _count(outcomes, drafts)
    return outcomes


def _count(outcomes: Sequence[Outcome], drafts: Sequence[BacktestDraft]) -> None:
    """Tell whoever counts what became of the runs, and how many trades were stored."""
    counting = tally.get()
    if counting is None:
        return
    created = [draft for outcome, draft in zip(outcomes, drafts, strict=True) if outcome.created]
    refused = sum(bool(outcome.problems) for outcome in outcomes)
    counting.created += len(created)
    counting.refused += refused
    counting.repeated += len(outcomes) - len(created) - refused
    counting.trades += sum(len(draft.trades or ()) for draft in created)


async def update_backtest(database: Database, id: UUID, changes: Mapping[str, Any]) -> bool:
    """Set columns of one run; whether there is such a run."""
    statement = update(backtests).where(backtests.c.id == id).values(**changes, updated_at=now())
    async with database.transaction() as transaction:
        changed = statement.returning(backtests.c.id).cte("changed")
        transaction.is_news = bool(await transaction.fetch(noted_update(changed)))
        return transaction.is_news


async def delete_backtest(database: Database, id: UUID) -> bool:
    """Delete one run with all that belongs to it; whether there was such a run."""
    async with database.transaction() as transaction:
        rows = await transaction.fetch(noted_deletion(delete(backtests).where(backtests.c.id == id)))
        transaction.is_news = bool(rows)
        return transaction.is_news


class _Miscounted(Exception):
    """The number of matches is not the expected one."""


async def delete_backtests(
    database: Database, conditions: Conditions, expected_count: int
) -> tuple[list[UUID], Problem | None]:
    """Delete the runs that match, if they are as many as expected, and return their ids or why none was deleted."""
    said = read_backtest_filter(conditions)
    await bring_up_to_date(database, said)
    condition = write_backtest_condition(said.shape, said.values)
    try:
        async with database.transaction() as transaction:
            counted = await transaction.fetch(
                select(func.count().label("runs")).where(condition).select_from(backtests)
            )
            _expect(counted[0]["runs"], expected_count)
            deleted = await transaction.fetch(noted_deletion(_delete_in_order(condition)))
            _expect(len(deleted), expected_count)
            transaction.is_news = bool(deleted)
    except _Miscounted as error:
        return [], Problem(str(error), ("input", "expectedCount"), "CONFLICT")
    return sorted(row["id"] for row in deleted), None


def _delete_in_order(condition: ColumnElement[bool]) -> Delete:
    """Delete runs once all are locked, in the order of their ids as everybody locks them: so nobody ends in a deadlock.

    Others lock many runs to compute them anew, or to delete them as well.
    """
    locked = select(backtests.c.id).where(condition).order_by(backtests.c.id).with_for_update().cte("locked")
    return delete(backtests).where(backtests.c.id.in_(select(locked.c.id)))


def _expect(matches: int, expected: int) -> None:
    if matches != expected:
        raise _Miscounted(f"{matches} runs match and {expected} were expected: nothing was deleted.")


def _are_quick(drafts: Sequence[BacktestDraft]) -> bool:
    """Tell whether there is little to check and nothing to compute, which the event loop would have to wait for."""
    return len(drafts) < QUICK and not any(
        draft.equity_curve or draft.drawdown_curve or draft.trades for draft in drafts
    )


def _prepare(drafts: Sequence[BacktestDraft]) -> list[Save | Outcome]:
    return [
        Outcome(notices=record.notices, problems=record.problems) if record.problems else _complete(record, draft)
        for record, draft in zip(check_backtests(drafts), drafts, strict=True)
    ]


def _complete(record: BacktestRecord, draft: BacktestDraft) -> Save:
    document = pack(record.source) if record.source else None
    id = record.id or (document.id() if document else uuid7())
    content = [document.sha256.hex()] if document and not record.id else _content(record)
    return Save(id, record, document, hash_content(*content), draft.places.of("id"), compute(record))


def _content(record: BacktestRecord) -> list[Any]:
    """Return all that makes two saves the same save."""
    said = [record.study, record.periods_per_year, record.frequency]
    curves: list[Any] = [said] if any(said) else []
    curves += [part for curve in (record.equity, record.drawdown) if curve for part in (curve.times, curve.values)]
    rows = record.trades
    if rows is None:
        return [record.row, record.created_at, *curves]
    numbers = [part for name in sorted(rows.numbers) for part in (name, rows.numbers[name].values)]
    texts = [list(rows.directions), list(rows.exit_reasons), list(rows.other_metrics)]
    return [record.row, record.created_at, *curves, *texts, rows.entry_times, rows.exit_times, *numbers]


async def _store(database: Database, saves: Sequence[Save]) -> tuple[Mapping[UUID, Save], Mapping[UUID, bytes | None]]:
    """Store the runs that are not there yet; return those, and the content hashes of those that are."""
    if len(saves) == 1 and fits(saves[0]) and await _add_alone(database, saves[0]):
        return {saves[0].id: saves[0]}, {}
    may_be_known = any(save.record.id or save.document for save in saves)
    for _ in range(MOST_TRIES):
        try:
            return await _store_together(database, saves, may_be_known=may_be_known)
        except (asyncpg.UniqueViolationError, asyncpg.InternalServerError, InTheWay) as error:
            # Somebody else has stored one of them meanwhile: the next time it is found.
            if not (database.is_cluster or isinstance(error, asyncpg.UniqueViolationError)):
                raise
            may_be_known = True
    return await _store_together(database, saves, may_be_known=True)


async def _add_alone(database: Database, save: Save) -> bool:
    try:
        return await add_backtest(database, save)
    except (asyncpg.FeatureNotSupportedError, Overdue):
        # Citus fills one table by a statement; and one that has to wait gets the time of a change, not of a question.
        return False


async def _store_together(
    database: Database, saves: Sequence[Save], *, may_be_known: bool
) -> tuple[Mapping[UUID, Save], Mapping[UUID, bytes | None]]:
    async with database.transaction() as transaction:
        known = await _find_known(transaction, [save.id for save in saves]) if may_be_known else {}
        new = {save.id: save for save in reversed(saves) if save.id not in known}
        await add_backtests(transaction, [new[id] for id in sorted(new)])
        await note_changes(transaction, ChangeKind.SAVED, sorted(new))
    return new, known


async def _find_known(transaction: Transaction, ids: Sequence[UUID]) -> dict[UUID, bytes | None]:
    """Return the content hashes of the runs that are stored under these ids, None where an id is of something else."""
    return {row["id"]: row["content_hash"] for row in await transaction.fetch(_known(ids=ids))}


@shaped
def _known(*, ids: Slot) -> CompoundSelect[Any]:
    """Select the content hashes of runs by their ids, and which of the ids are those of something else."""
    elsewhere = (
        select(table.c.id, null().cast(LargeBinary)).where(is_one_of(table.c.id, ids))
        for table in (optimizations, walk_forward_tests)
    )
    runs = select(backtests.c.id, backtests.c.content_hash).where(is_one_of(backtests.c.id, ids))
    return union_all(runs, *elsewhere)


def _outcome(save: Save, new: Mapping[UUID, Save], known: Mapping[UUID, bytes | None]) -> Outcome:
    if new.get(save.id) is save:
        return Outcome(save.id, created=True, notices=save.record.notices)
    stored = new[save.id].content_hash if save.id in new else known[save.id]
    if stored != save.content_hash:
        return Outcome(problems=[conflict(save.id_path, elsewhere=stored is None)])
    told = [] if save.record.id else [Notice("ASSUMED", _KNOWN, save.id_path[:-1])]
    return Outcome(save.id, notices=[*save.record.notices, *told])


_KNOWN = "This document was stored before: the run, its study, its notes and its tags are as they were."
