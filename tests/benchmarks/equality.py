"""Whether the service and the reference answer, and store, the same."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from resolvers.store.metrics import METRICS_BY_NAME, computed_column
from tests.benchmarks.calls import Client, read_data
from tests.benchmarks.workloads import Workload
from tests.figures import rounded

_COMPUTED = {
    *map(computed_column, METRICS_BY_NAME),
    *("study", "periods_per_year", "frequency", "observations", "skewness", "kurtosis", "probabilistic_sharpe_ratio"),
    *("undefined", "metrics_filled", "computation"),
}
"""Columns that the reference leaves empty: it is the least that keeps what was reported, and computes nothing of it.

For the same reason it has no ledger of trials. So what is compared is what both store.
"""
_OWN = {
    "backtests": {"id", "updated_at", "content_hash"} | _COMPUTED,
    "trades": {"backtest_id"},
    "backtest_series": {"backtest_id"},
}
"""Columns that differ between two saves of the same run, or that only the service fills."""
_KEYS = {"backtests": "id", "trades": "backtest_id", "backtest_series": "backtest_id"}


class Unequal(Exception):
    """Service and reference do not do the same."""


def check_answers(workload: Workload, service: Client, reference: Client) -> None:
    """Send each call once to both; raises Unequal."""
    for place, call in enumerate(workload.service):
        expected = read_data(service.send(call))
        for label, calls in workload.references.items():
            found = read_data(reference.send(calls[place]))
            if _shape(expected, workload) != _shape(found, workload):
                raise Unequal(f"{label} {calls[place].path}: {_difference(expected, found)}")


async def check_rows(
    connection: "asyncpg.Connection[Any]", ids: Sequence[str], others: Sequence[str], tables: Sequence[str]
) -> None:
    """Compare what was stored under two lists of ids, one by one; raises Unequal."""
    for table in tables:
        first, second = [await _rows(connection, table, each) for each in (ids, others)]
        if not first:
            raise Unequal(f"{table}: nothing was stored.")
        if first != second:
            raise Unequal(f"{table}: {_difference(first, second)}")


async def _rows(connection: "asyncpg.Connection[Any]", table: str, ids: Sequence[str]) -> list[dict[str, Any]]:
    order = ", number" if table == "trades" else ""
    statement = (
        f"SELECT * FROM {table} WHERE {_KEYS[table]} = ANY($1) ORDER BY array_position($1, {_KEYS[table]}){order}"
    )
    rows = await connection.fetch(statement, [UUID(id) for id in ids])
    return [{name: value for name, value in row.items() if name not in _OWN[table]} for row in rows]


def _shape(data: Any, workload: Workload) -> Any:
    return rounded(data) if workload.is_rounded else data


def _difference(one: Any, other: Any, path: str = "") -> str:
    """Return where two answers differ first."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        parts = [(f"{path}.{name}", one[name], other[name]) for name in one]
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        parts = [(f"{path}[{place}]", *pair) for place, pair in enumerate(zip(one, other, strict=True))]
    else:
        return f"at {path or 'the root'}: {str(one)[:200]} and {str(other)[:200]}"
    return next(_difference(first, second, where) for where, first, second in parts if first != second)
