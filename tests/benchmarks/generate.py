"""Runs in any number, the same ones each time: what years of backtesting leave behind.

Runs come in batches, each of which depends on the seed, on its place and on how many runs there are in all; memory is
that of one batch. They come in the order of time unless told, as they do where each is saved when it was made.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr
from sqlalchemy import text

from resolvers.store.database import Database
from resolvers.store.metrics import COMPUTED, METRICS, Metric, computed_column
from tests.benchmarks.binary_copy import (
    Packed,
    copy_columns,
    pack_days,
    pack_ids,
    pack_integers,
    pack_json,
    pack_lists,
    pack_nulls,
    pack_numbers,
    pack_times,
    pack_words,
)
from tests.benchmarks.trials import make_deflated

STRATEGIES = (
    *("sma_cross", "ema_cross", "rsi_reversion", "bollinger_breakout", "macd_trend", "donchian", "pairs"),
    *("momentum_12_1", "mean_reversion", "atr_channel", "opening_range", "buy_and_hold"),
)
SYMBOLS = tuple(f"SYM{number:03}" for number in range(250))
STATUSES = ("COMPLETED", "FAILED", "IN_PROGRESS")
ENGINES = ("vectorbt", "vectorbt", "backtrader", None)
UNTIL = 1_767_225_600_000_000
"""2026-01-01 UTC in microseconds: no run is younger unless told."""
NEWEST = 50
"""So many of the youngest runs are completed and have trades and a curve."""
DAY = 86_400_000_000

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

_BATCH = 5_000
_YEARS = 3 * 365 * DAY
_FIRST_DAY = 15_340
"""2012-01-01 in days since 1970-01-01."""
_TAGS: tuple[list[str], ...] = ([], [], [], ["candidate"], ["sweep"], ["sweep", "daily"], ["live", "candidate"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Some runs, and what their trades and curves depend on."""

    seed: tuple[int, ...]
    ids: Packed
    start_days: Integers
    days: Integers
    total_trades: Integers
    newest: Flags
    """Which of them are among the youngest of all."""
    columns: dict[str, Packed]


async def generate_runs(database: Database, count: int, *, seed: int = 1) -> None:
    """Add so many runs without trades, curves and ledger, in no order; PostgreSQL looks at them as by itself."""
    places = np.random.default_rng(seed).permutation(count)
    async with database.transaction() as transaction:
        for batch in make_runs(count, until=UNTIL, seed=seed, places=places):
            await copy_columns(transaction, "backtests", batch.columns)
            await copy_columns(transaction, "deflated_sharpe_ratios", make_deflated(batch.columns))
    await database.fetch(text("VACUUM ANALYZE backtests"))
    await database.fetch(text("VACUUM ANALYZE deflated_sharpe_ratios"))


def make_runs(count: int, *, until: int, seed: int = 1, places: Integers | None = None) -> Iterator[Batch]:
    """Yield so many runs of the three years before an instant, in microseconds since 1970 UTC.

    places: where each run stands in time, 0 is the oldest; one after the other unless told.
    """
    for start in range(0, count, _BATCH):
        end = min(start + _BATCH, count)
        yield _batch((seed, start), np.arange(start, end) if places is None else places[start:end], count, until)


def _batch(seed: tuple[int, int], places: Integers, count: int, until: int) -> Batch:
    random = np.random.default_rng(seed)
    newest = places >= count - NEWEST
    ages = (count - places - random.random(len(places))) / count
    created_at = until - 1 - (ages * _YEARS).astype(np.int64)
    status = np.where(newest, 0, random.choice(len(STATUSES), len(places), p=[0.95, 0.04, 0.01]))
    days = np.where(newest, 3_600, random.integers(250, 4_000, len(places)))
    start_days = _FIRST_DAY + random.integers(0, 1_000, len(places))
    ids = _ids(random, created_at)
    trades = _trades(random, status == 0)
    times = {"created_at": pack_times(created_at), "updated_at": pack_times(created_at)}
    columns = {
        "id": ids,
        **times,
        "status": pack_words(STATUSES, status),
        "start_date": pack_days(start_days),
        "end_date": pack_days(start_days + days),
        **_words(random, len(places)),
        **_measures(random, days, status == 0, trades),
    }
    return Batch(
        seed=seed,
        ids=ids,
        start_days=start_days,
        days=days,
        total_trades=trades["total_trades"].astype(np.int64),
        newest=newest,
        columns=columns,
    )


