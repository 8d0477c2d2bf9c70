"""Inputs of saves, and the drafts they stand for."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import strawberry
from strawberry import UNSET

from resolvers.importers.drafts import NO_TIME, BacktestDraft, Path, Places, SeriesDraft, TradesDraft
from resolvers.importers.numbers import take_numbers
from schema.coercion.columns import Table, in_columns
from schema.coercion.objects import AS_COLUMNS
from schema.enums import BacktestStatus, Direction
from schema.metrics import MetricsInput, given_metrics
from schema.scalars import JSON, DateTime, DateTimes, Floats

STUDY = (
    "What the run is a trial of, at most 200 characters, trimmed; upper and lower case differ. Its strategy on its "
    "symbol where left out."
)
PERIODS_PER_YEAR = (
    "How many points of the equity curve make a year, above 0 (252 for trading days). From its times where left out."
)
FREQUENCY = "What a point of the equity curve stands for. From its times where left out."


def optional(description: str) -> Any:
    """Return an input field that may be left out; null is the same."""
    return strawberry.field(description=description, default=None)


def required(description: str, **default: Any) -> Any:
    """Return an input field that is never null."""
    return strawberry.field(description=description, **default)


@strawberry.input(
    description=(
        "A curve, or the returns of a trial. Without times, the points are spread over the run's days (one a day where "
        "the numbers agree, else evenly), with an ASSUMED warning."
    )
)
class SeriesInput:
    """A curve."""

    times: DateTimes | None = optional("One time for each value, never falling.")
    values: Floats = required("The values; null where undefined.")


@strawberry.input(description="One trade.")
class TradeInput:
    """One trade."""

    direction: Direction = required("Long or short.", default=Direction.LONG)
    entry_time: DateTime = required("Instant of the entry.")
    entry_price: float = required("Price of the entry; it can be at or below zero.")
    exit_time: DateTime | None = optional("Instant of the exit, not before the entry. Null while open.")
    exit_price: float | None = optional("Price of the exit.")
    size: float | None = optional("Units held, never negative.")
    pnl: float | None = optional("Profit or loss in the run's currency.")
    pnl_percent: float | None = optional("Profit or loss as a fraction of the position (0.02 = 2 %).")
    mae: float | None = optional("Maximum adverse excursion.")
    mfe: float | None = optional("Maximum favourable excursion.")
    duration_days: float | None = optional("Days held, never negative.")
    duration_hours: float | None = optional("Hours held, never negative.")
    exit_reason: str | None = optional("Why it was closed, at most 1000 characters.")
    fees_paid: float | None = optional("Fees of entry and exit in the run's currency.")
    slippage_cost: float | None = optional("Cost of slippage in the run's currency.")
    other_metrics: JSON | None = optional("An object with what else is known of the trade, under names of your own.")


@strawberry.input(description="A run. It is saved whole, with its curves and trades, or not at all.")
class SaveBacktestInput:
    """A run."""

    id: strawberry.ID | None = optional(
        "A UUID of the client's own makes the call safe to repeat: the same id with the same content returns the run "
        "with created false; with other content it is a CONFLICT."
    )
    symbol: str = required("What was traded, 1 to 64 characters; stored trimmed and in upper case.")
    strategy: str = required("Name of the strategy, 1 to 200 characters.")
    start_date: date | None = optional("First day of the tested period. Taken from the curve where left out.")
    end_date: date | None = optional("Last day of the tested period, not before the first. From the curve likewise.")
    initial_capital: float = required("Money at the start, above zero.", default=10_000.0)
    fees: float | None = optional("Fee of an order, as a fraction of its value or as the engine counts it.")
    slippage: float | None = optional("Slippage of an order as a fraction of its price.")
    parameters: JSON | None = optional("An object with a value for each parameter of the strategy.")
    metrics: MetricsInput | None = optional("What the engine reported.")
    other_metrics: JSON | None = optional("An object with what the engine reported beyond metrics.")
    equity_curve: SeriesInput | None = optional("Value of the portfolio over time.")
    drawdown_curve: SeriesInput | None = optional("Fall from the peak over time as a fraction, at or below zero.")
    trades: list[TradeInput] | None = strawberry.field(
        description="The trades, in their order.", default=None, metadata={AS_COLUMNS: True}
    )
    study: str | None = optional(STUDY)
    periods_per_year: float | None = optional(PERIODS_PER_YEAR)
    frequency: str | None = optional(FREQUENCY)
    status: BacktestStatus = required("How far the run is.", default=BacktestStatus.COMPLETED)
    error_message: str | None = optional("What went wrong.")
    engine: str | None = optional("What ran it, such as vectorbt.")
    execution_time_seconds: float | None = optional("How long the run took, in seconds.")
    notes: str | None = optional("Notes, at most 100000 characters.")
    tags: list[str] | None = optional("At most 100 tags of at most 100 characters; each is stored once, trimmed.")
    created_at: DateTime | None = optional("Instant the run was made. This instant where left out.")


def read_backtest_input(given: SaveBacktestInput, root: Path) -> BacktestDraft:
    """Return the draft of a run."""
    own = {"metrics", "equity_curve", "drawdown_curve", "trades", "status", "tags"}
    return BacktestDraft(
        **{name: value for name, value in vars(given).items() if name not in own},
        metrics=given_metrics(given.metrics),
        equity_curve=_read_series(given.equity_curve),
        drawdown_curve=_read_series(given.drawdown_curve),
        trades=None if given.trades is None else _read_trades(given.trades),
        status=given.status.value,
        tags=given.tags or (),
        places=Places(root=root),
    )


def _read_series(given: SeriesInput | None) -> SeriesDraft | None:
    return None if given is None else SeriesDraft(times=given.times, values=given.values)


_NUMBERS = (
    *("entry_price", "exit_price", "size", "pnl", "pnl_percent", "mae", "mfe"),
    *("duration_days", "duration_hours", "fees_paid", "slippage_cost"),
)


_COLUMNS = ("direction", "entry_time", "exit_time", *_NUMBERS, "exit_reason", "other_metrics")


def _read_trades(given: Sequence[TradeInput]) -> TradesDraft:
    trades = in_columns(given, TradeInput, _COLUMNS)
    return trades.table.once(_read_table).part(trades.start, trades.stop)


def _read_table(table: Table[TradeInput]) -> TradesDraft:
    """Return the draft of all trades of a table, those of many runs at once."""
    exits = [NO_TIME if time is None else time for time in table.column("exit_time")]
    return TradesDraft(
        directions=[direction.value for direction in table.column("direction")],
        entry_times=np.array(table.column("entry_time"), dtype=np.int64),
        exit_times=np.array(exits, dtype=np.int64),
        numbers={name: take_numbers(table.column(name)) for name in _NUMBERS},
        exit_reasons=table.column("exit_reason"),
        other_metrics=table.column("other_metrics"),
    )


def said(given: Any) -> dict[str, Any]:
    """Return the fields of an input that were given, nulls included."""
    return {name: value for name, value in vars(given).items() if value is not UNSET}
