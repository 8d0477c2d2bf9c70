"""The words of both dialects by our columns, the engine's own first."""

from collections.abc import Mapping

from resolvers.importers.drafts import Kind, Path
from resolvers.importers.reading import Field, as_count, as_number

ENGINE = "vectorbt"
FORMAT = "VECTORBT_ENGINE"

METRICS: Mapping[str, Field] = {
    "total_return": Field(("total_return",), as_number),
    "annualized_return": Field(("annual_return", "annualized_return"), as_number),
    "sharpe_ratio": Field(("sharpe_ratio",), as_number),
    "sortino_ratio": Field(("sortino_ratio",), as_number),
    "calmar_ratio": Field(("calmar_ratio",), as_number),
    "max_drawdown": Field(("max_drawdown",), as_number),
    "max_drawdown_duration": Field(("max_drawdown_duration",), as_number),
    "volatility": Field(("volatility",), as_number),
    "downside_volatility": Field(("downside_volatility",), as_number),
    "total_trades": Field(("total_trades",), as_count),
    "winning_trades": Field(("winning_trades",), as_count),
    "losing_trades": Field(("losing_trades",), as_count),
    "win_rate": Field(("win_rate",), as_number),
    "profit_factor": Field(("profit_factor",), as_number),
    "average_win": Field(("avg_win", "average_win"), as_number),
    "average_loss": Field(("avg_loss", "average_loss"), as_number),
    "largest_win": Field(("best_trade", "largest_win"), as_number),
    "largest_loss": Field(("worst_trade", "largest_loss"), as_number),
    "final_portfolio_value": Field(("final_value", "final_portfolio_value"), as_number),
    "peak_portfolio_value": Field(("peak_value", "peak_portfolio_value"), as_number),
    "beta": Field(("beta",), as_number),
    "alpha": Field(("alpha",), as_number),
}

METRIC_WORDS = frozenset(word for field in METRICS.values() for word in field.words)

EXTRAS = frozenset(
    {
        "expectancy", "avg_duration", "kelly_criterion", "recovery_factor", "risk_reward_ratio",
        "memory_stats", "processing_method", "chunks_processed",
    }
)  # fmt: skip
"""What the engine writes and we have no column for."""

MARKS: Mapping[Kind, frozenset[str]] = {
    "WALK_FORWARD": frozenset(
        {
            "walk_forward_results", "windows", "periods_tested", "consistency",
            "average_return", "average_sharpe", "average_drawdown",
        }
    ),
    "OPTIMIZATION": frozenset(
        {
            "optimization_metric", "objective", "metric", "top_results", "results", "trials", "best_parameters",
            "best_metric_value", "total_combinations_tested", "combinations_tested", "valid_combinations",
        }
    ),
    "BACKTEST": frozenset(
        {
            "metrics", "trades", "equity_curve", "drawdown_series", "drawdown_curve", "parameters",
            "initial_capital", "start_date", "end_date", "error", "error_message",
        }
    ),
}  # fmt: skip
"""Words that tell one kind of document from another, the rarest kind first."""

WINDOW_MARKS = frozenset(
    {"period", "test_period_start", "test_period_end", "out_of_sample_return", "out_sample_return"}
)


def camel_case(column: str) -> str:
    """Return the name that a column has in GraphQL."""
    first, *others = column.split("_")
    return first + "".join(word.capitalize() for word in others)


def name_words(
    prefix: Path, fields: Mapping[str, Field], given: Mapping[str, str], inside: str = ""
) -> dict[str, Path]:
    """Return for each field the word it stands under, or would stand under, by its GraphQL name."""
    return {
        inside + camel_case(column): (*prefix, given.get(column, field.words[0])) for column, field in fields.items()
    }
