"""Keep the deflated Sharpe ratio of each run: each new trial of a family changes those of all its runs.

Nobody waits here for a row that somebody else deletes or saves anew: such a row is left out, and its family stays out
of date until the next time. So a deletion, which takes the rows in an order of its own, never ends in a deadlock.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import numpy as np
from sqlalchemy import (
    CTE,
    Double,
    Insert,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    delete,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from resolvers.backtests import is_one_of
from resolvers.family_trials import FamilyTrials, find_family_trials
from resolvers.statistics.sharpe import deflated_sharpe_ratios as deflate
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row, Transaction, Unavailable
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, trial_ledger
from resolvers.store.tables import deflated_sharpe_ratios as table
from resolvers.store.time_limits import Overdue
from resolvers.trial_ledger import IS_STORED

logger = logging.getLogger("backtest_graph.deflation")

FIRST = UUID(int=0)
"""Ahead of the key of any family."""
MOST_FAMILIES = 500
MOST_ENTRIES = 20_000
"""Entries of the families that one transaction deals with, but for a single family that has more."""
LONGEST_PAUSE = 60.0
SHORTEST_PAUSE = 10.0
"""Whoever asks has all brought up to date first, so runs that are saved one after the other can wait for each other."""
SHARE = 0.1
"""Of the time, that the service spends on it when nobody asks."""

_TURN = 7_300_415_926
"""The advisory lock of whoever brings the table up to date."""
_locks: WeakKeyDictionary[Database, asyncio.Lock] = WeakKeyDictionary()


async def refresh_deflated(database: Database) -> None:
    """Bring the deflated Sharpe ratios of all families up to date; where they are, it costs one look at an index.

    It goes through the families once: what is saved meanwhile is left to the next, else it might never end.

    Raises:
        Overdue, Unavailable: of the database; what was done by then stays done.
    """
    if not await database.fetch(_is_pending(), plan=Plan.ONCE):
        return
    last: UUID | None = FIRST
    while last is not None:
        last = await _refresh_next(database, last)


async def refresh_often(database: Database, *, share: float = SHARE) -> None:
    """Bring the deflated Sharpe ratios up to date until cancelled, in this share of the time at most."""
    last = FIRST
    while True:
        started = time.monotonic()
        try:
            if await database.fetch(_is_pending(), plan=Plan.ONCE):
                last = await _refresh_next(database, last) or FIRST
        except (Unavailable, Overdue, asyncpg.PostgresError) as error:
            logger.warning("The deflated Sharpe ratios could not be brought up to date: %s", error)
        took = time.monotonic() - started
        await asyncio.sleep(min(LONGEST_PAUSE, max(SHORTEST_PAUSE, took * (1 / share - 1))))


async def _refresh_next(database: Database, after: UUID) -> UUID | None:
    """Bring the next families behind a key up to date in one transaction; return the last one, None without any.

    Where no lock keeps a run (on a cluster), it may be deleted before its figure is written: then all is done again.
    """
    while True:
        try:
            return await _refresh(database, after)
        except asyncpg.ForeignKeyViolationError as error:
            logger.debug("A run was deleted meanwhile: %s", error)


async def _refresh(database: Database, after: UUID) -> UUID | None:
    async with _locks.setdefault(database, asyncio.Lock()), database.transaction() as transaction:
        await transaction.fetch(_take_turn())
        families = _first(await transaction.fetch(_pending(after=after, most=MOST_FAMILIES)))
        if not families:
            return None
        await transaction.fetch(_mark(families=families))
        trials = await find_family_trials(transaction, families)
        runs = await transaction.fetch(_runs(families=families))
        wanted = await asyncio.to_thread(_deflate, trials, runs)
        skipped = await _write(transaction, runs, wanted)
        if skipped:
            await transaction.fetch(_unmark(ids=skipped))
        return families[-1]


def _first(rows: Sequence[Row]) -> list[UUID]:
    """Return families that together have few enough entries, one at least."""
    found: list[UUID] = []
    entries = 0
    for row in rows:
        entries += row["entries"]
        if found and entries > MOST_ENTRIES:
            break
        found.append(row["family"])
    return found


def _deflate(trials: Mapping[UUID, FamilyTrials], runs: Sequence[Row]) -> list[float | None]:
    """Return the deflated Sharpe ratio of each run, which come family by family; None where it is undefined."""
    found: list[float | None] = []
    for family, members in groupby(runs, key=itemgetter("family")):
        figures = np.array([itemgetter(*_FIGURES)(row) for row in members], dtype=np.float64)
        sharpes, periods, errors = figures.T
        roots = np.sqrt(periods)
        values = deflate(sharpes / roots, errors, trials[family].threshold() / roots)
        found += [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN is not itself
    return found


_FIGURES = ("sharpe_ratio", "periods_per_year", "standard_error")


async def _write(transaction: Transaction, runs: Sequence[Row], wanted: Sequence[float | None]) -> list[UUID]:
    """Write what changes, and return the runs that somebody else is changing, which are left as they are."""
    changes = [(row, value) for row, value in zip(runs, wanted, strict=True) if row["deflated"] != value]
    new = [(row, value) for row, value in changes if row["deflated"] is None]
    old = [(row, value) for row, value in changes if row["deflated"] is not None and value is not None]
    gone = [row["backtest_id"] for row, value in changes if value is None]
    done: list[Row] = []
    if new:
        done += await transaction.fetch(_add(given=_columns(new)))
    if old:
        done += await transaction.fetch(_change(given=_columns(old)))
    if gone:
        done += await transaction.fetch(_remove(ids=gone))
    written = {row["backtest_id"] for row in done}
    return [row["backtest_id"] for row, _ in changes if row["backtest_id"] not in written]


def _columns(changes: Sequence[tuple[Row, float | None]]) -> dict[str, list[Any]]:
    return {
        "id": [row["backtest_id"] for row, _ in changes],
        "symbol": [row["symbol"] for row, _ in changes],
        "value": [value for _, value in changes],
    }


@shaped
def _is_pending() -> Select[Any]:
    """Select whether any family is out of date; the order has it looked up in its index whatever is known of it."""
    pending = select(trial_ledger.c.family).where(~trial_ledger.c.is_deflated)
    return pending.order_by(trial_ledger.c.family).limit(literal_column("1"))


@shaped
def _take_turn() -> Select[Any]:
    """Wait until nobody else is at it, in any process, and keep others from it until the end of the transaction."""
    return select(func.pg_advisory_xact_lock(literal_column(str(_TURN))))


@shaped
def _pending(*, after: Slot, most: Slot) -> Select[Any]:
    """Select the next families that are out of date, and how many entries each has."""
    ledger = trial_ledger.c
    waiting = ~ledger.is_deflated, ledger.family > literal(after, type_=Uuid())
    pending = select(ledger.family).distinct().where(*waiting).order_by(ledger.family).limit(literal(most))
    counted = select(ledger.family, func.count().label("entries"))
    return counted.where(ledger.family.in_(pending)).group_by(ledger.family).order_by(ledger.family)


@shaped
def _mark(*, families: Slot) -> Update:
    """Mark the entries of families as known; one that is being renewed is left to the next time."""
    pending = select(*_KEY).where(is_one_of(trial_ledger.c.family, families), ~trial_ledger.c.is_deflated)
    locked = pending.with_for_update(skip_locked=True).cte("locked")
    marked = update(trial_ledger).where(tuple_(*_KEY).in_(select(locked))).values(is_deflated=true())
    return marked.returning(trial_ledger.c.part)


_KEY = tuple(trial_ledger.primary_key.columns)


@shaped
def _unmark(*, ids: Slot) -> Update:
    """Have the families of runs be dealt with again."""
    of_runs = and_(is_one_of(trial_ledger.c.backtest_id, ids), trial_ledger.c.part == trial_ledger.c.backtest_id)
    locked = select(*_KEY).where(of_runs).with_for_update(skip_locked=True).cte("locked")
    return update(trial_ledger).where(tuple_(*_KEY).in_(select(locked))).values(is_deflated=false())


@shaped
def _runs(*, families: Slot) -> Select[Any]:
    """Select the runs of families that are still stored, and what is written of them."""
    ledger = trial_ledger.c
    runs = trial_ledger.join(backtests, IS_STORED).outerjoin(table, table.c.backtest_id == ledger.backtest_id)
    return (
        select(ledger.family, ledger.backtest_id, ledger.symbol, *(ledger[name] for name in _FIGURES))
        .add_columns(table.c.deflated_sharpe_ratio.label("deflated"))
        .select_from(runs)
        .where(is_one_of(ledger.family, families))
        .where(or_(ledger.standard_error.is_not(None), table.c.backtest_id.is_not(None)))
        .order_by(ledger.family)
    )


@shaped
def _add(*, given: Slot) -> Insert:
    """Insert the figures of runs that have none, but for runs that are being deleted."""
    rows = _given(given)
    runs = select(backtests.c.id).where(is_one_of(backtests.c.id, given["id"]))
    kept = runs.with_for_update(key_share=True, read=True, skip_locked=True).cte("kept")
    found = select(rows.c.id, rows.c.symbol, rows.c.value).join(kept, kept.c.id == rows.c.id)
    added = insert(table).from_select(["backtest_id", "symbol", "deflated_sharpe_ratio"], found)
    return added.on_conflict_do_nothing().returning(table.c.backtest_id)


@shaped
def _change(*, given: Slot) -> Update:
    """Change the figures of runs, but for runs that are being deleted."""
    rows, kept = _given(given), _kept(given["id"])
    changed = update(table).values(deflated_sharpe_ratio=rows.c.value)
    of_runs = and_(kept.c.backtest_id == table.c.backtest_id, rows.c.id == kept.c.backtest_id)
    return changed.where(of_runs).returning(table.c.backtest_id)


@shaped
def _remove(*, ids: Slot) -> Any:
    """Delete the figures of runs that have become undefined."""
    kept = _kept(ids)
    return delete(table).where(table.c.backtest_id.in_(select(kept.c.backtest_id))).returning(table.c.backtest_id)


def _kept(ids: Slot) -> CTE:
    """Lock the figures of runs, but for those that somebody deletes."""
    found = select(table.c.backtest_id).where(is_one_of(table.c.backtest_id, ids))
    return found.with_for_update(skip_locked=True).cte("kept")


def _given(given: Slot) -> Any:
    kinds: dict[str, Any] = {"id": Uuid(), "symbol": Text(), "value": Double()}
    lists: list[Any] = [literal(given[name], type_=ARRAY(kind)) for name, kind in kinds.items()]
    return func.unnest(*lists).table_valued(*kinds, name="given").render_derived()
