"""The trades and curves of generated runs."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np

from tests.benchmarks.binary_copy import (
    Packed,
    pack_integers,
    pack_json,
    pack_numbers,
    pack_times,
    pack_words,
)
from tests.benchmarks.generate import DAY, Batch, Floats, Integers

MOST_TRADES = 2_000
"""Trades of the youngest run."""
POINTS = 2_520
"""Points of the curves of the youngest runs: ten years of trading days."""

_REASONS = ("signal", "stop_loss", "take_profit", None)
_MINUTE = 60_000_000
_CURVE_EVERY = 100

CurveRow = tuple[UUID, bytes, bytes, None, bytes]


def make_trades(batch: Batch) -> dict[str, Packed]:
    """Return the columns of the trades of a batch, about 20 a run; some runs end with an open one."""
    random = np.random.default_rng((*batch.seed, 1))
    counts = _counts(batch)
    owners, ends = np.repeat(np.arange(len(counts)), counts), np.repeat(np.cumsum(counts), counts)
    numbers = np.arange(len(owners)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    is_open = (np.arange(len(owners)) + 1 == ends) & (random.random(len(owners)) < 0.1)
    entries, exits = _times(random, batch, owners, numbers - random.random(len(owners)), counts)
    return {
        "backtest_id": Packed(batch.ids.data[owners]),
        "number": pack_integers(numbers),
        "direction": pack_words(("LONG", "SHORT"), random.integers(0, 2, len(owners))),
        "entry_time": pack_times(entries),
        "exit_time": pack_times(exits, ~is_open),
        "exit_reason": pack_words(_REASONS, np.where(is_open, 3, random.integers(0, 4, len(owners)))),
        "other_metrics": _empty(len(owners)),
        **_numbers(random, exits - entries, is_open, owners % 2 == 0),
    }


def make_curves(batch: Batch) -> Iterator[CurveRow]:
    """Yield a row of backtest_series for some of the runs and for each of the youngest."""
    random = np.random.default_rng((*batch.seed, 2))
    for place in np.flatnonzero(batch.newest | (np.arange(len(batch.days)) % _CURVE_EVERY == 0)).tolist():
        points = POINTS if batch.newest[place] else int(random.integers(250, POINTS))
        times = (batch.start_days[place] + np.arange(points)) * DAY
        equity = 10_000 * np.exp(np.cumsum(random.normal(0.0003, 0.01, points)))
        drawdown = equity / np.maximum.accumulate(equity) - 1
        id = UUID(bytes=batch.ids.data[place].tobytes())
        yield id, times.astype("<i8").tobytes(), equity.tobytes(), None, drawdown.tobytes()


def _counts(batch: Batch) -> Integers:
    """Return how many trades of each run are kept: most engines report a part of them."""
    counts = np.minimum(batch.total_trades * 2 // 5, 90)
    counts = np.where(batch.newest, np.maximum(counts, 20), counts)
    if batch.newest[-1]:
        counts[-1] = MOST_TRADES
    return counts


def _times(
    random: np.random.Generator, batch: Batch, owners: Integers, places: Floats, counts: Integers
) -> tuple[Integers, Integers]:
    """Return entries that follow each other through the run's days, and an exit after each, to the minute."""
    length = (batch.days * DAY / np.maximum(counts, 1))[owners]
    entries = batch.start_days[owners] * DAY + (places * length).astype(np.int64) // _MINUTE * _MINUTE
    held = (random.random(len(owners)) * length).astype(np.int64) // _MINUTE * _MINUTE
    return entries, entries + held


def _numbers(random: np.random.Generator, held: Integers, is_open: Floats, reported: Floats) -> dict[str, Packed]:
    """Make the numbers of trades; excursions are known for the runs that report them."""
    count = len(held)
    entry = random.lognormal(4.5, 0.8, count).round(2)
    change = random.normal(0.002, 0.03, count)
    size = random.lognormal(3, 1, count).round(4)
    unknown = np.where(is_open, np.nan, 1.0)
    excursion = np.where(reported, 1.0, np.nan)
    return {
        "entry_price": pack_numbers(entry),
        "exit_price": pack_numbers((entry * (1 + change)).round(2) * unknown),
        "size": pack_numbers(size),
        "pnl": pack_numbers(entry * change * size * unknown),
        "pnl_percent": pack_numbers(change * unknown),
        "mae": pack_numbers(-np.abs(change) * 1.5 * excursion),
        "mfe": pack_numbers(np.abs(change) * 1.7 * excursion),
        "duration_days": pack_numbers(held / DAY * unknown),
        "duration_hours": pack_numbers(held / DAY * 24 * unknown),
        "fees_paid": pack_numbers((entry * size * 0.001).round(4)),
        "slippage_cost": pack_numbers(np.full(count, np.nan)),
    }


def _empty(count: int) -> Packed:
    """Return so many empty objects of jsonb."""
    one = pack_json(["{}"]).data
    return Packed(np.broadcast_to(one, (count, one.shape[1])))
