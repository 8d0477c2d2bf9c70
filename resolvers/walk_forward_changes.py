"""Save walk-forward tests."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import bindparam, select
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from resolvers.backtests import is_one_of
from resolvers.changes import ChangeKind, note_changes
from resolvers.checks.series import Curve
from resolvers.checks.walk_forward import WalkForwardRecord, check_walk_forward
from resolvers.importers.drafts import Notice, Problem, WalkForwardDraft
from resolvers.saving import (
    Document,
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
from resolvers.store.database import Database, Transaction
from resolvers.store.tables import walk_forward_returns, walk_forward_tests


@dataclass(frozen=True, slots=True)
class WindowsOutcome:
    """What became of a save of windows: their ids in the order given, or why nothing was saved."""

    ids: Sequence[UUID] = ()
    created: int = 0
    notices: Sequence[Notice] = ()
    problems: Sequence[Problem] = ()


async def save_walk_forward_tests(database: Database, backtest_id: UUID, draft: WalkForwardDraft) -> WindowsOutcome:
    """Save the windows of a run, all or none.

    A known id is left as it is: a repeat of the same content is no problem, other content a CONFLICT.
    """
    record = await asyncio.to_thread(check_walk_forward, draft)
    if record.problems:
        return WindowsOutcome(notices=record.notices, problems=record.problems)
    try:
        async with database.transaction() as transaction:
            return await _store(transaction, backtest_id, record, draft)
    except asyncpg.ForeignKeyViolationError:
        return WindowsOutcome(problems=[unknown_run(draft.places)])
    except _Taken as error:
        return WindowsOutcome(problems=list(error.args))


class _Taken(Exception):
    """Ids that are taken: the transaction is given up."""


async def _store(
    transaction: Transaction, backtest_id: UUID, record: WalkForwardRecord, draft: WalkForwardDraft
) -> WindowsOutcome:
    run = await find_run(transaction, backtest_id)
    if run is None:
        return WindowsOutcome(problems=[unknown_run(draft.places)])
    document = pack(record.source) if record.source else None
    chosen = [row["id"] for row in record.rows if row["id"]]
    taken = await find_taken(transaction, chosen, beside=walk_forward_tests) if chosen else set()
    received_at = now()
    rows = _complete(record, backtest_id, document, received_at)
    _refuse({index for index, row in enumerate(rows) if row["id"] in taken}, draft, elsewhere=True)
    created = await _insert(transaction, rows)
    await _copy_returns(transaction, rows, record.returns, created)
    stored = await _find_stored(transaction, rows)
    _refuse({i for i, row in enumerate(rows) if stored[row["id"]] != {(backtest_id, row["content_hash"])}}, draft)
    await keep_documents(transaction, {backtest_id: document} if document and rows else {}, received_at)
    if created:
        await note_changes(transaction, ChangeKind.UPDATED, [backtest_id])
    mismatches = compare_with_run(run, draft.symbol, draft.strategy, draft.places)
    return WindowsOutcome([row["id"] for row in rows], len(created), [*record.notices, *mismatches])


def _complete(
    record: WalkForwardRecord, backtest_id: UUID, document: Document | None, received_at: int
) -> list[dict[str, Any]]:
    """Return the rows with all columns; a window without an id gets one."""
    ids = [
        row["id"] or (document.id(backtest_id, index) if document else uuid7()) for index, row in enumerate(record.rows)
    ]
    return [
        {
            **row,
            "backtest_id": backtest_id,
            "id": id,
            "created_at": received_at,
            "content_hash": hash_content({**row, "id": None}, *_parts(returns)),
        }
        for id, row, returns in zip(ids, record.rows, record.returns, strict=True)
    ]


def _parts(returns: Curve | None) -> Sequence[Any]:
    return () if returns is None else (returns.times, returns.values)


async def _insert(transaction: Transaction, rows: Sequence[Mapping[str, Any]]) -> set[UUID]:
    """Store the windows that are not there yet and return their ids."""
    if not rows:
        return set()
    table = walk_forward_tests
    statement = insert(table).values({name: bindparam(name) for name in rows[0]}).on_conflict_do_nothing()
    ordered = sorted(rows, key=lambda row: row["id"])
    stored = await transaction.fetch_many(statement.returning(table.c.id), [dict(row) for row in ordered])
    return {row["id"] for row in stored}


async def _copy_returns(
    transaction: Transaction, rows: Sequence[Mapping[str, Any]], returns: Sequence[Curve | None], created: set[UUID]
) -> None:
    """Store the returns of the windows that were created; one that stands twice in a save is stored once."""
    found = {
        row["id"]: (row["backtest_id"], row["id"], *_pack(curve))
        for row, curve in zip(rows, returns, strict=True)
        if curve is not None and row["id"] in created
    }
    if found:
        columns = [column.name for column in walk_forward_returns.c]
        await transaction.copy(walk_forward_returns, columns, found.values())


def _pack(curve: Curve) -> tuple[bytes, bytes]:
    return curve.times.astype("<i8", copy=False).tobytes(), curve.values.astype("<f8", copy=False).tobytes()


async def _find_stored(
    transaction: Transaction, rows: Sequence[Mapping[str, Any]]
) -> dict[UUID, set[tuple[UUID, bytes]]]:
    """Return the run and the content hash that are stored under each id."""
    table = walk_forward_tests
    statement = select(table.c.id, table.c.backtest_id, table.c.content_hash)
    found: dict[UUID, set[tuple[UUID, bytes]]] = {}
    for row in await transaction.fetch(statement.where(is_one_of(table.c.id, [row["id"] for row in rows]))):
        found.setdefault(row["id"], set()).add((row["backtest_id"], row["content_hash"]))
    return found


def _refuse(indexes: set[int], draft: WalkForwardDraft, *, elsewhere: bool = False) -> None:
    if indexes:
        paths = [draft.places.of_row("tests", index, "id") for index in sorted(indexes)]
        raise _Taken(*(conflict(path, elsewhere=elsewhere) for path in paths))
