"""The figures of a run on one basis: from its equity curve and its trades, whatever an engine calls by their names.

A figure is a number, or the reason why it is undefined; a fraction unless its name says otherwise.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from resolvers.statistics.calendars import DAY, Times
from resolvers.statistics.curves import Values
from resolvers.statistics.undefined import Reason

Figure = float | Reason
Figures = dict[str, Figure]


def returns_of(equity: Values) -> Values:
    """Return the returns from each point to the next; NaN or infinite where a value is not above zero."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return equity[1:] / equity[:-1] - 1


@np.errstate(all="ignore")
def measure_curve(times: Times, equity: Values, periods_per_year: float, returns: Values | None = None) -> Figures:
    """Return the figures of an equity curve.

    times: microseconds since 1970, never falling; equity: as long, in money; returns: those of it, where they are at
    hand. Annualized by the periods of a year: the mean by n, deviations (with n - 1) by its root. Downside volatility
    is the root mean square of the returns below 0, over all returns; Sortino divides the annualized mean by it. Calmar
    divides the annualized return, which is geometric, by the size of the maximum drawdown. The duration of a drawdown
    is in days, from a peak to the first value that is as high, or to the end. What takes returns is NON_FINITE where a
    value is missing, below zero, or zero before the end: a curve may end in ruin.
    """
    level = {"final_portfolio_value": _finite(equity[-1]), "peak_portfolio_value": _finite(equity.max())}
    if len(equity) < 2:  # noqa: PLR2004 - a return needs two values
        return level | dict.fromkeys(_OF_RETURNS, Reason.TOO_SHORT)
    returns = returns_of(equity) if returns is None else returns
    if not (equity[:-1].min() > 0 and equity[-1] >= 0 and math.isfinite(returns.max())):
        return level | dict.fromkeys(_OF_RETURNS, Reason.NON_FINITE)
    total = _finite(float(equity[-1]) / float(equity[0]) - 1)
    peaks = np.maximum.accumulate(equity)
    deepest = float((equity / peaks).min()) - 1
    annual = _annualize(total, periods_per_year / len(returns))
    return level | {
        "total_return": total,
        "annualized_return": annual,
        "max_drawdown": deepest,
        "max_drawdown_duration": _longest_below_peak(times, equity == peaks),
        "calmar_ratio": _divide(annual, -deepest, Reason.NO_LOSSES),
        **_measure_spread(returns, periods_per_year),
    }


_OF_RETURNS = (
    "total_return",
    "annualized_return",
    "max_drawdown",
    "max_drawdown_duration",
    "calmar_ratio",
    "volatility",
    "downside_volatility",
    "sharpe_ratio",
    "sortino_ratio",
)


def _measure_spread(returns: Values, periods_per_year: float) -> Figures:
    root, mean = math.sqrt(periods_per_year), float(returns.mean())
    losses = np.minimum(returns, 0.0)
    downside = _finite(math.sqrt((losses * losses).mean()))
    volatility = Reason.TOO_SHORT if len(returns) < 2 else _finite(deviation(returns))  # noqa: PLR2004 - n - 1
    return {
        "volatility": _times(volatility, root),
        "downside_volatility": _times(downside, root),
        "sharpe_ratio": _divide(mean * root, volatility, Reason.ZERO_VARIANCE),
        "sortino_ratio": _divide(mean * root, downside, Reason.NO_LOSSES),
    }


def deviation(returns: Values) -> float:
    """Return the standard deviation with n - 1; exactly 0 where all returns are equal but for rounding."""
    found = float(returns.std(ddof=1))
    # A return is a quotient less one, so its rounding is that of numbers near one, however small it is.
    return 0.0 if found <= 1e-14 * (1 + float(max(returns.max(), -returns.min()))) else found


def moments(returns: Values) -> tuple[float, float]:
    """Return skewness and kurtosis (3 for normal returns), both with n; NaN without variance."""
    if deviation(returns) == 0:
        return math.nan, math.nan
    standard = returns - returns.mean()
    squares = standard * standard
    spread = squares.mean()
    standard /= math.sqrt(spread)
    squares /= spread
    return float((squares * standard).mean()), float((squares * squares).mean())


@np.errstate(over="ignore")
def measure_trades(profits: Values, is_closed: NDArray[np.bool_]) -> Figures:
    """Return the figures of trades by their profits in money, NaN where unknown; only closed ones count.

    A trade that made and lost nothing counts among all, and neither as won nor as lost.
    """
    closed = profits[is_closed]
    wins, losses = closed[closed > 0], closed[closed < 0]
    if np.isnan(closed).any():
        return {"total_trades": len(closed), **dict.fromkeys(_OF_RESULTS, Reason.NOT_REPORTED)}
    counts: Figures = {"total_trades": len(closed), "winning_trades": len(wins), "losing_trades": len(losses)}
    if len(closed) == 0:
        return counts | dict.fromkeys(_OF_PROFITS, Reason.NO_TRADES)
    return counts | {
        "win_rate": len(wins) / len(closed),
        "profit_factor": _divide(float(wins.sum()), -float(losses.sum()), Reason.NO_LOSSES),
        "average_win": _figure_of(wins, np.mean, Reason.NO_TRADES),
        "average_loss": _figure_of(losses, np.mean, Reason.NO_LOSSES),
        "largest_win": _figure_of(wins, np.max, Reason.NO_TRADES),
        "largest_loss": _figure_of(losses, np.min, Reason.NO_LOSSES),
    }


_OF_PROFITS = ("win_rate", "profit_factor", "average_win", "average_loss", "largest_win", "largest_loss")
_OF_RESULTS = ("winning_trades", "losing_trades", *_OF_PROFITS)


def _figure_of(values: Values, figure: Callable[[Values], np.floating], otherwise: Reason) -> Figure:
    return _finite(figure(values)) if len(values) else otherwise


def _annualize(total: Figure, share: float) -> Figure:
    """Return the return a year that compounds to a total one; share: how much of a run a year is."""
    if isinstance(total, Reason):
        return total
    try:
        return float((1 + total) ** share - 1)
    except OverflowError:
        return Reason.NON_FINITE


def _times(figure: Figure, factor: float) -> Figure:
    return figure if isinstance(figure, Reason) else _finite(figure * factor)


def _divide(above: Figure, below: Figure, otherwise: Reason) -> Figure:
    """Return a quotient; otherwise is why there is none where the divisor is zero."""
    for each in (above, below):
        if isinstance(each, Reason):
            return each
    return otherwise if below == 0 else _finite(float(above) / float(below))


def _finite(value: float | np.floating) -> Figure:
    return float(value) if math.isfinite(value) else Reason.NON_FINITE


def _longest_below_peak(times: Times, is_peak: NDArray[np.bool_]) -> float:
    """Return the longest time from a peak to the first value as high, or to the end, in days; 0 where none falls."""
    peaks = np.flatnonzero(is_peak)
    ends = np.append(peaks[1:], len(times) - 1)
    is_under = ends > peaks + 1
    is_under[-1] = peaks[-1] < len(times) - 1
    spans = (times[ends] - times[peaks])[is_under]
    return float(spans.max()) / DAY if len(spans) else 0.0
