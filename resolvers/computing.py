"""What is computed of a run as it is saved: its metrics on one basis, from its curve and its trades."""

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvers.checks.backtests import BacktestRecord
from resolvers.checks.series import Curve
from resolvers.importers.drafts import NO_TIME, TradesDraft
from resolvers.statistics.calendars import infer_calendar
from resolvers.statistics.curves import Values
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
AS_GIVEN = "as given"
"""The frequency of a run whose periods of a year were given, and whose times tell none."""
_OF_A_YEAR = (
    *("annualized_return", "calmar_ratio", "volatility", "downside_volatility", "sharpe_ratio", "sortino_ratio"),
)
_NOTHING: Figures = dict.fromkeys((metric.name for metric in COMPUTED), Reason.NOT_REPORTED)
_COLUMNS = tuple((metric.name, computed_column(metric.name)) for metric in COMPUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What trades made, NaN where unknown: in money, and as fractions."""

    profits: NDArray[np.float64]
    shares: NDArray[np.float64]
    is_closed: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What the figures of a run are computed from.

    reported names the metrics that have a value of the sender's, which stays; non_finite those that were sent as
    infinite or NaN. results is None where no trades were given, not even an empty list.
    """

    equity: Curve | None
    results: Results | None
    total_trades: int
    reported: Collection[str]
    non_finite: Collection[str]
    periods_per_year: float | None
    frequency: str | None


def compute(record: BacktestRecord) -> dict[str, Any]:
    """Return the computed columns of a run, and the metrics that nobody reported as they are filled by them."""
    material = Material(
        equity=record.equity,
        results=None if record.trades is None else _results(record.trades),
        total_trades=record.row["total_trades"],
        reported=record.reported,
        non_finite=record.non_finite,
        periods_per_year=record.periods_per_year,
        frequency=record.frequency,
    )
    given = {"given_periods_per_year": record.periods_per_year, "given_frequency": record.frequency}
    return {"study": record.study, **given, **compute_columns(material)}


def _results(trades: TradesDraft) -> Results:
    profits, shares = (
        trades.numbers[name].values if name in trades.numbers else np.full(len(trades), np.nan)
        for name in ("pnl", "pnl_percent")
    )
    return Results(profits=profits, shares=shares, is_closed=trades.exit_times != NO_TIME)


def compute_columns(material: Material) -> dict[str, Any]:
    """Return the columns that are computed, and the metrics that are filled; every number in them is finite."""
    periods_per_year, frequency = _calendar(material)
    returns = returns_of(material.equity.values) if material.equity else None
    figures = _measure(material, periods_per_year, returns)
    numbers = {name: figure for name, figure in figures.items() if not isinstance(figure, Reason)}
    filled = [name for name in numbers if name not in material.reported]
    return {
        **{column: numbers.get(name) for name, column in _COLUMNS},
        **{name: numbers[name] for name in filled},
        "periods_per_year": periods_per_year,
        "frequency": frequency,
        **_measure_returns(returns, numbers.get("sharpe_ratio"), periods_per_year),
        "undefined": _reasons(material, figures),
        "metrics_filled": filled,
        "computation": GENERATION,
    }


def _calendar(material: Material) -> tuple[float | None, str | None]:
    """Return the periods of a year and the frequency: as given, else as the times of the curve tell."""
    inferred = infer_calendar(material.equity.times) if material.equity else None
    periods = material.periods_per_year or (inferred.periods_per_year if inferred else None)
    told = inferred.frequency if inferred else AS_GIVEN if periods else None
    return periods, material.frequency or told


def _measure(material: Material, periods_per_year: float | None, returns: Values | None) -> Figures:
    figures = _NOTHING | _measure_trades(material)
    if material.equity is None:
        return figures
    figures |= measure_curve(material.equity.times, material.equity.values, periods_per_year or 1.0, returns)
    return figures if periods_per_year else figures | dict.fromkeys(_OF_A_YEAR, Reason.TOO_SHORT)


def _measure_trades(material: Material) -> Figures:
    """Return the figures of trades; where their profits in money are not known, what their signs tell."""
    results = material.results
    if results is None:
        return {} if material.total_trades else dict.fromkeys(OF_TRADES[3:], Reason.NO_TRADES)
    figures = measure_trades(results.profits, results.is_closed)
    if figures["win_rate"] is not Reason.NOT_REPORTED:
        return figures
    shares = measure_trades(results.shares, results.is_closed)
    return figures | {name: shares[name] for name in ("winning_trades", "losing_trades", "win_rate")}


def _measure_returns(returns: Values | None, sharpe: Any, periods_per_year: float | None) -> dict[str, Any]:
    """Return the number of returns, their moments, and what these make of the Sharpe ratio; None without one."""
    if returns is None or sharpe is None or periods_per_year is None:
        return dict.fromkeys(("observations", "skewness", "kurtosis", "probabilistic_sharpe_ratio"))
    skewness, kurtosis = moments(returns)
    per_period = sharpe / math.sqrt(periods_per_year)
    probability = probabilistic_sharpe_ratio(per_period, 0.0, len(returns), skewness, kurtosis)
    return {
        "observations": len(returns),
        "skewness": skewness,
        "kurtosis": kurtosis,
        "probabilistic_sharpe_ratio": None if math.isnan(probability) else probability,
    }


def _reasons(material: Material, figures: Figures) -> dict[str, str]:
    """Return why metrics are undefined; NOT_REPORTED is not kept."""
    found = {name: str(figure) for name, figure in figures.items() if isinstance(figure, Reason)}
    known = {name: reason for name, reason in found.items() if reason != Reason.NOT_REPORTED}
    sent = (name for name in sorted(material.non_finite) if name in found or name not in figures)
    return dict.fromkeys(sent, str(Reason.NON_FINITE)) | known
