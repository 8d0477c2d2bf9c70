"""Compute runs that are stored: those of before anything was computed, and those of other formulas.

Nothing that was said of a run changes, so it is no change of the run: `updated_at` stays, and nobody who listens is
told. In runs of before, every metric that has a value counts as reported: nobody can tell a number of trades that was
counted then from one that was reported, and what was reported stays.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Select, Uuid, bindparam, exists, func, literal, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by

from resolvers.backtests import is_one_of
from resolvers.checks.series import Curve
from resolvers.computing import GENERATION, Material, Results, compute_columns
from resolvers.series import Curve as StoredCurve
from resolvers.store.database import Database, Row, Transaction
from resolvers.store.metrics import COMPUTED, COUNTS, METRICS, computed_column
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import (
    backtest_series,
    backtests,
    optimization_trials,
    optimizations,
    trades,
)
from resolvers.trial_ledger import Entry, count_trials, entry_of_optimization, entry_of_run
from resolvers.trial_returns import load_sweep_returns, measure_sharpes
from resolvers.trial_sharpes import annual_sharpes

BATCH = 200
"""Runs of one transaction, at most."""
MOST_VALUES = 1_000_000
"""Points and trades of one transaction, unless a single run has more: some 100 MB."""
NAMES = tuple(metric.name for metric in METRICS)


@dataclass(frozen=True, slots=True)
class Batch:
    """Runs that were computed in one transaction: how many, and the last of them in the order of ids."""

    runs: int
    last: UUID


async def has_runs_of_before(database: Database) -> bool:
    """Tell whether there are runs of which nothing was computed; answered by an index that is usually empty."""
    rows = await database.fetch(select(exists().where(backtests.c.computation.is_(None)).label("found")))
    return bool(rows[0]["found"])


async def count_runs(database: Database, *, everything: bool) -> int:
    """Return how many runs are to be computed: those that no formula of now did, or all."""
    statement = select(func.count().label("runs")).select_from(backtests).where(_is_due(everything))
    return int((await database.fetch(statement))[0]["runs"])


async def recompute_next(database: Database, after: UUID | None, *, everything: bool) -> Batch | None:
    """Compute the next runs behind an id, whole or not at all; None where there are none left.

    Nothing waits for it but a change of these very runs; two that compute the same at the same time write the same.
    """
    async with database.transaction() as transaction:
        found = await transaction.fetch(_next(everything, after=after or UUID(int=0)))
        if not found:
            return None
        runs = _as_many_as_fit(found)
        await _recompute(transaction, runs)
        return Batch(len(runs), runs[-1]["id"])


def _is_due(everything: bool) -> ColumnElement[bool]:
    return literal(True) if everything else backtests.c.computation.is_distinct_from(GENERATION)


@shaped
def _next(everything: bool, *, after: Slot) -> Select[Any]:
    """Select the next runs to be computed, each with the number of its trades; none of them is deleted meanwhile."""
    own = select(func.count()).where(trades.c.backtest_id == backtests.c.id).scalar_subquery()
    columns = [backtests.c[name] for name in (*_OF_RUNS, *NAMES)]
    found = select(*columns, own.label("trades")).where(backtests.c.id > literal(after, type_=backtests.c.id.type))
    due = found.where(_is_due(everything)).order_by(backtests.c.id).limit(BATCH)
    return due.with_for_update(key_share=True, of=backtests)


_OF_RUNS = (
    *("id", "symbol", "strategy", "study", "content_hash", "data_points"),
    *(
        "given_periods_per_year",
        "given_frequency",
        "undefined",
        "metrics_filled",
        "computation",
        "computed_total_trades",
    ),
)


def _as_many_as_fit(runs: Sequence[Row]) -> Sequence[Row]:
    values = np.cumsum([run["data_points"] + run["trades"] for run in runs])
    return runs[: max(1, int(np.searchsorted(values, MOST_VALUES, side="right")))]


async def _recompute(transaction: Transaction, runs: Sequence[Row]) -> None:
    ids = [run["id"] for run in runs]
    curves = {row["backtest_id"]: row for row in await transaction.fetch(_curves(ids=ids))}
    results = {row["backtest_id"]: row for row in await transaction.fetch(_results(ids=ids))}
    rows = await asyncio.to_thread(
        lambda: [_compute(run, curves.get(run["id"]), results.get(run["id"])) for run in runs]
    )
    await transaction.fetch_many(_UPDATE, [{**row, "run": row["id"]} for row in rows])
    by_id = {row["id"]: row for row in rows}
    sweeps = await transaction.fetch(_sweeps(ids=ids))
    entries = [await _entry_of_sweep(transaction, by_id[sweep["backtest_id"]], sweep) for sweep in sweeps]
    await count_trials(transaction, [*map(entry_of_run, rows), *entries])


def _compute(run: Row, curve: Row | None, results: Row | None) -> dict[str, Any]:
    """Return the run with what is computed of it."""
    before = {name: 0 if name in COUNTS else None for name in run["metrics_filled"]}
    reported = {name: run[name] for name in NAMES if run[name] is not None and name not in before}
    material = Material(
        equity=_curve(curve),
        results=_results_of(run, results),
        total_trades=reported.get("total_trades", 0),
        reported=reported,
        non_finite=[name for name, reason in run["undefined"].items() if reason == "NON_FINITE"],
        periods_per_year=run["given_periods_per_year"],
        frequency=run["given_frequency"],
    )
    return {**run, **before, **compute_columns(material)}


def _curve(row: Row | None) -> Curve | None:
    if row is None:
        return None
    return Curve(np.frombuffer(row["equity_times"], "<i8"), np.frombuffer(row["equity_values"], "<f8"))


def _results_of(run: Row, row: Row | None) -> Results | None:
    """Return what the trades made; an empty list is known by the number of trades that was computed of it."""
    if row is None and run["computed_total_trades"] != 0:
        return None
    columns: Iterable[Sequence[Any]] = ((), (), ()) if row is None else (row["profits"], row["shares"], row["closed"])
    profits, shares, closed = columns
    return Results(
        profits=np.array(profits, dtype=np.float64),
        shares=np.array(shares, dtype=np.float64),
        is_closed=np.array(closed, dtype=np.bool_),
    )


async def _entry_of_sweep(transaction: Transaction, run: Mapping[str, Any], sweep: Row) -> Entry:
    """Return the entry of an optimization, whose trials are read here so that those of one are held at a time."""
    key = (sweep["backtest_id"], sweep["id"])
    trials = [dict(each) for each in await transaction.fetch(_trials(run=key[0], sweep=key[1]))]
    returns = await load_sweep_returns(transaction, *key)
    return await asyncio.to_thread(_count_sweep, run, dict(sweep), trials, returns)


def _count_sweep(
    run: Mapping[str, Any],
    sweep: Mapping[str, Any],
    trials: Sequence[Mapping[str, Any]],
    returns: Mapping[int, StoredCurve],
) -> Entry:
    computed = measure_sharpes(returns, run["periods_per_year"])
    return entry_of_optimization(run, sweep, annual_sharpes(run, sweep["objective"], trials, computed))


@shaped
def _curves(*, ids: Slot) -> Select[Any]:
    """Select the equity curves of runs."""
    table = backtest_series
    found = select(table.c.backtest_id, table.c.equity_times, table.c.equity_values)
    return found.where(is_one_of(table.c.backtest_id, ids), table.c.equity_values.is_not(None))


@shaped
def _results(*, ids: Slot) -> Select[Any]:
    """Select what the trades of runs made, in their order."""
    lists = {"profits": trades.c.pnl, "shares": trades.c.pnl_percent, "closed": trades.c.exit_time.is_not(None)}
    columns = [func.array_agg(aggregate_order_by(each, trades.c.number)).label(name) for name, each in lists.items()]
    found = select(trades.c.backtest_id, *columns).where(is_one_of(trades.c.backtest_id, ids))
    return found.group_by(trades.c.backtest_id)


@shaped
def _sweeps(*, ids: Slot) -> Select[Any]:
    """Select the optimizations of runs."""
    names = ("backtest_id", "id", "content_hash", "combinations_tested", "objective")
    found = select(*(optimizations.c[name] for name in names)).where(is_one_of(optimizations.c.backtest_id, ids))
    return found.order_by(optimizations.c.backtest_id, optimizations.c.id)


@shaped
def _trials(*, run: Slot, sweep: Slot) -> Select[Any]:
    """Select what the trials of an optimization say of their Sharpe ratios."""
    table = optimization_trials.c
    own = table.backtest_id == literal(run, type_=Uuid), table.optimization_id == literal(sweep, type_=Uuid)
    return select(table.number, table.sharpe_ratio, table.objective_value).where(*own).order_by(table.number)


_WRITTEN = (
    *NAMES,
    *map(computed_column, (metric.name for metric in COMPUTED)),
    *("periods_per_year", "frequency", "observations", "skewness", "kurtosis", "probabilistic_sharpe_ratio"),
    *("undefined", "metrics_filled", "computation"),
)
_UPDATE = (
    update(backtests)
    .where(backtests.c.id == bindparam("run"))
    .values({name: bindparam(name) for name in _WRITTEN})
    .returning(backtests.c.id)
)
