"""Read the trials of optimizations as a grid: the objective over the parameters."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Select, Uuid, and_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.errors import BadUserInput
from resolvers.optimizations import metric_of
from resolvers.statistics.robustness import Robustness, examine
from resolvers.statistics.surfaces import Statistic, aggregate, find_axis
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.metrics import METRICS_BY_NAME
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import optimization_trials

MOST_CELLS = 10_000
_NAMED = 20
"""Parameters that a message names."""
_FIGURES = ("total_return", "sharpe_ratio", "max_drawdown", "win_rate", "profit_factor", "total_trades")


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial of a grid; its objective is that metric of the trial where no value of it was saved."""

    number: int
    parameters: Mapping[str, Any]
    objective: float | None


@dataclass(frozen=True, slots=True)
class Grid:
    """The trials of an optimization in the order of their ranks."""

    names: Sequence[str]
    trials: Sequence[Trial]
    higher_is_better: bool


@dataclass(frozen=True, slots=True)
class Surface:
    """The objective over one or two parameters: a row for each value of y (one without y), a column for each of x."""

    x_values: list[Any]
    y_values: list[Any]
    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    left_out: int
    """Trials without one of the parameters, or without the objective."""


async def load_trials_of_sweeps(database: Database, keys: Sequence[tuple[UUID, UUID]]) -> list[list[Row]]:
    """Return all trials of optimizations, named by the ids of their runs and their own, in the order of their ranks."""
    statement = _trials(runs=[run for run, _ in keys], sweeps=[sweep for _, sweep in keys])
    found: dict[UUID, list[Row]] = {sweep: [] for _, sweep in keys}
    for row in await database.fetch(statement, plan=Plan.ONCE):
        found[row["optimization_id"]].append(row)
    return [found[sweep] for _, sweep in keys]


def read_grid(sweep: Mapping[str, Any], rows: Sequence[Row]) -> Grid:
    """Return the grid of an optimization with these trials."""
    metric = metric_of(sweep["objective"])
    name = metric if metric in _FIGURES else "objective_value"
    trials = [
        Trial(row["number"], row["parameters"], row[name] if row["objective_value"] is None else row["objective_value"])
        for row in rows
    ]
    return Grid(sweep["parameter_names"], trials, _is_higher_better(metric, trials))


def _is_higher_better(metric: str | None, trials: Sequence[Trial]) -> bool:
    """Tell the direction of an objective; of one that is not ours by whether the best trial has the lowest value."""
    if metric is not None:
        return not METRICS_BY_NAME[metric].lower_is_better
    known = [trial.objective for trial in trials if trial.objective is not None]
    return not (known and known[0] == min(known) < max(known))


async def find_surface(grid: Grid, x: str, y: str | None, statistic: str) -> Surface:
    """Return the objective over one or two parameters.

    Raises:
        BadUserInput: there is no such parameter, both are the same, or there are more than 10,000 cells.
    """
    for name in (x,) if y is None else (x, y):
        if name not in grid.names:
            more = "" if len(grid.names) <= _NAMED else f" and {len(grid.names) - _NAMED} more"
            known = ", ".join(repr(each[:60]) for each in grid.names[:_NAMED])
            raise BadUserInput(f"{name[:60]!r} is no parameter of this optimization: it has {known or 'none'}{more}.")
    if x == y:
        raise BadUserInput(f"x and y are both {x[:60]!r}: a surface takes two parameters.")
    return await asyncio.to_thread(_find_surface, grid, x, y, Statistic(statistic))


def _find_surface(grid: Grid, x: str, y: str | None, statistic: Statistic) -> Surface:
    placed = [each for each in grid.trials if all(each.parameters.get(name) is not None for name in (x, y or x))]
    x_values, columns = find_axis([each.parameters[x] for each in placed])
    y_values, rows = find_axis([each.parameters[y] for each in placed]) if y else ([], np.zeros_like(columns))
    shape = (max(1, len(y_values)), len(x_values))
    if shape[0] * shape[1] > MOST_CELLS:
        raise BadUserInput(f"{shape[1]} values of x and {shape[0]} of y: at most {MOST_CELLS} cells are answered.")
    objective = np.array([np.nan if each.objective is None else each.objective for each in placed], dtype=np.float64)
    values, counts = aggregate(
        rows * shape[1] + columns,
        objective,
        shape[0] * shape[1],
        statistic,
        higher_is_better=grid.higher_is_better,
    )
    left_out = len(grid.trials) - int(counts.sum())
    return Surface(x_values, y_values, values.reshape(shape), counts.reshape(shape), left_out)


async def find_robustness(grid: Grid, best: int | None, drop: float) -> Robustness | None:
    """Return how the trial with the best number stands in its grid, None where there is none.

    Raises:
        BadUserInput: drop is not above 0.
    """
    check_drop(drop)
    position = next((place for place, trial in enumerate(grid.trials) if trial.number == best), None)
    if position is None:
        return None
    pairs = [(trial.parameters, trial.objective) for trial in grid.trials]
    return await asyncio.to_thread(examine, pairs, position, higher_is_better=grid.higher_is_better, drop=drop)


def check_drop(drop: float) -> None:
    """Refuse a share that no objective can fall by; raises BadUserInput."""
    if not 0 < drop < np.inf:
        raise BadUserInput(f"drop is {drop:g} and must be above 0: 0.5 is half of the best objective.")


@shaped
def _trials(*, runs: Slot, sweeps: Slot) -> Select[Any]:
    """Select all trials of optimizations."""
    lists = literal(runs, type_=ARRAY(Uuid)), literal(sweeps, type_=ARRAY(Uuid))
    key = func.unnest(*lists).table_valued("run", "sweep", name="key").render_derived()
    table = optimization_trials
    own = and_(table.c.backtest_id == key.c.run, table.c.optimization_id == key.c.sweep)
    names = ("optimization_id", "number", "parameters", "objective_value", *_FIGURES)
    picked = select(*(table.c[name] for name in names)).select_from(key.join(table, own))
    return picked.order_by(table.c.optimization_id, table.c.rank, table.c.number)
