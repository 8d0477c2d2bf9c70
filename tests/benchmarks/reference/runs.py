"""Answers about runs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response

from tests.benchmarks.reference.pools import pools_of, write

METRICS = (
    *("total_return", "annualized_return", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown"),
    *("max_drawdown_duration", "volatility", "downside_volatility", "total_trades", "winning_trades", "losing_trades"),
    *("win_rate", "profit_factor", "average_win", "average_loss", "largest_win", "largest_loss"),
    *("final_portfolio_value", "peak_portfolio_value", "beta", "alpha"),
)
_OWN = ("id", "symbol", "strategy", "status", "startDate", "endDate", "initialCapital", "fees")
_ONE_RUN = f"""
    SELECT id, symbol, strategy, status, start_date, end_date, initial_capital, fees, {", ".join(METRICS)}
    FROM backtests WHERE id = $1
"""
_RANKING = """
    SELECT id, symbol, strategy, start_date, end_date, sharpe_ratio, total_return, max_drawdown, win_rate, total_trades
    FROM backtests
    WHERE status = 'COMPLETED' AND sharpe_ratio IS NOT NULL AND total_trades >= 10
        AND symbol = $1 AND max_drawdown > $2
    ORDER BY sharpe_ratio DESC, id DESC
    LIMIT 50
"""
_COMPARED = ("total_return", "sharpe_ratio", "max_drawdown", "win_rate", "profit_factor", "total_trades")
_COMPARE = f"SELECT id, {', '.join(_COMPARED)} FROM backtests WHERE id = ANY($1::uuid[])"
_SUMMARY = """
    SELECT strategy, symbol, count(*), avg(total_return), avg(sharpe_ratio), avg(win_rate),
        max(total_return), min(total_return)
    FROM backtests
    WHERE status = 'COMPLETED' AND created_at >= now() - interval '1 day' * $1
    GROUP BY GROUPING SETS ((), (strategy), (symbol))
    ORDER BY count(*) DESC, strategy, symbol
"""


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


_METRIC_NAMES = tuple(map(_camel, METRICS))


async def one_run(request: Request) -> Response:
    """Return one run with 30 fields."""
    row = await pools_of(request).plain.fetchrow(_ONE_RUN, request.path_params["id"])
    values = tuple(row or ())
    own = dict(zip(_OWN, values[: len(_OWN)], strict=True))
    own["metrics"] = dict(zip(_METRIC_NAMES, values[len(_OWN) :], strict=True))
    return write({"backtest": own})


async def ranking(request: Request) -> Response:
    """Return the 50 best runs of a symbol by Sharpe ratio."""
    asked = request.query_params
    rows = await pools_of(request).plain.fetch(_RANKING, asked["symbol"], float(asked["above"]))
    return write({"ranking": {"edges": _edges(rows)}})


def _edges(rows: Sequence[Any]) -> list[dict[str, Any]]:
    edges: list[dict[str, Any]] = []
    rank, last = 0, None
    for place, row in enumerate(rows, 1):
        id, symbol, strategy, start, end, sharpe, total, drawdown, win_rate, trades = row
        if sharpe != last:
            rank, last = place, sharpe
        metrics = {"totalReturn": total, "maxDrawdown": drawdown, "winRate": win_rate, "totalTrades": trades}
        run = {"id": id, "symbol": symbol, "strategy": strategy, "startDate": start, "endDate": end}
        edges.append({"rank": rank, "value": sharpe, "node": run | {"metrics": {"sharpeRatio": sharpe, **metrics}}})
    return edges


async def compare(request: Request) -> Response:
    """Return runs ranked by each of six metrics."""
    ids = request.query_params["ids"].split(",")
    rows = {str(row["id"]): row for row in await pools_of(request).plain.fetch(_COMPARE, ids)}
    runs = [rows[id] for id in ids if id in rows]
    metrics = [_compared(name, runs) for name in _COMPARED]
    return write({"compareBacktests": {"metrics": metrics}})


def _compared(name: str, runs: Sequence[Any]) -> dict[str, Any]:
    """Return the comparison by one metric, of which more is better in each of the six."""
    present = sorted((run for run in runs if run[name] is not None), key=lambda run: -run[name])
    values: list[dict[str, Any]] = []
    for place, run in enumerate(present, 1):
        rank = values[-1]["rank"] if values and values[-1]["value"] == run[name] else place
        values.append({"value": run[name], "rank": rank, "backtest": {"id": run["id"]}})
    nulls = [{"value": None, "rank": None, "backtest": {"id": run["id"]}} for run in runs if run[name] is None]
    numbers = np.array([run[name] for run in runs if run[name] is not None], np.float64)
    return {
        "metric": name.upper(),
        "higherIsBetter": True,
        "best": {"value": values[0]["value"]} if values else None,
        "mean": numbers.mean() if values else None,
        "median": np.median(numbers) if values else None,
        "standardDeviation": numbers.std(ddof=1) if len(values) > 1 else None,
        "values": [*values, *nulls],
    }


async def summary(request: Request) -> Response:
    """Return the figures of the last days, over all runs, by strategy and by symbol."""
    rows = await pools_of(request).plain.fetch(_SUMMARY, float(request.query_params["days"]))
    by_strategy, by_symbol, whole = [], [], {}
    for strategy, symbol, count, mean, sharpe, win_rate, best, worst in rows:
        means = {"averageReturn": mean, "averageSharpe": sharpe, "averageWinRate": win_rate}
        if strategy is not None:
            by_strategy.append({"key": strategy, "count": count, **means})
        elif symbol is not None:
            by_symbol.append({"key": symbol, "count": count, **means})
        else:
            whole = {"totalBacktests": count, "bestReturn": best, "worstReturn": worst, **means}
    return write({"performanceSummary": {**whole, "byStrategy": by_strategy, "bySymbol": by_symbol}})
