"""The metrics that have a column of their own: one table of facts for columns, GraphQL types, orders and rankings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of a run; name is its column and, in camel case, its GraphQL field."""

    name: str
    description: str
    is_count: bool = False
    lower_is_better: bool = False


METRICS = (
    Metric("total_return", "Return over the whole run as a fraction (0.15 = 15 %)."),
    Metric("annualized_return", "Return a year as a fraction, as the engine annualised it."),
    Metric("sharpe_ratio", "Annualised Sharpe ratio, as the engine annualised it."),
    Metric("sortino_ratio", "Annualised Sortino ratio, as the engine annualised it."),
    Metric("calmar_ratio", "Annualised return divided by the size of the maximum drawdown."),
    Metric("max_drawdown", "Deepest fall from a peak as a fraction, never positive (-0.34 = 34 % below the peak)."),
    Metric("max_drawdown_duration", "Longest time below a peak in days.", lower_is_better=True),
    Metric("volatility", "Annualised standard deviation of returns as a fraction.", lower_is_better=True),
    Metric("downside_volatility", "Annualised standard deviation of losses as a fraction.", lower_is_better=True),
    Metric("total_trades", "Number of trades; that of the closed ones where it was not reported.", is_count=True),
    Metric("winning_trades", "Number of trades that made money.", is_count=True),
    Metric("losing_trades", "Number of trades that lost money.", is_count=True, lower_is_better=True),
    Metric("win_rate", "Share of trades that made money, from 0 to 1."),
    Metric("profit_factor", "Gross profit divided by gross loss; null where there was no loss."),
    Metric("average_win", "Mean profit of the winning trades, in the unit the engine reports (usually money)."),
    Metric("average_loss", "Mean loss of the losing trades, negative, in the unit the engine reports (usually money)."),
    Metric("largest_win", "Profit of the best trade, in the unit the engine reports (usually money)."),
    Metric("largest_loss", "Result of the worst trade, in the unit the engine reports; positive if no trade lost."),
    Metric("final_portfolio_value", "Value of the portfolio at the end, in the run's currency."),
    Metric("peak_portfolio_value", "Highest value of the portfolio, in the run's currency."),
    Metric("beta", "Slope of the returns on the benchmark's returns."),
    Metric("alpha", "Return beyond beta times the benchmark's, as a fraction."),
)

LUCK = (
    Metric(
        "probabilistic_sharpe",
        "Probability that the true Sharpe ratio is above 0, from 0 to 1, by the length, skewness and kurtosis of the "
        "computed returns. It does not see look-ahead bias.",
    ),
    Metric(
        "deflated_sharpe",
        "Deflated Sharpe ratio: the probability, from 0 to 1, that the true Sharpe ratio is above what the best of as "
        "many trials as the run's family counts reaches by luck; each new trial changes it for the whole family. "
        "It does not see look-ahead bias.",
    ),
)
"""Metrics that are always computed, whatever was reported, and are no fields of Metrics."""

NOT_COMPUTED = frozenset({"beta", "alpha"})
"""Metrics that a curve and trades do not tell: they take a benchmark."""
COMPUTED = tuple(metric for metric in METRICS if metric.name not in NOT_COMPUTED)


def computed_column(name: str) -> str:
    """Return the column that keeps a metric as it was computed, beside the one that keeps it as it was reported."""
    return f"computed_{name}"


LOWER_IS_BETTER = frozenset(
    column for metric in METRICS if metric.lower_is_better for column in (metric.name, computed_column(metric.name))
)
"""Columns whose lowest value is the best one."""
METRICS_BY_NAME = {metric.name: metric for metric in METRICS}
COUNTS = tuple(metric.name for metric in METRICS if metric.is_count)
