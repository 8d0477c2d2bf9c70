"""What was reported of runs, beside what was computed of them."""

import asyncio
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Select, func, select

from resolvers.backtests import is_one_of
from resolvers.computing import OF_TRADES
from resolvers.statistics.performance import measure_trades
from resolvers.statistics.reconciliation import Facts, agree, find_cause
from resolvers.statistics.undefined import Reason
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.metrics import COMPUTED, computed_column
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import trades

NAMES = tuple((metric.name, computed_column(metric.name)) for metric in COMPUTED)
NEEDS = (
    *("id", "metrics_filled", "periods_per_year", "observations", "initial_capital"),
    *(column for names in NAMES for column in names),
)
"""The columns of a run that it takes."""

Figures = Mapping[str, float]


async def load_reconciliations(database: Database, runs: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return for each run its metrics that were both reported and computed, in the order of metrics.

    What trades tell is looked at only for runs whose number of trades, or what follows from it, differs.
    """
    ids = [run["id"] for run in runs if _differs(run, OF_TRADES)]
    with_open = await _load_with_open_trades(database, ids) if ids else {}
    # A figure that nothing explains takes 0.2 ms.
    return await asyncio.to_thread(lambda: [_reconcile(run, with_open.get(run["id"], {})) for run in runs])


def _differs(run: Mapping[str, Any], names: Iterable[str]) -> bool:
    return any(
        not agree(name, run[name], run[computed_column(name)])
        for name in names
        if name not in run["metrics_filled"] and run[name] is not None and run[computed_column(name)] is not None
    )


def _reconcile(run: Mapping[str, Any], with_open_trades: Figures) -> list[dict[str, Any]]:
    facts = Facts(
        computed={name: float(run[column]) for name, column in NAMES if run[column] is not None},
        periods_per_year=run["periods_per_year"],
        observations=run["observations"],
        initial_capital=run["initial_capital"],
        with_open_trades=with_open_trades,
    )
    filled = run["metrics_filled"]
    return [
        _compare(name, float(run[name]), facts)
        for name in facts.computed
        if name not in filled and run[name] is not None
    ]


def _compare(name: str, reported: float, facts: Facts) -> dict[str, Any]:
    computed = facts.computed[name]
    agrees, difference = agree(name, reported, computed), reported - computed
    verdict = None if agrees else find_cause(name, reported, facts)
    return {
        "metric": name,
        "reported": reported,
        "computed": computed,
        "difference": difference if math.isfinite(difference) else None,
        "agrees": agrees,
        "likely_cause": verdict and str(verdict.cause),
        "explanation": verdict and verdict.explanation,
    }


async def _load_with_open_trades(database: Database, ids: Sequence[UUID]) -> dict[UUID, Figures]:
    """Return the figures of runs with open trades counted in, for those that have open trades."""
    rows = await database.fetch(_profits(ids=ids), plan=Plan.ONCE)
    return {row["backtest_id"]: _count_all(row["profits"]) for row in rows}


def _count_all(profits: Sequence[float | None]) -> Figures:
    values = np.array(profits, dtype=np.float64)
    figures = measure_trades(values, np.ones(len(values), dtype=np.bool_))
    return {name: figure for name, figure in figures.items() if not isinstance(figure, Reason)}


@shaped
def _profits(*, ids: Slot) -> Select[Any]:
    """Select the profits of all trades of those runs that have an open one."""
    profits = func.array_agg(func.coalesce(trades.c.pnl, trades.c.pnl_percent)).label("profits")
    found = select(trades.c.backtest_id, profits).where(is_one_of(trades.c.backtest_id, ids))
    return found.group_by(trades.c.backtest_id).having(func.bool_or(trades.c.exit_time.is_(None)))
