"""Fill a database with generated runs, their trades and their curves."""

from collections.abc import Callable

import numpy as np
from sqlalchemy import Column, Double, MetaData, Table, Uuid, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.store.database import Database, Transaction
from resolvers.store.instants import EPOCH_2000, Instant
from resolvers.store.tables import backtest_series, backtests, deflated_sharpe_ratios, trades, trial_ledger
from tests.benchmarks.binary_copy import copy_columns
from tests.benchmarks.children import make_curves, make_trades
from tests.benchmarks.generate import NEWEST, make_runs
from tests.benchmarks.trials import make_deflated, make_ledger

arrays = Table(
    "reference_curves",
    MetaData(),
    Column("backtest_id", Uuid, primary_key=True),
    Column("times", ARRAY(Instant), nullable=False),
    Column("values", ARRAY(Double), nullable=False),
)
"""A table of the measurements alone: the curves of the youngest runs as many a service keeps them, in arrays."""

_CURVE_COLUMNS = ("backtest_id", "equity_times", "equity_values", "drawdown_times", "drawdown_values")


async def fill(
    database: Database, count: int, *, until: int, seed: int = 1, say: Callable[[int], None] = lambda _: None
) -> None:
    """Add so many runs with trades and curves, made before an instant in microseconds since 1970 UTC.

    say gets the number of runs of each batch that was stored.
    """
    for batch in make_runs(count, until=until, seed=seed):
        async with database.transaction() as transaction:
            await _trust(transaction)
            await copy_columns(transaction, "backtests", batch.columns)
            await copy_columns(transaction, "trial_ledger", make_ledger(batch.columns))
            await copy_columns(transaction, "deflated_sharpe_ratios", make_deflated(batch.columns))
            await copy_columns(transaction, "trades", make_trades(batch))
            await transaction.copy(backtest_series, _CURVE_COLUMNS, make_curves(batch))
        say(len(batch.days))
    await _add_arrays(database)
    for table in (backtests, trades, backtest_series, trial_ledger, deflated_sharpe_ratios, arrays):
        await _vacuum(database, table)


async def _trust(transaction: Transaction) -> None:
    """Have PostgreSQL take it that each trade's run is there, where we may: looking is most of the time."""
    [row] = await transaction.fetch(text("SELECT current_setting('is_superuser') = 'on' AS may"))
    if row["may"]:
        await transaction.fetch(text("SET LOCAL session_replication_role = 'replica'"))


async def _add_arrays(database: Database) -> None:
    """Store the equity curves of the youngest runs a second time, in arrays."""
    youngest = select(backtests.c.id).order_by(backtests.c.created_at.desc()).limit(NEWEST)
    curves = select(backtest_series).where(backtest_series.c.backtest_id.in_(youngest))
    async with database.transaction() as transaction:
        await transaction.fetch(
            text(f"CREATE TABLE {arrays.name} (backtest_id uuid PRIMARY KEY, times timestamptz[], values float8[])")
        )
        rows = [
            (row["backtest_id"], _list(row["equity_times"], "<i8", EPOCH_2000), _list(row["equity_values"], "<f8"))
            for row in await transaction.fetch(curves)
        ]
        await transaction.copy(arrays, arrays.c.keys(), rows)


def _list(packed: bytes, kind: str, zero: int = 0) -> list[float]:
    numbers: list[float] = (np.frombuffer(packed, kind) - zero).tolist()
    return numbers


async def _vacuum(database: Database, table: Table) -> None:
    """Have PostgreSQL look at a table for its plans, and leave nothing to do to whoever reads it first."""
    await database.fetch(text(f"VACUUM (ANALYZE) {table.name}"))
