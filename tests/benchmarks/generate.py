"""Runs in any number, the same ones each time: what years of backtesting leave behind."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from resolvers.store.database import Database
from resolvers.store.metrics import METRICS
from resolvers.store.tables import backtests

STRATEGIES = (
    *("sma_cross", "ema_cross", "rsi_reversion", "bollinger_breakout", "macd_trend", "donchian", "pairs"),
    *("momentum_12_1", "mean_reversion", "atr_channel", "opening_range", "buy_and_hold"),
)
SYMBOLS = 250
COLUMNS = tuple(column.name for column in backtests.c)

Floats = NDArray[np.float64]

_BATCH = 5_000
_LAST = 1_767_225_600_000_000
"""2026-01-01 UTC in microseconds: no run is younger."""
_YEAR = 365 * 86_400_000_000
_FIRST_DAY = date(2012, 1, 1)
_TAGS: tuple[list[str], ...] = ([], [], [], ["candidate"], ["sweep"], ["sweep", "daily"], ["live", "candidate"])


async def generate_runs(database: Database, count: int, *, seed: int = 1) -> None:
    """Add so many runs by COPY, and have PostgreSQL look at them for its plans."""
    async with database.transaction() as transaction:
        for start in range(0, count, _BATCH):
            await transaction.copy(backtests, COLUMNS, _rows(seed, start, min(_BATCH, count - start)))
    await database.fetch(text("ANALYZE backtests"))


def _rows(seed: int, start: int, count: int) -> Iterator[Sequence[Any]]:
    """Yield rows that depend on the seed and on their place only."""
    random = np.random.default_rng([seed, start])
    status = random.choice(["COMPLETED", "FAILED", "IN_PROGRESS"], count, p=[0.95, 0.04, 0.01])
    days = random.integers(250, 4_000, count)
    columns = _words(random, days) | _measures(random, days, status == "COMPLETED") | {"status": status.tolist()}
    return zip(*(columns[name] for name in COLUMNS), strict=True)


def _words(random: np.random.Generator, days: NDArray[np.int64]) -> dict[str, list[Any]]:
    """Make what is no measure: a few symbols have most of the runs."""
    count = len(days)
    created_at = _LAST - (random.random(count) * 3 * _YEAR).astype(np.int64)
    symbols = np.minimum(random.zipf(1.3, count) - 1, random.integers(0, SYMBOLS, count))
    starts = [_FIRST_DAY + timedelta(days=day) for day in random.integers(0, 1_000, count).tolist()]
    return {
        "id": _ids(random, created_at),
        "created_at": created_at.tolist(),
        "updated_at": created_at.tolist(),
        "symbol": [f"SYM{number:03}" for number in symbols.tolist()],
        "strategy": random.choice(STRATEGIES, count).tolist(),
        "start_date": starts,
        "end_date": [start + timedelta(days=length) for start, length in zip(starts, days.tolist(), strict=True)],
        "parameters": _parameters(random, count),
        "other_metrics": [{"expectancy": value} for value in random.normal(20, 40, count).round(2).tolist()],
        "tags": [_TAGS[number] for number in random.integers(0, len(_TAGS), count).tolist()],
        "notes": [None] * count,
        "error_message": [None] * count,
        "engine": random.choice(np.array(["vectorbt", "vectorbt", "backtrader", None]), count).tolist(),
        "content_hash": [random.bytes(32) for _ in range(count)],
    }


def _ids(random: np.random.Generator, created_at: NDArray[np.int64]) -> list[UUID]:
    """Make UUIDs of version 7, which begin with the millisecond of the run."""
    pairs = zip((created_at // 1000).tolist(), random.integers(0, 2**62, len(created_at)).tolist(), strict=True)
    return [UUID(int=moment << 80 | 7 << 76 | noise >> 50 << 64 | 2 << 62 | noise) for moment, noise in pairs]


def _parameters(random: np.random.Generator, count: int) -> list[dict[str, Any]]:
    fast, slow = random.integers(3, 50, count).tolist(), random.integers(50, 250, count).tolist()
    stops = random.choice([0.01, 0.02, 0.05], count).tolist()
    return [
        {"fast_period": one, "slow_period": other, "risk": {"stop": stop}}
        for one, other, stop in zip(fast, slow, stops, strict=True)
    ]


def _measures(random: np.random.Generator, days: NDArray[np.int64], completed: NDArray[np.bool_]) -> dict[str, Any]:
    """Make figures that fit each other; a run that is not completed has none."""
    count = len(days)
    found = _returns(random, days) | _trades(random, completed)
    found["beta"] = found["alpha"] = _known(random.normal(0.8, 0.3, count), random.random(count) < 0.2)
    values = {metric.name: found[metric.name] for metric in METRICS}
    return {
        **{
            name: each.tolist() if name in _COUNTS else _known(each, completed).tolist()
            for name, each in values.items()
        },
        "initial_capital": [10_000.0] * count,
        "fees": random.choice([0.0, 0.0005, 0.001], count).tolist(),
        "slippage": _known(np.full(count, 0.0005), random.random(count) < 0.5).tolist(),
        "execution_time_seconds": random.exponential(2.0, count).tolist(),
        "data_points": days.tolist(),
    }


_COUNTS = ("total_trades", "winning_trades", "losing_trades")


def _returns(random: np.random.Generator, days: NDArray[np.int64]) -> dict[str, Any]:
    count = len(days)
    # Rounded as many engines round, so that some runs tie.
    sharpe = random.normal(0.6, 0.9, count).round(4)
    volatility = random.lognormal(np.log(0.2), 0.4, count)
    annualized = np.clip(sharpe * volatility, -0.9, 3.0)
    total = (1 + annualized) ** (days / 365) - 1
    drawdown = -np.clip(volatility * random.lognormal(0.1, 0.5, count), 0.001, 0.95)
    final = 10_000 * (1 + total)
    return {
        "total_return": total,
        "annualized_return": annualized,
        "sharpe_ratio": sharpe,
        "sortino_ratio": _known(sharpe * 1.4 + random.normal(0, 0.05, count), random.random(count) < 0.98),
        "calmar_ratio": annualized / -drawdown,
        "max_drawdown": drawdown,
        "max_drawdown_duration": random.integers(1, 900, count).astype(float),
        "volatility": volatility,
        "downside_volatility": volatility * 0.7,
        "final_portfolio_value": final,
        "peak_portfolio_value": np.maximum(final, 10_000) * random.uniform(1, 1.3, count),
    }


def _trades(random: np.random.Generator, completed: NDArray[np.bool_]) -> dict[str, Any]:
    """Make what trades leave; about one run in fifteen has fewer than ten, and some lost in none."""
    count = len(completed)
    total = np.where(completed, random.lognormal(3.7, 0.9, count).astype(np.int64), 0)
    winning = random.binomial(total, np.clip(random.normal(0.48, 0.12, count), 0.05, 0.95))
    losing = total - winning
    win, loss = random.lognormal(5, 0.6, count), -random.lognormal(4.9, 0.6, count)
    return {
        "total_trades": total,
        "winning_trades": winning,
        "losing_trades": losing,
        "win_rate": _known(winning / np.maximum(total, 1), total > 0),
        "profit_factor": _known(winning * win / np.maximum(losing * -loss, 1e-9), losing > 0),
        "average_win": _known(win, winning > 0),
        "average_loss": _known(loss, losing > 0),
        "largest_win": _known(win * 3, winning > 0),
        "largest_loss": _known(loss * 3, losing > 0),
    }


def _known(values: Any, known: NDArray[np.bool_]) -> Any:
    """Return the values as objects, None where unknown."""
    return np.where(known, values, None)