def _ids(random: np.random.Generator, created_at: Integers) -> Packed:
    """Make UUIDs of version 7, which begin with the millisecond of the run."""
    high = ((created_at // 1000).astype(np.uint64) << np.uint64(16)) | np.uint64(7 << 12)
    noise = random.integers(0, 2**62, len(created_at), dtype=np.uint64)
    return pack_ids(high | (noise >> np.uint64(50)), np.uint64(2 << 62) | noise)


def _words(random: np.random.Generator, count: int) -> dict[str, Packed]:
    """Make what is no measure: a few symbols have most of the runs."""
    symbols = np.minimum(random.zipf(1.3, count) - 1, random.integers(0, len(SYMBOLS), count))
    expectancies = random.normal(20, 40, count).round(2).tolist()
    return {
        "symbol": pack_words(SYMBOLS, symbols),
        "strategy": pack_words(STRATEGIES, random.integers(0, len(STRATEGIES), count)),
        "parameters": pack_json(_parameters(random, count)),
        "other_metrics": pack_json([f'{{"expectancy": {value}}}' for value in expectancies]),
        "tags": pack_lists(_TAGS, random.integers(0, len(_TAGS), count)),
        "notes": pack_nulls(count),
        "error_message": pack_nulls(count),
        "engine": pack_words(ENGINES, random.integers(0, len(ENGINES), count)),
        "content_hash": Packed(random.integers(0, 256, (count, 32), dtype=np.uint8)),
    }


def _parameters(random: np.random.Generator, count: int) -> list[str]:
    fast, slow = random.integers(3, 50, count).tolist(), random.integers(50, 250, count).tolist()
    stops = random.choice([0.01, 0.02, 0.05], count).tolist()
    return [
        f'{{"fast_period": {one}, "slow_period": {other}, "risk": {{"stop": {stop}}}}}'
        for one, other, stop in zip(fast, slow, stops, strict=True)
    ]


def _measures(
    random: np.random.Generator, days: Integers, completed: Flags, trades: dict[str, Floats]
) -> dict[str, Packed]:
    """Make figures that fit each other; a run that is not completed has none."""
    count = len(days)
    found = _returns(random, days) | trades
    found["beta"] = found["alpha"] = _known(random.normal(0.8, 0.3, count), random.random(count) < 0.2)
    metrics = {metric.name: _pack(metric, found, completed) for metric in METRICS}
    computed = {computed_column(metric.name): _pack(metric, found, completed) for metric in COMPUTED}
    return (
        metrics
        | computed
        | _moments(random, days, found["sharpe_ratio"], completed)
        | {
            "initial_capital": pack_numbers(np.full(count, 10_000.0)),
            "fees": pack_numbers(random.choice([0.0, 0.0005, 0.001], count)),
            "slippage": pack_numbers(_known(np.full(count, 0.0005), random.random(count) < 0.5)),
            "execution_time_seconds": pack_numbers(random.exponential(2.0, count)),
            "data_points": pack_integers(days),
        }
    )


def _pack(metric: Metric, found: dict[str, Floats], completed: Flags) -> Packed:
    values = found[metric.name]
    return pack_integers(values.astype(np.int64)) if metric.is_count else pack_numbers(_known(values, completed))


def _moments(random: np.random.Generator, days: Integers, sharpe: Floats, completed: Flags) -> dict[str, Packed]:
    """Make the moments of daily returns, and the probability that follows from them."""
    count = len(days)
    skewness, kurtosis = random.normal(-0.3, 0.5, count), random.lognormal(1.5, 0.4, count) + 1.5
    daily = sharpe / np.sqrt(252)
    error = np.sqrt((1 - skewness * daily + (kurtosis - 1) / 4 * daily**2) / (days - 2))
    return {
        "periods_per_year": pack_numbers(_known(np.full(count, 252.0), completed)),
        "frequency": pack_words(("trading days",), np.zeros(count, dtype=np.int64)),
        "observations": pack_integers(days - 1),
        "skewness": pack_numbers(_known(skewness, completed)),
        "kurtosis": pack_numbers(_known(kurtosis, completed)),
        "probabilistic_sharpe_ratio": pack_numbers(_known(ndtr(daily / error), completed)),
        "computation": pack_integers(np.ones(count, dtype=np.int64)),
    }


def _returns(random: np.random.Generator, days: Integers) -> dict[str, Floats]:
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


def _trades(random: np.random.Generator, completed: Flags) -> dict[str, Floats]:
    """Make what trades leave; about one run in fifteen has fewer than ten, and some lost in none."""
    count = len(completed)
    total = np.where(completed, random.lognormal(3.7, 0.9, count).astype(np.int64), 0)
    winning = random.binomial(total, np.clip(random.normal(0.48, 0.12, count), 0.05, 0.95))
    losing = total - winning
    win, loss = random.lognormal(5, 0.6, count), -random.lognormal(4.9, 0.6, count)
    return {
        "total_trades": total.astype(float),
        "winning_trades": winning.astype(float),
        "losing_trades": losing.astype(float),
        "win_rate": _known(winning / np.maximum(total, 1), total > 0),
        "profit_factor": _known(winning * win / np.maximum(losing * -loss, 1e-9), losing > 0),
        "average_win": _known(win, winning > 0),
        "average_loss": _known(loss, losing > 0),
        "largest_win": _known(win * 3, winning > 0),
        "largest_loss": _known(loss * 3, losing > 0),
    }


def _known(values: Floats, known: Flags) -> Floats:
    """Return the values, NaN where unknown."""
    return np.where(known, values, np.nan)
