"""What somebody handed in, in our words and types, before it is checked.

A draft is well typed and says nothing about whether its content makes sense: a win rate of 58.3 or an exit before its
entry still stands in it. GraphQL inputs and engines' documents both become drafts, so both pass the same checks.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resolvers.importers.numbers import Numbers

Path = tuple[str, ...]
Instants = NDArray[np.int64]
"""Times as microseconds since 1970-01-01 UTC."""

Kind = Literal["BACKTEST", "OPTIMIZATION", "WALK_FORWARD"]

Part = Literal["times", "values"]

PointPlace = Callable[[int, Part], Path]
"""Where the time or the value of one point stands inside its curve."""

NO_TIME = np.iinfo(np.int64).min
"""Stands for a missing time in Instants, as NaT does in numpy."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that was accepted but changed or left out."""

    code: Literal["NON_FINITE", "SIGN", "UNKNOWN_FIELD", "ASSUMED"]
    message: str
    path: Path


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that cannot be taken."""

    message: str
    path: Path
    code: Literal["INVALID", "NOT_FOUND", "CONFLICT", "TOO_LARGE"] = "INVALID"


class DocumentError(Exception):
    """The document cannot be read; problems name each field at fault."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


@dataclass(slots=True, kw_only=True)
class Places:
    """Where our fields stand in what was handed in, so that an error names the sender's own word.

    Keys are our dotted GraphQL names ("symbol", "metrics.winRate", "trades", "trades.exitTime"); values are the words
    of the document. A field without an entry stands under its own name. points has an entry for each curve that is not
    spelled as {times, values}.
    """

    root: Path = ("input",)
    words: dict[str, Path] = field(default_factory=dict)
    points: dict[str, PointPlace] = field(default_factory=dict)

    def of(self, name: str, *inner: str) -> Path:
        """Return the path of a field, and of what is inside it."""
        return (*self.root, *self.words.get(name, tuple(name.split("."))), *inner)

    def of_row(self, name: str, index: int, column: str) -> Path:
        """Return the path of one column of one row of a list, such as trades."""
        last = self.words.get(f"{name}.{column}", (column,))
        return (*self.of(name), str(index), *last[-1:])

    def of_point(self, name: str, index: int, part: Part) -> Path:
        """Return the path of the time or the value of one point of a curve."""
        inner = self.points[name](index, part) if name in self.points else (part, str(index))
        return (*self.of(name), *inner)


@dataclass(slots=True, kw_only=True)
class SeriesDraft:
    """A curve: values and, where known, one time for each."""

    times: Instants | None
    values: Numbers


@dataclass(slots=True, kw_only=True)
class TradesDraft:
    """Trades as columns of one length; a missing number is NaN, a missing time NO_TIME, a missing text None.

    numbers holds the float columns by their column names (entry_price, exit_price, size, pnl, pnl_percent, mae, mfe,
    duration_days, duration_hours, fees_paid, slippage_cost); one that nobody gave may be left out.
    """

    directions: Sequence[str]
    entry_times: Instants
    exit_times: Instants
    numbers: Mapping[str, Numbers]
    exit_reasons: Sequence[str | None]
    other_metrics: Sequence[Mapping[str, Any] | None]

    def __len__(self) -> int:
        return len(self.directions)

    def part(self, start: int, stop: int) -> "TradesPart":
        """Return the trades from one position to another; numbers and times are not copied."""
        return TradesPart(
            directions=self.directions[start:stop],
            entry_times=self.entry_times[start:stop],
            exit_times=self.exit_times[start:stop],
            numbers={name: numbers.part(start, stop) for name, numbers in self.numbers.items()},
            exit_reasons=self.exit_reasons[start:stop],
            other_metrics=self.other_metrics[start:stop],
            whole=self,
        )


@dataclass(slots=True, kw_only=True)
class TradesPart(TradesDraft):
    """Trades of one run among those of many, so that a check can look at all of them at once."""

    whole: TradesDraft


@dataclass(slots=True, kw_only=True)
class Source:
    """The document a draft was made from, to be kept as it came."""

    kind: Kind
    format: str
    document: Any


@dataclass(slots=True, kw_only=True)
class BacktestDraft:
    """One run. metrics has the column names of our metrics (total_return …); numbers may be non-finite."""

    symbol: str
    strategy: str
    id: str | None = None
    start_date: date | None = None
    end_date: date | None = None
    initial_capital: float = 10_000.0
    fees: float | None = None
    slippage: float | None = None
    parameters: Any = None
    metrics: Mapping[str, float | int | None] = field(default_factory=dict)
    other_metrics: Any = None
    equity_curve: SeriesDraft | None = None
    drawdown_curve: SeriesDraft | None = None
    trades: TradesDraft | None = None
    study: str | None = None
    periods_per_year: float | None = None
    frequency: str | None = None
    status: str = "COMPLETED"
    error_message: str | None = None
    engine: str | None = None
    execution_time_seconds: float | None = None
    notes: str | None = None
    tags: Sequence[str] = ()
    created_at: int | None = None
    places: Places = field(default_factory=Places)
    notices: list[Notice] = field(default_factory=list)
    source: Source | None = None


@dataclass(slots=True, kw_only=True)
class TrialDraft:
    """One combination of parameters that an optimizer tried; numbers may be non-finite."""

    parameters: Any
    objective_value: float | None = None
    total_return: float | None = None
    sharpe_ratio: float | None = None
    max_drawdown: float | None = None
    win_rate: float | None = None
    profit_factor: float | None = None
    total_trades: int | None = None
    rank: int | None = None
    is_statistically_significant: bool | None = None
    p_value: float | None = None
    other_metrics: Any = None
    returns: SeriesDraft | None = None


@dataclass(slots=True, kw_only=True)
class OptimizationDraft:
    """One sweep with the trials that were kept."""

    trials: Sequence[TrialDraft]
    objective: str = "sharpe_ratio"
    combinations_tested: int | None = None
    id: str | None = None
    other_metrics: Any = None
    symbol: str | None = None
    """As the document says; None where it does not."""
    strategy: str | None = None
    best_parameters: Any = None
    places: Places = field(default_factory=Places)
    notices: list[Notice] = field(default_factory=list)
    source: Source | None = None


@dataclass(slots=True, kw_only=True)
class WindowDraft:
    """One walk-forward window; numbers may be non-finite."""

    test_period_start: date
    test_period_end: date
    id: str | None = None
    window_size_months: int | None = None
    step_size_months: int | None = None
    training_start: date | None = None
    training_end: date | None = None
    optimal_parameters: Any = None
    training_performance: float | None = None
    training_sharpe: float | None = None
    out_of_sample_return: float | None = None
    out_of_sample_sharpe: float | None = None
    out_of_sample_drawdown: float | None = None
    out_of_sample_trades: int | None = None
    performance_ratio: float | None = None
    degradation_factor: float | None = None
    is_profitable: bool | None = None
    is_statistically_significant: bool | None = None
    other_metrics: Any = None
    returns: SeriesDraft | None = None


@dataclass(slots=True, kw_only=True)
class WalkForwardDraft:
    """The windows of one walk-forward analysis."""

    windows: Sequence[WindowDraft]
    symbol: str | None = None
    strategy: str | None = None
    places: Places = field(default_factory=Places)
    notices: list[Notice] = field(default_factory=list)
    source: Source | None = None
