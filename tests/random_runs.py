"""A few thousand runs with what is awkward: nulls, ties, zeros, negative and tiny numbers, words of many scripts.

They are plain dicts with the columns of the table, so that a test can compute by itself what the service must answer.
"""

import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, text

from resolvers.metric_columns import LUCK_COLUMNS
from resolvers.store.database import Database
from resolvers.store.metrics import COMPUTED, METRICS, computed_column
from resolvers.store.tables import backtests, deflated_sharpe_ratios

Run = dict[str, Any]

SYMBOLS = ("GOOG", "BTC-USD", "ÆØÅ", "株式", "🚀", "A%_\\B", "goog", "Z'\"")
STRATEGIES = ("sma_cross", "SMA_CROSS", "späť", "x")
ENGINES = ("vectorbt", "Backtrader", "", None)
STATUSES = ("COMPLETED", "COMPLETED", "COMPLETED", "IN_PROGRESS", "FAILED")
DAY = 86_400_000_000


class Runs(list[Run]):
    """Runs that hypothesis does not print whole when it reports a failure."""

    def __repr__(self) -> str:
        return f"<{len(self)} runs>"


_TIES = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 5e-324, -1e-300, 0.1 + 0.2, 0.3)


VALUES = (
    *(metric.name for metric in METRICS),
    *(computed_column(metric.name) for metric in COMPUTED),
    *LUCK_COLUMNS.values(),
)
"""The columns that have a value of a metric, on whichever basis."""


def random_runs(count: int, *, until: int, seed: int = 1) -> Runs:
    """Return runs that were made whole days and a half before an instant, in microseconds since 1970 UTC."""
    dice = random.Random(seed)
    return Runs(_run(dice, until) for _ in range(count))


async def store_runs(database: Database, runs: Sequence[Run]) -> None:
    """Make these runs the only ones."""
    columns = [column.name for column in backtests.c]
    async with database.transaction() as transaction:
        await transaction.fetch(delete(backtests))
        await transaction.copy(backtests, columns, [[run[name] for name in columns] for run in runs])
        await transaction.copy(deflated_sharpe_ratios, deflated_sharpe_ratios.c.keys(), deflated_rows(runs))
    await database.fetch(text("ANALYZE backtests"))
    await database.fetch(text("ANALYZE deflated_sharpe_ratios"))


def deflated_rows(runs: Sequence[Run]) -> list[tuple[Any, ...]]:
    """Return the rows of the deflated Sharpe ratios of the runs that have one, completed or not."""
    return [
        (run["id"], run["symbol"], run["deflated_sharpe_ratio"])
        for run in runs
        if run["deflated_sharpe_ratio"] is not None
    ]


def _run(dice: random.Random, until: int) -> Run:
    created_at = until - dice.randrange(500) * DAY - DAY // 2
    start = date(2020, 1, 1) + timedelta(days=dice.randrange(900))
    return {
        "id": UUID(int=dice.getrandbits(128)),
        "created_at": created_at,
        "updated_at": created_at,
        "symbol": dice.choice(SYMBOLS),
        "strategy": dice.choice(STRATEGIES),
        "status": dice.choice(STATUSES),
        "start_date": start,
        "end_date": start + timedelta(days=dice.randrange(400)),
        "initial_capital": 10_000.0,
        "fees": None,
        "slippage": None,
        "parameters": {},
        "other_metrics": {},
        "tags": [],
        "notes": None,
        "error_message": None,
        "engine": dice.choice(ENGINES),
        "execution_time_seconds": None,
        "data_points": 0,
        "content_hash": b"",
        **{metric.name: dice.randrange(25) if metric.is_count else _figure(dice) for metric in METRICS},
        **random_computed(dice, _figure),
    }


def random_computed(dice: random.Random, figure: Callable[[random.Random], float | None]) -> Run:
    """Return the columns that are computed, and the deflated Sharpe ratio, at random."""
    return {
        **dict.fromkeys(("study", "given_periods_per_year", "given_frequency")),
        "periods_per_year": 252.0,
        "frequency": "trading days",
        **{computed_column(each.name): dice.randrange(25) if each.is_count else figure(dice) for each in COMPUTED},
        "observations": dice.randrange(1000),
        "skewness": figure(dice),
        "kurtosis": figure(dice),
        "probabilistic_sharpe_ratio": dice.choice((None, 0.0, 0.5, 1.0, dice.random())),
        "deflated_sharpe_ratio": dice.choice((None, 0.0, 0.5, 1.0, dice.random())),
        "undefined": {},
        "metrics_filled": [],
        "computation": 1,
    }


def _figure(dice: random.Random) -> float | None:
    kind = dice.random()
    if kind < 0.2:
        return None
    return dice.choice(_TIES) if kind < 0.5 else dice.gauss(0.2, 2)
