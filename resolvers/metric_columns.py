"""Where the value of a metric stands: as it was reported, as it was computed, or in a table of its own."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, select
from sqlalchemy.sql.expression import FromClause

from resolvers.errors import BadUserInput
from resolvers.store.metrics import NOT_COMPUTED, computed_column
from resolvers.store.tables import backtests, deflated_sharpe_ratios

REPORTED = "REPORTED"
"""The basis whose columns are those that the engine reported; where it did not, they hold what was computed."""
DEFLATED = deflated_sharpe_ratios.c.deflated_sharpe_ratio.name
LUCK_COLUMNS: Mapping[str, str] = {"probabilistic_sharpe": "probabilistic_sharpe_ratio", "deflated_sharpe": DEFLATED}
"""The metrics that are always computed, each with the name of its column."""


def choose_column(metric: str, basis: str) -> str:
    """Return the name of the column that has a metric on a basis, REPORTED or COMPUTED.

    Raises:
        BadUserInput: the metric takes a benchmark, so it is not computed.
    """
    if metric in LUCK_COLUMNS:
        return LUCK_COLUMNS[metric]
    if basis == REPORTED:
        return metric
    if metric in NOT_COMPUTED:
        raise BadUserInput(f"{metric} has no computed value: there is no benchmark to compute it with; ask REPORTED.")
    return computed_column(metric)


def column_of(name: str) -> ColumnElement[Any]:
    """Return the column of this name of a run, or what finds its deflated Sharpe ratio, which stands elsewhere."""
    return _deflated() if name == DEFLATED else backtests.c[name]


def runs_with(names: Collection[str | None]) -> tuple[FromClause, Mapping[str, ColumnElement[Any]]]:
    """Return the table of runs and its columns; joined with what is beside it where one of these names stands there.

    Where each run is looked at, that is quicker than to look up a value for each.
    """
    table, columns = deflated_sharpe_ratios, dict(backtests.c)
    if DEFLATED not in names:
        return backtests, columns
    joined = backtests.outerjoin(table, table.c.backtest_id == backtests.c.id)
    return joined, {**columns, DEFLATED: table.c[DEFLATED]}


def _deflated() -> ScalarSelect[Any]:
    table = deflated_sharpe_ratios
    return (
        select(table.c.deflated_sharpe_ratio)
        .where(table.c.backtest_id == backtests.c.id)
        .correlate(backtests)
        .scalar_subquery()
    )
