"""Cross-validate optimizations: once for each number of blocks, after which the result is read from its table."""

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from uuid import UUID
from weakref import WeakKeyDictionary

import asyncpg
import numpy as np
from sqlalchemy import Integer, Select, Uuid, and_, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert

from resolvers.best_trials import OF_RUN, DeflatedBest, Measured, deflate_best, spread_of
from resolvers.errors import BadUserInput
from resolvers.series import Curve
from resolvers.statistics.calendars import infer_calendar
from resolvers.statistics.overfitting import (
    MOST_BLOCKS,
    Bin,
    count_logits,
    probability_of_backtest_overfitting,
)
from resolvers.statistics.trial_returns import Common, Moments, join_returns, measure_returns
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, optimization_trials, optimizations, overfitting_results, trial_returns
from resolvers.trial_returns import load_sweep_returns

GENERATION = 1
"""Of the formulas; what was computed by another one is computed anew."""
MOST_SCORES = 50_000_000
"""Halves times trials: some seconds of a processor."""

Key = tuple[UUID, UUID]
"""The ids of a run and of an optimization of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What cross-validation says of an optimization; its figures are None where reason says why.

    trials: columns, those with returns. observations: rows that were used, of times that all of these have; dropped:
    the other ones.
    """

    reason: str | None = None
    pbo: float | None = None
    probability_of_loss: float | None = None
    slope: float | None = None
    mean: float | None = None
    median: float | None = None
    histogram: Sequence[Bin] = ()
    trials: int = 0
    observations: int = 0
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What is said of one optimization, cut into so many blocks; trials is how many were saved."""

    blocks: int
    trials: int
    validation: Validation
    best: DeflatedBest


async def load_overfitting(database: Database, keys: Sequence[Key], *, blocks: int) -> list[Overfitting | None]:
    """Return what cross-validation says of optimizations, computed where that is not stored; None for unknown ones.

    Raises:
        BadUserInput: blocks is odd, below 2 or above 20, or a sweep has too many trials for so many blocks.
    """
    if blocks % 2 or not 2 <= blocks <= MOST_BLOCKS:  # noqa: PLR2004 - two halves
        raise BadUserInput(f"blocks is {blocks} and must be an even number from 2 to {MOST_BLOCKS}.")
    runs, sweeps = [run for run, _ in keys], [sweep for _, sweep in keys]
    rows = await database.fetch(_facts(runs=runs, sweeps=sweeps, blocks=blocks), plan=Plan.ONCE)
    for row in rows:
        if row["result"] is None:
            _check_size(row["with_returns"], blocks)
    results = await asyncio.gather(*(_result_of(database, row, blocks) for row in rows))
    found = {row["id"]: _read(row, result, blocks) for row, result in zip(rows, results, strict=True)}
    return [found.get(sweep) for sweep in sweeps]


def _check_size(trials: int, blocks: int) -> None:
    if trials * math.comb(blocks, blocks // 2) > MOST_SCORES:
        raise BadUserInput(
            f"blocks is {blocks}: {math.comb(blocks, blocks // 2)} halves of {trials} trials are more than the "
            f"{MOST_SCORES} Sharpe ratios that are computed at once; fewer blocks are."
        )


def _read(row: Row, result: Mapping[str, Any], blocks: int) -> Overfitting:
    measured, validation = result["measured"], result["validation"]
    best = measured["best"] and Moments(**measured["best"])
    bins = [Bin(**each) for each in validation["histogram"]]
    return Overfitting(
        blocks=blocks,
        trials=row["saved"],
        validation=Validation(**validation | {"histogram": bins}),
        best=deflate_best(dict(row), Measured(best, tuple(measured["sharpes"]), measured["periods_per_year"])),
    )


@dataclass(slots=True)
class _Work:
    """What this process computes for one database: one thing at a time, and each thing once."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    running: dict[tuple[UUID, int], asyncio.Task[Mapping[str, Any]]] = field(default_factory=dict)


_WORK: WeakKeyDictionary[Database, _Work] = WeakKeyDictionary()


async def _result_of(database: Database, row: Row, blocks: int) -> Mapping[str, Any]:
    """Return the stored result of an optimization, or compute it; who asks meanwhile waits for the same one."""
    if row["result"] is not None or not row["with_returns"]:
        return row["result"] or _pack(Validation(reason="NO_RETURNS"), Measured())
    work = _WORK.setdefault(database, _Work())
    key = (row["id"], blocks)
    if key not in work.running:
        task = asyncio.create_task(_compute(database, work, row, blocks))
        work.running[key] = task
        task.add_done_callback(lambda done: _end(work, key, done))
    # It goes on where nobody waits any more: the next one finds it stored.
    return await asyncio.shield(work.running[key])


def _end(work: _Work, key: tuple[UUID, int], task: asyncio.Task[Mapping[str, Any]]) -> None:
    del work.running[key]
    if not task.cancelled():
        task.exception()  # whoever waits gets it


async def _compute(database: Database, work: _Work, row: Row, blocks: int) -> Mapping[str, Any]:
    async with work.turn:
        curves = await load_sweep_returns(database, row["backtest_id"], row["id"])
        result = await asyncio.to_thread(_cross_validate, curves, row["best_number"], blocks)
    await _keep(database, row, blocks, result)
    return result


