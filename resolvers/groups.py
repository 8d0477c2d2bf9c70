"""What runs are grouped by."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, literal_column

from resolvers.errors import BadUserInput
from resolvers.store.tables import backtests

MOST = 10_000
"""Groups that are given at once."""

# Constants are written out: PostgreSQL sees that two expressions are the same, but not two parameters.
_UTC_MONTH = func.date_trunc(literal_column("'month'"), func.timezone(literal_column("'UTC'"), backtests.c.created_at))

GROUP_KEYS: Mapping[str, ColumnElement[Any]] = {
    "symbol": backtests.c.symbol,
    "strategy": backtests.c.strategy,
    "status": backtests.c.status.collate("C"),
    "engine": backtests.c.engine.collate("C"),
    "month": cast(_UTC_MONTH, Date),
}
"""Each key as SQL over runs; month is the first day of the month of created_at in UTC. A null is a group of its own."""


def group_columns(keys: Sequence[str]) -> dict[str, ColumnElement[Any]]:
    """Return the columns of these keys, each once."""
    return {key: GROUP_KEYS[key] for key in keys}


def check_group_count(count: int, remedy: str) -> None:
    """Raise BadUserInput where there are more groups than are given at once."""
    if count > MOST:
        raise BadUserInput(f"There are more than {MOST:,} groups: {remedy}.")
