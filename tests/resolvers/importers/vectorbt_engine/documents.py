"""Documents of the engine to start from."""

from typing import Any

from resolvers.importers.drafts import DocumentError, Notice, Path, Problem


def run(**changes: Any) -> dict[str, Any]:
    return {
        "symbol": "GOOG",
        "strategy": "sma_cross",
        "parameters": {"fast_period": 5},
        "metrics": {},
        "initial_capital": 10_000.0,
        "start_date": "2024-01-01",
        "end_date": "2024-01-31",
        **changes,
    }


def trade(**changes: Any) -> dict[str, Any]:
    return {
        "entry_date": "2024-01-02 00:00:00",
        "exit_date": "2024-01-03 00:00:00",
        "entry_price": 100.0,
        "exit_price": 110.0,
        "size": 2.0,
        "pnl": 20.0,
        "return": 0.1,
        "duration": "",
        **changes,
    }


def sweep(*rows: Any, **changes: Any) -> dict[str, Any]:
    return {
        "symbol": "GOOG",
        "strategy": "sma_cross",
        "optimization_metric": "sharpe_ratio",
        "top_results": list(rows),
        "total_combinations_tested": 100,
        **changes,
    }


def window(**changes: Any) -> dict[str, Any]:
    return {"period": "2024-01-01 to 2024-03-31", "parameters": {"n": 5}, "out_sample_return": 0.1, **changes}


def analysis(*rows: Any, **changes: Any) -> dict[str, Any]:
    return {"symbol": "GOOG", "strategy": "sma_cross", "walk_forward_results": list(rows), **changes}


def inside(found: list[Notice] | tuple[Problem, ...]) -> list[Path]:
    """Return the paths below the document."""
    assert all(one.path[:2] == ("input", "document") for one in found)
    return [one.path[2:] for one in found]


def problems(error: DocumentError) -> dict[Path, str]:
    return dict(zip(inside(error.problems), [problem.message for problem in error.problems], strict=True))
