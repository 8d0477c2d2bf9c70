"""Store and read the returns of trials."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, LargeBinary, Select, Uuid, and_, func, literal, null, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import CompoundSelect

from resolvers.checks.series import spread_over
from resolvers.checks.trial_returns import TrialReturns
from resolvers.series import Curve
from resolvers.statistics.calendars import infer_calendar
from resolvers.statistics.trial_returns import measure_returns
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Transaction
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import optimizations, trial_returns

_COLUMNS = ("backtest_id", "optimization_id", "number", "times", "values")


class TrialKey(NamedTuple):
    """Names a trial."""

    backtest_id: UUID
    optimization_id: UUID
    number: int


@dataclass(frozen=True, slots=True)
class PlacedReturns:
    """The returns of a trial as they are stored, and the annual Sharpe ratio that is computed from them.

    times is None where they are those of the first trial with returns; annual_sharpe where it is undefined.
    """

    number: int
    times: bytes | None
    values: bytes
    annual_sharpe: float | None


def hashed(returns: Sequence[TrialReturns]) -> list[Any]:
    """Return what the hash of an optimization takes of the returns of its trials: nothing where there are none."""
    arrays = [array for each in returns for array in (each.times, each.values) if array is not None]
    sizes = [(each.number, len(each.values), each.times is None) for each in returns]
    return [sizes, *arrays] if sizes else []


def place_returns(returns: Sequence[TrialReturns], run: Mapping[str, Any]) -> list[PlacedReturns]:
    """Return the returns of a run's trials as they are stored; those without times are spread over the run's days."""
    times = [_times(each, run) for each in returns]
    periods = periods_of(run["periods_per_year"], times[0])
    return [
        PlacedReturns(
            number=each.number,
            times=None if place and np.array_equal(own, times[0]) else own.astype("<i8", copy=False).tobytes(),
            values=each.values.astype("<f8", copy=False).tobytes(),
            annual_sharpe=_annual_sharpe(each.values, periods),
        )
        for place, (each, own) in enumerate(zip(returns, times, strict=True))
    ]


def periods_of(periods_per_year: float | None, times: NDArray[np.int64]) -> float | None:
    """Return how many returns make a year: as a run says, or else as their times tell; None where nothing does."""
    inferred = None if periods_per_year else infer_calendar(times)
    return inferred.periods_per_year if inferred else periods_per_year


async def copy_returns(
    transaction: Transaction, backtest_id: UUID, optimization_id: UUID, returns: Sequence[PlacedReturns]
) -> None:
    """Store the returns of the trials of an optimization."""
    rows = [(backtest_id, optimization_id, each.number, each.times, each.values) for each in returns]
    if rows:
        await transaction.copy(trial_returns, _COLUMNS, rows)


async def load_trial_returns(database: Database, keys: Sequence[TrialKey]) -> list[Curve | None]:
    """Return the returns of trials in the order of their keys, None where none were saved."""
    columns = list(zip(*keys, strict=True))
    rows = await database.fetch(_of_trials(runs=columns[0], sweeps=columns[1], numbers=columns[2]), plan=Plan.ONCE)
    shared = {row["optimization_id"]: row["times"] for row in rows if row["values"] is None}
    found = {
        (row["optimization_id"], row["number"]): _unpack(row["times"] or shared[row["optimization_id"]], row["values"])
        for row in rows
        if row["values"] is not None
    }
    return [found.get(key[1:]) for key in keys]


def measure_sharpes(returns: Mapping[int, Curve], periods_per_year: float | None) -> dict[int, float | None]:
    """Return the annual Sharpe ratio that the returns of each trial give, None where it is undefined."""
    if not returns:
        return {}
    periods = periods_of(periods_per_year, next(iter(returns.values())).times)
    return {number: _annual_sharpe(each.values, periods) for number, each in returns.items()}


async def load_sweep_returns(
    database: Database | Transaction, backtest_id: UUID, optimization_id: UUID
) -> dict[int, Curve]:
    """Return the returns of all trials of an optimization that have some, by their numbers, in their order."""
    rows = await database.fetch(_of_sweep(run=backtest_id, sweep=optimization_id))
    return {row["number"]: _unpack(row["times"] or rows[0]["times"], row["values"]) for row in rows}


@shaped
def _of_trials(*, runs: Slot, sweeps: Slot, numbers: Slot) -> CompoundSelect[Any]:
    """Select the returns of trials, and without values the times of the first trial of each of their sweeps."""
    lists = literal(runs, type_=ARRAY(Uuid)), literal(sweeps, type_=ARRAY(Uuid)), literal(numbers, type_=ARRAY(Integer))
    key = func.unnest(*lists).table_valued("run", "sweep", "number", name="key").render_derived()
    of_sweep = and_(trial_returns.c.backtest_id == key.c.run, trial_returns.c.optimization_id == key.c.sweep)
    own = select(*(trial_returns.c[name] for name in _COLUMNS[1:])).select_from(
        key.join(trial_returns, and_(of_sweep, trial_returns.c.number == key.c.number))
    )
    sweep = optimizations.c
    first = (
        select(trial_returns.c.number, trial_returns.c.times)
        .where(trial_returns.c.backtest_id == sweep.backtest_id, trial_returns.c.optimization_id == sweep.id)
        .order_by(trial_returns.c.number)
        .limit(1)
        .lateral("first")
    )
    shared = (
        select(sweep.id, first.c.number, first.c.times, null().cast(LargeBinary))
        .select_from(optimizations.join(first, true()))
        .where(tuple_(sweep.backtest_id, sweep.id).in_(select(key.c.run, key.c.sweep)))
    )
    return own.union_all(shared)


@shaped
def _of_sweep(*, run: Slot, sweep: Slot) -> Select[Any]:
    """Select the returns of all trials of an optimization."""
    table = trial_returns
    own = table.c.backtest_id == literal(run, type_=Uuid), table.c.optimization_id == literal(sweep, type_=Uuid)
    return select(table.c.number, table.c.times, table.c["values"]).where(*own).order_by(table.c.number)


def _times(returns: TrialReturns, run: Mapping[str, Any]) -> NDArray[np.int64]:
    if returns.times is not None:
        return returns.times
    return spread_over(len(returns.values), run["start_date"], run["end_date"])


def _annual_sharpe(values: NDArray[np.float64], periods_per_year: float | None) -> float | None:
    measured = measure_returns(values) if periods_per_year else None
    if measured is None or periods_per_year is None:
        return None
    annual = measured.sharpe * math.sqrt(periods_per_year)
    return annual if math.isfinite(annual) else None


def _unpack(times: bytes, values: bytes) -> Curve:
    return Curve(np.frombuffer(times, dtype="<i8"), np.frombuffer(values, dtype="<f8"))
