"""What is computed of a run as it is saved: its metrics on one basis, from its curve and its trades."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from resolvers.checks.backtests import BacktestRecord
from resolvers.checks.series import Curve
from resolvers.importers.drafts import NO_TIME, TradesDraft
from resolvers.statistics.calendars import Calendar, infer_calendar
from resolvers.statistics.performance import Figures, measure_curve, measure_trades, moments, returns_of
from resolvers.statistics.sharpe import probabilistic_sharpe_ratio
from resolvers.statistics.undefined import Reason
from resolvers.store.metrics import COMPUTED, computed_column

GENERATION = 1
"""Of the formulas; what was computed by another one is computed anew by `backtest-graph recompute`."""
OF_TRADES = (
    *("total_trades", "winning_trades", "losing_trades", "win_rate", "profit_factor"),
    *("average_win", "average_loss", "largest_win", "largest_loss"),
)
_OF_A_YEAR = (
    *("annualized_return", "calmar_ratio", "volatility", "downside_volatility", "sharpe_ratio", "sortino_ratio"),
)


def compute(record: BacktestRecord) -> dict[str, Any]:
    """Return the computed columns of a run, and the metrics that nobody reported as they are filled by them."""
    calendar = _calendar(record)
    figures = _measure(record, calendar)
    filled = [name for name, figure in figures.items() if name not in record.reported and not _is_undefined(figure)]
    return {
        **{computed_column(metric.name): _number(figures[metric.name]) for metric in COMPUTED},
        **{name: figures[name] for name in filled},
        "periods_per_year": calendar and calendar.periods_per_year,
        "frequency": calendar and calendar.frequency,
        **_measure_returns(record.equity, figures["sharpe_ratio"], calendar),
        "undefined": _reasons(record, figures),
        "metrics_filled": filled,
        "study": record.study,
        "computation": GENERATION,
    }


def _measure(record: BacktestRecord, calendar: Calendar | None) -> Figures:
    return (
        dict.fromkeys((metric.name for metric in COMPUTED), Reason.NOT_REPORTED)
        | (_measure_curve(record.equity, calendar) if record.equity else {})
        | _measure_trades(record.trades, record.row)
    )


def _calendar(record: BacktestRecord) -> Calendar | None:
    """Return the calendar of the curve: as given, else as its times tell."""
    inferred = infer_calendar(record.equity.times) if record.equity else None
    periods = record.periods_per_year or (inferred and inferred.periods_per_year)
    frequency = record.frequency or (inferred.frequency if inferred else "as given")
    return Calendar(frequency, periods) if periods else None


def _measure_curve(equity: Curve, calendar: Calendar | None) -> Figures:
    if calendar is not None:
        return measure_curve(equity.times, equity.values, calendar.periods_per_year)
    return measure_curve(equity.times, equity.values, 1.0) | dict.fromkeys(_OF_A_YEAR, Reason.TOO_SHORT)


def _measure_trades(trades: TradesDraft | None, reported: Mapping[str, Any]) -> Figures:
    """Return the figures of trades; where their profits in money are not known, what their signs tell."""
    if trades is None:
        return {} if reported["total_trades"] else dict.fromkeys(OF_TRADES[3:], Reason.NO_TRADES)
    is_closed = trades.exit_times != NO_TIME
    figures = measure_trades(_profits(trades, "pnl"), is_closed)
    if figures["win_rate"] is not Reason.NOT_REPORTED:
        return figures
    shares = measure_trades(_profits(trades, "pnl_percent"), is_closed)
    return figures | {name: shares[name] for name in ("winning_trades", "losing_trades", "win_rate")}


def _profits(trades: TradesDraft, name: str) -> Any:
    return trades.numbers[name].values if name in trades.numbers else np.full(len(trades), np.nan)


def _measure_returns(equity: Curve | None, sharpe: Any, calendar: Calendar | None) -> dict[str, Any]:
    """Return the number of returns, their moments, and what these make of the Sharpe ratio."""
    if equity is None or calendar is None or _is_undefined(sharpe):
        return dict.fromkeys(("observations", "skewness", "kurtosis", "probabilistic_sharpe_ratio"))
    returns = returns_of(equity.values)
    skewness, kurtosis = moments(returns)
    per_period = sharpe / math.sqrt(calendar.periods_per_year)
    probability = probabilistic_sharpe_ratio(per_period, 0.0, len(returns), skewness, kurtosis)
    return {
        "observations": len(returns),
        "skewness": skewness,
        "kurtosis": kurtosis,
        "probabilistic_sharpe_ratio": None if math.isnan(probability) else probability,
    }


def _reasons(record: BacktestRecord, figures: Figures) -> dict[str, str]:
    """Return why metrics are undefined; NOT_REPORTED is not kept."""
    found = {name: str(figure) for name, figure in figures.items() if isinstance(figure, Reason)}
    known = {name: reason for name, reason in found.items() if reason != Reason.NOT_REPORTED}
    return dict.fromkeys(record.non_finite, str(Reason.NON_FINITE)) | known


def _is_undefined(figure: Any) -> bool:
    return isinstance(figure, Reason)


def _number(figure: Any) -> Any:
    return None if _is_undefined(figure) else figure
