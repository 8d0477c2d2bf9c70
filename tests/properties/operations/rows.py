"""Two databases with the same rows: the demo's real runs, odd ones, and ones that the schema forbids."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import numpy as np
from sqlalchemy import Table

from api.demo import DOCUMENTS
from api.importing.paths import import_paths
from migrations.history import upgrade
from resolvers.importers.drafts import BacktestDraft
from resolvers.store.database import Database
from resolvers.store.tables import (
    backtest_series,
    backtests,
    optimization_trials,
    optimizations,
    trades,
    trial_returns,
)
from resolvers.store.tables import walk_forward_tests as windows
from tests.properties.operations.forbidden import FORBIDDEN, UNBOUND
from tests.properties.rows import (
    FIGURES,
    VALUES,
    Row,
    Rows,
    random_optimizations,
    random_runs,
    random_trades,
    random_trials,
)

NOW = 1_790_000_000_000_000
"""This instant, in microseconds since 1970 UTC, for all operations."""
HOUR = 3_600_000_000
ODD = 45


@asynccontextmanager
async def two_databases(dsn: str) -> AsyncIterator[tuple[Database, Database]]:
    """Give two equal databases on a server; they are gone afterwards."""
    names = ("operations_plain", "operations_bulk")
    server = await asyncpg.connect(dsn)
    for name in names:
        await server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await server.execute(f"CREATE DATABASE {names[0]}")
    await _fill(_address(dsn, names[0]))
    await server.execute(f"CREATE DATABASE {names[1]} TEMPLATE {names[0]}")
    plain, bulk = [await Database.connect(_address(dsn, name), connections=4) for name in names]
    try:
        yield plain, bulk
    finally:
        await plain.close()
        await bulk.close()
        for name in names:
            await server.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await server.close()


def _address(dsn: str, database: str) -> str:
    return urlsplit(dsn)._replace(path=f"/{database}").geturl()


async def _fill(dsn: str) -> None:
    await upgrade(dsn)
    database = await Database.connect(dsn)
    await import_paths(database, [DOCUMENTS], say=lambda _: None, prepare=_Calendar().mark, progress=False)
    await _add(database, _odd_rows())
    await database.close()
    connection = await asyncpg.connect(dsn)
    for statement in (*UNBOUND, *FORBIDDEN, "VACUUM ANALYZE"):
        await connection.execute(statement)
    await connection.close()


class _Calendar:
    """Gives the runs times of saving an hour apart, up to this instant."""

    def __init__(self) -> None:
        self._runs = 0

    def mark(self, draft: BacktestDraft) -> None:
        """Complete the next run."""
        self._runs += 1
        draft.created_at = NOW - 5 * self._runs * HOUR
        draft.tags = ["demo", f"demo {self._runs % 3}"]


async def _add(database: Database, rows: dict[Table, Rows]) -> None:
    async with database.transaction() as transaction:
        for table, own in rows.items():
            names = [column.name for column in table.c]
            await transaction.copy(table, names, [[row.get(name) for name in names] for row in own])


def _odd_rows() -> dict[Table, Rows]:
    """Return runs between the demo's: without trades or curves, with nulls, with huge and tiny numbers."""
    dice = random.Random(5)
    runs = random_runs(ODD, seed=5)
    for number, run in enumerate(runs):
        # Half of them stand among the newest, which most pages start with.
        run["created_at"] = NOW - number * 7 * HOUR if number % 2 else run["created_at"]
        run["updated_at"] = run["created_at"]
        run["other_metrics"] = {"x": dice.choice(VALUES)}
        run["fees"], run["slippage"], run["execution_time_seconds"] = (dice.choice((None, *FIGURES)) for _ in range(3))
        run["error_message"] = dice.choice((None, "", "\x01 broke \U0001f680"))
    sweeps = random_optimizations(runs, seed=6)
    for sweep in sweeps:
        sweep["best_number"] = dice.choice((None, 1))
        sweep["parameter_names"] = dice.sample(("a", "b", "ü", ""), dice.randrange(4))
    trials = random_trials(sweeps, most=12, seed=8)
    return {
        backtests: runs,
        backtest_series: Rows(_series(dice, run["id"]) for run in runs if dice.random() < 0.6),
        trades: random_trades(runs, most=30, seed=7),
        optimizations: sweeps,
        optimization_trials: trials,
        windows: Rows(_window(dice, run["id"]) for run in runs for _ in range(dice.randrange(4))),
        trial_returns: Rows(_returns(dice, trial) for trial in trials if dice.random() < 0.8),
    }


def _series(dice: random.Random, backtest_id: UUID) -> Row:
    points = dice.choice((1, 2, 3, 50, 400))
    times = NOW - np.arange(points, dtype="<i8")[::-1] * HOUR
    values = np.array([dice.choice((dice.gauss(100, 20), 0.0, -0.0, np.nan, 1e300)) for _ in range(points)], "<f8")
    own = dice.random() < 0.5
    return {
        "backtest_id": backtest_id,
        "equity_times": times.tobytes(),
        "equity_values": values.tobytes(),
        "drawdown_times": None,
        "drawdown_values": (-abs(values)).tobytes() if own else None,
    }


def _returns(dice: random.Random, trial: Row) -> Row:
    points = dice.choice((40, 40, 40, 3))
    values = np.array([dice.choice((dice.gauss(0, 0.01), 0.0, np.nan if points < 40 else 0.1)) for _ in range(points)])
    times = NOW - np.arange(points, dtype="<i8")[::-1] * HOUR
    key = {name: trial[name] for name in ("backtest_id", "optimization_id", "number")}
    return key | {"times": times.tobytes(), "values": values.astype("<f8").tobytes()}


def _window(dice: random.Random, backtest_id: UUID) -> Row:
    figures: dict[str, Any] = {
        name: dice.choice((None, *FIGURES))
        for name in ("training_sharpe", "out_of_sample_return", "out_of_sample_sharpe", "degradation_factor")
    }
    return figures | {
        "backtest_id": backtest_id,
        "id": UUID(int=dice.getrandbits(128)),
        "created_at": NOW,
        "training_start": dice.choice((None, date(1, 1, 1))),
        "test_period_start": date(2020, 1, dice.randrange(1, 29)),
        "test_period_end": date(9999, 12, 31),
        "optimal_parameters": dice.choice((None, {}, {"a": 1})),
        "is_profitable": dice.choice((None, True, False)),
        "other_metrics": {},
        "content_hash": b"",
    }
