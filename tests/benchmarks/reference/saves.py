"""Saves: msgspec reads, COPY writes, one transaction."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pandas as pd
from starlette.requests import Request
from starlette.responses import Response

from tests.benchmarks.reference.pools import pools_of, write
from tests.benchmarks.reference.runs import METRICS


class Metrics(msgspec.Struct, rename="camel"):
    """The metrics of a run."""

    total_return: float | None = None
    annualized_return: float | None = None
    sharpe_ratio: float | None = None
    sortino_ratio: float | None = None
    calmar_ratio: float | None = None
    max_drawdown: float | None = None
    max_drawdown_duration: float | None = None
    volatility: float | None = None
    downside_volatility: float | None = None
    total_trades: int = 0
    winning_trades: int = 0
    losing_trades: int = 0
    win_rate: float | None = None
    profit_factor: float | None = None
    average_win: float | None = None
    average_loss: float | None = None
    largest_win: float | None = None
    largest_loss: float | None = None
    final_portfolio_value: float | None = None
    peak_portfolio_value: float | None = None
    beta: float | None = None
    alpha: float | None = None


class Curve(msgspec.Struct):
    """A curve."""

    times: list[str]
    values: list[float | None]


class Trade(msgspec.Struct, rename="camel"):
    """A trade."""

    direction: str
    entry_time: datetime
    entry_price: float
    exit_time: datetime | None = None
    exit_price: float | None = None
    size: float | None = None
    pnl: float | None = None
    pnl_percent: float | None = None
    mae: float | None = None
    mfe: float | None = None
    duration_days: float | None = None
    duration_hours: float | None = None
    exit_reason: str | None = None
    fees_paid: float | None = None
    slippage_cost: float | None = None
    other_metrics: dict[str, Any] = {}


class Run(msgspec.Struct, rename="camel"):
    """A run with its trades and curves."""

    id: UUID
    symbol: str
    strategy: str
    start_date: date
    end_date: date
    metrics: Metrics
    initial_capital: float = 10_000.0
    fees: float | None = None
    slippage: float | None = None
    parameters: dict[str, Any] = {}
    other_metrics: dict[str, Any] = {}
    equity_curve: Curve | None = None
    drawdown_curve: Curve | None = None
    trades: list[Trade] = []
    status: str = "COMPLETED"
    error_message: str | None = None
    engine: str | None = None
    execution_time_seconds: float | None = None
    notes: str | None = None
    tags: list[str] = []
    created_at: datetime | None = None


_RUN = msgspec.json.Decoder(Run)
_RUNS = msgspec.json.Decoder(list[msgspec.Raw])
_BEFORE_METRICS = (
    *("id", "created_at", "updated_at", "symbol", "strategy", "status", "start_date", "end_date", "initial_capital"),
    *("fees", "slippage", "parameters", "other_metrics", "tags", "notes", "error_message", "engine"),
    *("execution_time_seconds", "data_points", "content_hash"),
)
_RUN_COLUMNS = (*_BEFORE_METRICS, *METRICS)
_TRADE_COLUMNS = ("backtest_id", "number", *Trade.__struct_fields__)
_CURVE_COLUMNS = ("backtest_id", "equity_times", "equity_values", "drawdown_times", "drawdown_values")


async def save_one(request: Request) -> Response:
    """Store one run."""
    body = await request.body()
    run = _RUN.decode(body)
    await _store(request, [(run, hashlib.sha256(body).digest())])
    return write({"saveBacktest": {"created": True, "backtest": {"id": run.id}, "warnings": [], "errors": []}})


async def save_many(request: Request) -> Response:
    """Store many runs."""
    runs = [(_RUN.decode(raw), hashlib.sha256(raw).digest()) for raw in _RUNS.decode(await request.body())]
    await _store(request, runs)
    ids = [{"id": run.id} for run, _ in runs]
    return write({"saveBacktests": {"createdCount": len(runs), "backtests": ids, "warnings": [], "errors": []}})


def read_runs(body: bytes) -> list[Run]:
    """Return the runs of a body."""
    return [_RUN.decode(raw) for raw in _RUNS.decode(body)]


async def _store(request: Request, runs: Sequence[tuple[Run, bytes]]) -> None:
    now = datetime.now(UTC)
    trades = [row for run, _ in runs for row in _trade_rows(run)]
    curves = [(run.id, *_packed(run)) for run, _ in runs if run.equity_curve or run.drawdown_curve]
    async with pools_of(request).plain.acquire() as connection, connection.transaction():
        rows = [_run_row(run, digest, now) for run, digest in runs]
        await connection.copy_records_to_table("backtests", records=rows, columns=_RUN_COLUMNS)
        if curves:
            await connection.copy_records_to_table("backtest_series", records=curves, columns=_CURVE_COLUMNS)
        if trades:
            await connection.copy_records_to_table("trades", records=trades, columns=_TRADE_COLUMNS)


def _run_row(run: Run, digest: bytes, now: datetime) -> tuple[Any, ...]:
    points = len(run.equity_curve.values) if run.equity_curve else 0
    described = (run.symbol, run.strategy, run.status, run.start_date, run.end_date, run.initial_capital)
    given = (run.fees, run.slippage, run.parameters, run.other_metrics, run.tags, run.notes, run.error_message)
    rest = (run.engine, run.execution_time_seconds, points, digest)
    return (run.id, run.created_at or now, now, *described, *given, *rest, *msgspec.structs.astuple(run.metrics))


def _trade_rows(run: Run) -> Iterable[tuple[Any, ...]]:
    return ((run.id, number, *msgspec.structs.astuple(trade)) for number, trade in enumerate(run.trades, 1))


def _packed(run: Run) -> tuple[bytes | None, ...]:
    equity, drawdown = run.equity_curve, run.drawdown_curve
    shared = equity is not None and drawdown is not None and equity.times == drawdown.times
    return (
        _times(equity) if equity else None,
        _values(equity) if equity else None,
        _times(drawdown) if drawdown and not shared else None,
        _values(drawdown) if drawdown else None,
    )


def _times(curve: Curve) -> bytes:
    return pd.to_datetime(curve.times, utc=True, format="ISO8601").as_unit("us").asi8.tobytes()


def _values(curve: Curve) -> bytes:
    return np.array(curve.values, np.float64).tobytes()
