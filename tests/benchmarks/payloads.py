"""Runs as clients send them, to be saved: the same ones each time, but for their ids."""

from typing import Any

import numpy as np
import orjson

from resolvers.checks.report import camel
from resolvers.store.metrics import METRICS
from tests.benchmarks.generate import SYMBOLS

ID = "00000000-0000-0000-0000-000000000000"
"""Stands where each sending has an id of its own."""

_START = np.datetime64("2024-01-01T00:00:00")
_MADE = "2026-01-05T12:00:00Z"


def make_run(random: np.random.Generator, *, trades: int = 0, days: int = 0, minutes: int = 0) -> dict[str, Any]:
    """Return a run with trades, and with a daily equity curve or with both curves by the minute."""
    run = {
        "id": ID,
        "symbol": str(random.choice(SYMBOLS)),
        "strategy": "saved_by_benchmark",
        "startDate": "2024-01-01",
        "endDate": "2024-12-31",
        "initialCapital": 10_000.0,
        "fees": 0.001,
        "slippage": 0.0005,
        "parameters": {"fast_period": int(random.integers(3, 50)), "slow_period": 200, "risk": {"stop": 0.02}},
        "metrics": _metrics(random),
        "engine": "vectorbt",
        "executionTimeSeconds": 1.25,
        "tags": ["sweep", "daily"],
        "createdAt": _MADE,
    }
    if trades:
        run["trades"] = _trades(random, trades)
    if days:
        run["equityCurve"] = _curves(random, days, np.timedelta64(1, "D"))["equityCurve"]
    if minutes:
        run |= _curves(random, minutes, np.timedelta64(1, "m"))
    return run


def encode(sent: Any) -> bytes:
    """Return the JSON of what is sent; numbers have the digits that are needed."""
    return orjson.dumps(sent, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z)


def _metrics(random: np.random.Generator) -> dict[str, float]:
    """Return a value for each metric that is a fraction, where one is asked for; drawdown and losses are negative."""
    negative = {"max_drawdown", "average_loss", "largest_loss"}
    values = {
        metric.name: int(random.integers(1, 100)) if metric.is_count else float(random.uniform(0.01, 0.99))
        for metric in METRICS
    }
    return {camel(name): -value if name in negative else value for name, value in values.items()}


def _trades(random: np.random.Generator, count: int) -> list[dict[str, Any]]:
    entries = _START + np.sort(random.integers(0, 360 * 1440, count)).astype("timedelta64[m]")
    exits = entries + random.integers(1, 1440, count).astype("timedelta64[m]")
    return [
        {
            "direction": "LONG" if number % 3 else "SHORT",
            "entryTime": entry,
            "entryPrice": round(price, 2),
            "exitTime": left,
            "exitPrice": round(price * (1 + change), 2),
            "size": 12.5,
            "pnl": price * change * 12.5,
            "pnlPercent": change,
            "durationDays": (left - entry) / np.timedelta64(1, "D"),
            "exitReason": "signal",
            "feesPaid": round(price * 0.02, 4),
        }
        for number, (entry, left, price, change) in enumerate(
            zip(
                entries,
                exits,
                random.lognormal(4.5, 0.5, count).tolist(),
                random.normal(0, 0.02, count).tolist(),
                strict=True,
            )
        )
    ]


def _curves(random: np.random.Generator, count: int, step: np.timedelta64) -> dict[str, Any]:
    times = _START + np.arange(count) * step
    equity = 10_000 * np.exp(np.cumsum(random.normal(0, 0.001, count)))
    drawdown = equity / np.maximum.accumulate(equity) - 1
    return {"equityCurve": {"times": times, "values": equity}, "drawdownCurve": {"times": times, "values": drawdown}}
