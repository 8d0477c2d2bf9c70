"""Find the run that a document belongs to which does not say its run."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Exists, Select, exists, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from resolvers.backtests import is_one_of
from resolvers.importers.drafts import OptimizationDraft, WalkForwardDraft
from resolvers.saving import pack
from resolvers.store.database import Database
from resolvers.store.tables import backtests, documents, optimizations, walk_forward_tests


async def find_run_of_optimization(
    database: Database, draft: OptimizationDraft, *, near: Sequence[UUID] = ()
) -> UUID | None:
    """Return the run that a sweep belongs to: its symbol and strategy with the best parameters.

    The run that holds the document already comes first, then runs that came along with it (near), then the newest.
    """
    if not says_its_run(draft):
        return None
    known = await _find_holder(database, draft)
    return known or await _find_with_parameters(database, draft, near)


async def find_run_of_walk_forward(
    database: Database, draft: WalkForwardDraft, *, near: Sequence[UUID] = ()
) -> UUID | None:
    """Return the run that walk-forward windows belong to: one of their symbol and strategy.

    The run that holds the document already comes first, then runs with an optimization, those that came along with it
    (near) before others and the newest before older ones, then the completed run with the best Sharpe ratio.
    """
    if not says_its_run(draft):
        return None
    known = await _find_holder(database, draft)
    return known or await _find_optimized(database, draft, near) or await _find_best(database, draft)


async def has_walk_forward_tests(database: Database, backtest_id: UUID) -> bool:
    """Tell whether there is a run with this id that has walk-forward tests."""
    table = walk_forward_tests
    return bool(await database.fetch(select(table.c.id).where(table.c.backtest_id == backtest_id).limit(1)))


def says_its_run(draft: OptimizationDraft | WalkForwardDraft) -> bool:
    """Tell whether a document names a symbol and a strategy, and such as a run can have."""
    names = (draft.symbol, draft.strategy)
    return all(name is not None and name.strip() and "\x00" not in name for name in names)


def best_parameters(draft: OptimizationDraft) -> Any:
    """Return the parameters that a sweep found best: as it says, else those of its best trial, None without any."""
    if draft.best_parameters is not None:
        return draft.best_parameters
    ranked = [(trial.rank or position, trial) for position, trial in enumerate(draft.trials, start=1)]
    return min(ranked, key=lambda pair: pair[0])[1].parameters if ranked else None


async def _find_holder(database: Database, draft: OptimizationDraft | WalkForwardDraft) -> UUID | None:
    """Find the run that a document was stored with before: it is not stored twice."""
    if draft.source is None:
        return None
    held = (documents.c.backtest_id == backtests.c.id) & (documents.c.sha256 == pack(draft.source).sha256)
    return await _first(database, _runs_of(draft).where(exists().where(held)).order_by(*_newest()))


async def _find_with_parameters(database: Database, draft: OptimizationDraft, near: Sequence[UUID]) -> UUID | None:
    """Find the newest run with a sweep's best parameters."""
    wanted = best_parameters(draft)
    if wanted is None:
        return None
    column, value = backtests.c.parameters, literal(wanted, type_=JSONB)
    # The index answers containment only.
    same = column.contains(value) & (column == value)
    return await _first(database, _runs_of(draft).where(same).order_by(*_nearest(near), *_newest()))


async def _find_optimized(database: Database, draft: WalkForwardDraft, near: Sequence[UUID]) -> UUID | None:
    """Find the newest run with an optimization."""
    return await _first(database, _runs_of(draft).where(_is_optimized()).order_by(*_nearest(near), *_newest()))


async def _find_best(database: Database, draft: WalkForwardDraft) -> UUID | None:
    """Find the completed run with the best Sharpe ratio."""
    sharpe = backtests.c.sharpe_ratio
    completed = _runs_of(draft).where(backtests.c.status == "COMPLETED")
    return await _first(database, completed.order_by(sharpe.desc().nulls_last(), *_newest()))


async def _first(database: Database, statement: Select[tuple[Any]]) -> UUID | None:
    row = await database.fetch_one(statement.limit(1))
    return row["id"] if row else None


def _runs_of(draft: OptimizationDraft | WalkForwardDraft) -> Select[tuple[Any]]:
    """Select the runs of a document's symbol and strategy, spelled as they are stored."""
    symbol, strategy = (draft.symbol or "").strip().upper(), (draft.strategy or "").strip()
    return select(backtests.c.id).where(backtests.c.symbol == symbol, backtests.c.strategy == strategy)


def _is_optimized() -> Exists:
    return exists().where(optimizations.c.backtest_id == backtests.c.id)


def _nearest(near: Sequence[UUID]) -> list[ColumnElement[Any]]:
    return [is_one_of(backtests.c.id, near).desc()] if near else []


def _newest() -> tuple[ColumnElement[Any], ...]:
    return backtests.c.created_at.desc(), backtests.c.id.desc()
