"""Read the curves of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, case, func, select

from resolvers.backtests import is_one_of
from resolvers.errors import BadUserInput
from resolvers.statistics.curves import FEWEST, downsample, drawdown
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtest_series as table
from resolvers.store.tables import walk_forward_returns


@dataclass(frozen=True, slots=True)
class Curve:
    """Times in microseconds since 1970-01-01 UTC, and a value for each; NaN is null."""

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    downsampled: bool = False

    def between(self, start: int | None, end: int | None) -> "Curve":
        """Return the points from start to end, both included."""
        first = 0 if start is None else int(np.searchsorted(self.times, start, side="left"))
        last = len(self.times) if end is None else int(np.searchsorted(self.times, end, side="right"))
        return Curve(self.times[first:last], self.values[first:last], self.downsampled)

    def for_plot(self, most: int | None) -> "Curve":
        """Return at most so many points that keep the picture; raises BadUserInput for less than four."""
        if most is None:
            return self
        if most < FEWEST:
            raise BadUserInput(
                f"maxPoints is {most}: at least {FEWEST} are needed for first, last, highest and lowest."
            )
        kept = downsample(self.values, most)
        return Curve(self.times[kept], self.values[kept], len(kept) < len(self.values))


async def load_equity_curves(database: Database, ids: Sequence[UUID]) -> list[Curve | None]:
    """Return the equity curves of runs in the order of their ids, None where none was saved."""
    rows = await database.fetch(_equity(ids=ids), plan=Plan.ONCE)
    found = {row["backtest_id"]: unpack(row["times"], row["values"]) for row in rows}
    return [found.get(id) for id in ids]


async def load_drawdown_curves(database: Database, ids: Sequence[UUID]) -> list[Curve | None]:
    """Return the drawdown curves of runs as saved, or else computed from the equity curve."""
    rows = await database.fetch(_drawdowns(ids=ids), plan=Plan.ONCE)
    found = {row["backtest_id"]: _drawdown(row) for row in rows}
    return [found.get(id) for id in ids]


async def load_window_returns(database: Database, keys: Sequence[tuple[UUID, UUID]]) -> list[Curve | None]:
    """Return the returns of walk-forward tests by the ids of their run and their own, None where none were saved."""
    statement = _window_returns(runs=[run for run, _ in keys], ids=[id for _, id in keys])
    rows = await database.fetch(statement, plan=Plan.ONCE)
    found = {(row["backtest_id"], row["id"]): unpack(row["times"], row["values"]) for row in rows}
    return [found.get(key) for key in keys]


@shaped
def _window_returns(*, runs: Slot, ids: Slot) -> Select[Any]:
    """Select the returns of walk-forward tests."""
    own = walk_forward_returns.c
    named = select(own.backtest_id, own.walk_forward_test_id.label("id"), own.times, own["values"])
    return named.where(is_one_of(own.backtest_id, runs), is_one_of(own.walk_forward_test_id, ids))


@shaped
def _equity(*, ids: Slot) -> Select[Any]:
    """Select the equity curves of runs."""
    curves = select(table.c.backtest_id, table.c.equity_times.label("times"), table.c.equity_values.label("values"))
    return curves.where(is_one_of(table.c.backtest_id, ids), table.c.equity_values.is_not(None))


@shaped
def _drawdowns(*, ids: Slot) -> Select[Any]:
    """Select the drawdown curves of runs, and the equity curves of those that have none."""
    return select(
        table.c.backtest_id,
        func.coalesce(table.c.drawdown_times, table.c.equity_times).label("times"),
        table.c.drawdown_values.label("values"),
        case((table.c.drawdown_values.is_(None), table.c.equity_values)).label("equity"),
    ).where(is_one_of(table.c.backtest_id, ids))


def _drawdown(row: Any) -> Curve:
    if row["values"] is not None:
        return unpack(row["times"], row["values"])
    equity = unpack(row["times"], row["equity"])
    return Curve(equity.times, drawdown(equity.values))


def unpack(times: bytes, values: bytes) -> Curve:
    """Return a curve as it is stored."""
    return Curve(np.frombuffer(times, dtype="<i8"), np.frombuffer(values, dtype="<f8"))