def _cross_validate(curves: Mapping[int, Curve], best: int | None, blocks: int) -> dict[str, Any]:
    measured = {number: measure_returns(curve.values) for number, curve in curves.items()}
    first = next(iter(curves.values()))
    calendar = infer_calendar(first.times)
    sharpes = spread_of([each.sharpe for each in measured.values() if each])
    figures = Measured(
        best=measured.get(best or 0),
        sharpes=sharpes if all(map(math.isfinite, sharpes)) else (0, 0.0, 0.0),
        periods_per_year=calendar.periods_per_year if calendar else None,
    )
    return _pack(_validate(list(curves.values()), blocks), figures)


def _validate(curves: Sequence[Curve], blocks: int) -> Validation:
    if len(curves) < 2:  # noqa: PLR2004 - to choose from
        return Validation(reason="TOO_FEW_TRIALS", trials=len(curves))
    common = join_returns([(curve.times, curve.values) for curve in curves])
    rows = len(common.matrix) // blocks * blocks
    if reason := _reason(common, blocks):
        return Validation(reason=reason, trials=len(curves), dropped=common.dropped + len(common.matrix))
    found = probability_of_backtest_overfitting(common.matrix, blocks)
    return Validation(
        pbo=found.pbo,
        probability_of_loss=found.probability_of_loss,
        slope=found.slope if math.isfinite(found.slope) else None,
        mean=float(np.mean(found.logits)),
        median=float(np.median(found.logits)),
        histogram=count_logits(found.logits, len(curves)),
        trials=len(curves),
        observations=rows,
        dropped=common.dropped + len(common.matrix) - rows,
    )


def _reason(common: Common, blocks: int) -> str | None:
    """Return why the halves have no Sharpe ratios, None where they have."""
    if _is_enough(len(common.matrix), blocks):
        return None
    if _is_enough(common.times, blocks):
        return "NON_FINITE"
    return "TOO_SHORT" if common.times else "NO_COMMON_TIMES"


def _is_enough(rows: int, blocks: int) -> bool:
    return rows // blocks * (blocks // 2) >= 2  # noqa: PLR2004 - n - 1


def _pack(validation: Validation, measured: Measured) -> dict[str, Any]:
    return {"validation": asdict(validation), "measured": asdict(measured)}


async def _keep(database: Database, row: Row, blocks: int, result: Mapping[str, Any]) -> None:
    """Store a result; that of other formulas gives way."""
    key = {"backtest_id": row["backtest_id"], "optimization_id": row["id"], "blocks": blocks}
    values = {"computation": GENERATION, "result": result}
    statement = insert(overfitting_results).values(**key, **values)
    statement = statement.on_conflict_do_update(index_elements=list(key), set_=values)
    try:
        async with database.transaction() as transaction:
            await transaction.fetch(statement.returning(overfitting_results.c.blocks))
    except asyncpg.ForeignKeyViolationError:
        return  # deleted meanwhile: who asked still gets the answer


@shaped
def _facts(*, runs: Slot, sweeps: Slot, blocks: Slot) -> Select[Any]:
    """Select stored results, and what the deflated Sharpe ratio takes of optimizations, their runs and best trials."""
    lists = literal(runs, type_=ARRAY(Uuid)), literal(sweeps, type_=ARRAY(Uuid))
    key = func.unnest(*lists).table_valued("run", "sweep", name="key").render_derived()
    sweep, stored, best = optimizations, overfitting_results, optimization_trials.alias("best")
    with_returns = _with_returns()
    reported = _reported()
    joined = (
        key.join(sweep, and_(sweep.c.backtest_id == key.c.run, sweep.c.id == key.c.sweep))
        .join(backtests, backtests.c.id == sweep.c.backtest_id)
        .outerjoin(
            best,
            and_(
                best.c.backtest_id == sweep.c.backtest_id,
                best.c.optimization_id == sweep.c.id,
                best.c.number == sweep.c.best_number,
            ),
        )
        .outerjoin(
            stored,
            and_(
                stored.c.backtest_id == sweep.c.backtest_id,
                stored.c.optimization_id == sweep.c.id,
                stored.c.blocks == literal(blocks, type_=Integer),
                stored.c.computation == GENERATION,
            ),
        )
        .join(with_returns, true())
        .join(reported, true())
    )
    return select(
        *(sweep.c[name] for name in ("backtest_id", "id", "combinations_tested", "objective", "best_number")),
        *(backtests.c[name].label(f"run_{name}") for name in OF_RUN),
        *(best.c[name].label(f"best_{name}") for name in ("parameters", "sharpe_ratio", "objective_value")),
        stored.c.result,
        *with_returns.c,
        *reported.c,
    ).select_from(joined)


def _with_returns() -> Any:
    """Write how many trials of an optimization have returns."""
    returns, sweep = trial_returns.c, optimizations.c
    own = returns.backtest_id == sweep.backtest_id, returns.optimization_id == sweep.id
    return select(func.count().label("with_returns")).where(*own).lateral("counted")


def _reported() -> Any:
    """Write how many trials of an optimization there are, and what is reported of those without returns."""
    trial, returns = optimization_trials, trial_returns
    own = trial.c.backtest_id == optimizations.c.backtest_id, trial.c.optimization_id == optimizations.c.id
    same = [trial.c[name] == returns.c[name] for name in ("backtest_id", "optimization_id", "number")]
    missing = returns.c.number.is_(None)
    return (
        select(
            func.count().label("saved"),
            func.array_agg(trial.c.sharpe_ratio).filter(missing).label("sharpe_ratios"),
            func.array_agg(trial.c.objective_value).filter(missing).label("objective_values"),
        )
        .select_from(trial.outerjoin(returns, and_(*same)))
        .where(*own)
        .lateral("reported")
    )
