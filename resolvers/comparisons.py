"""Compare runs side by side."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from resolvers.backtests import load_backtests
from resolvers.deflation import refresh_deflated
from resolvers.errors import BadUserInput
from resolvers.filters import parse_id
from resolvers.metric_columns import DEFLATED
from resolvers.page_statements import Columns
from resolvers.series import Curve
from resolvers.statistics.alignment import align, choose_points, normalize
from resolvers.statistics.correlation import correlate_returns
from resolvers.statistics.curves import FEWEST
from resolvers.statistics.json_values import identity
from resolvers.statistics.ranking import Spread, rank_values, spread_of
from resolvers.store.database import Database, Row
from resolvers.store.metrics import LOWER_IS_BETTER

MOST_RUNS = 200
MOST_POINTS = 20_000_000
"""Points of all compared curves together: they are held in memory at once."""
DEFAULT_METRICS = ("total_return", "sharpe_ratio", "max_drawdown", "win_rate", "profit_factor", "total_trades")


@dataclass(frozen=True, slots=True)
class RankedMetric:
    """One metric of the compared runs: (position of the run, value, rank) best first, and figures over the values."""

    name: str
    higher_is_better: bool
    values: Sequence[tuple[int, float | None, int | None]]
    spread: Spread


@dataclass(frozen=True, slots=True)
class PlottedCurves:
    """Curves on common times: a row of values for each position of a run that has a curve."""

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    positions: Sequence[int]
    by_day: bool
    downsampled: bool


def parse_run_ids(given: Sequence[str]) -> list[UUID]:
    """Return the ids of the runs to compare, each once, in the order given.

    Raises:
        BadUserInput: one is malformed, there is none, or there are more than MOST_RUNS.
    """
    ids = list(dict.fromkeys(map(parse_id, given)))
    if not 1 <= len(ids) <= MOST_RUNS:
        raise BadUserInput(f"ids names {len(ids)} runs: 1 to {MOST_RUNS} can be compared.")
    return ids


async def load_compared(
    database: Database, ids: Sequence[UUID], *, metrics: Collection[str], columns: Columns
) -> list[Row | None]:
    """Return the runs with these ids in their order, None for an unknown one, with these columns of metrics and others.

    columns names all of them; None for all that a run has.
    """
    if DEFLATED not in metrics:
        return await load_backtests(database, ids, columns=columns)
    await refresh_deflated(database)
    return await load_backtests(database, ids, columns=columns, with_deflated=True)


def rank_metric(rows: Sequence[Row], name: str) -> RankedMetric:
    """Return the runs ranked by the column of one metric."""
    lower_is_better = name in LOWER_IS_BETTER
    values = [None if row[name] is None else float(row[name]) for row in rows]
    ranked = rank_values(values, lower_is_better=lower_is_better)
    return RankedMetric(
        name=name,
        higher_is_better=not lower_is_better,
        values=[(position, values[position], rank) for position, rank in ranked],
        spread=spread_of(values),
    )


def find_different_parameters(rows: Sequence[Row]) -> dict[str, list[Any]]:
    """Return the parameters whose values differ, by name in order of appearance, with a value for each run.

    A parameter that a run does not have is None, and equal to a null.
    """
    names = dict.fromkeys(name for row in rows for name in row["parameters"])
    values = {name: [row["parameters"].get(name) for row in rows] for name in names}
    return {name: each for name, each in values.items() if len(set(map(identity, each))) > 1}


def check_points(rows: Sequence[Row]) -> None:
    """Refuse to load more than MOST_POINTS points of curves; raises BadUserInput."""
    points = sum(row["data_points"] for row in rows)
    if points > MOST_POINTS:
        raise BadUserInput(f"The curves of these runs have {points} points: {MOST_POINTS} can be compared at once.")


async def plot_curves(curves: Sequence[Curve | None], *, most: int | None, normalized: bool) -> PlottedCurves:
    """Return the curves on common times, at most so many, each divided by its first value if normalized.

    Raises:
        BadUserInput: most is less than four.
    """
    if most is not None and most < FEWEST:
        raise BadUserInput(f"maxPoints is {most}: at least {FEWEST} are needed for first, last, highest and lowest.")
    return await asyncio.to_thread(_plot, curves, most, normalized)


def _plot(curves: Sequence[Curve | None], most: int | None, normalized: bool) -> PlottedCurves:
    present = _present(curves)
    aligned = align([(curve.times, curve.values) for curve in present.values()])
    values = normalize(aligned.values) if normalized else aligned.values
    kept = choose_points(values, len(aligned.times) if most is None else most)
    return PlottedCurves(
        times=aligned.times[kept],
        values=values.take(kept, axis=1),
        positions=list(present),
        by_day=aligned.by_day,
        downsampled=len(kept) < len(aligned.times),
    )


async def correlate_curves(curves: Sequence[Curve | None]) -> NDArray[np.float64]:
    """Return the correlation of the runs' returns on common times, a square matrix; NaN where undefined."""
    return await asyncio.to_thread(_correlate, curves)


def _correlate(curves: Sequence[Curve | None]) -> NDArray[np.float64]:
    matrix = np.full((len(curves), len(curves)), np.nan)
    present = _present(curves)
    if present:
        positions = list(present)
        aligned = align([(curve.times, curve.values) for curve in present.values()])
        matrix[np.ix_(positions, positions)] = correlate_returns(aligned.values)
    return matrix


def span_of(curves: Sequence[Curve | None]) -> tuple[int, int] | None:
    """Return the earliest and the latest time of all curves, None where there is none."""
    present = _present(curves).values()
    if not present:
        return None
    return min(int(curve.times[0]) for curve in present), max(int(curve.times[-1]) for curve in present)


def _present(curves: Sequence[Curve | None]) -> dict[int, Curve]:
    return {position: curve for position, curve in enumerate(curves) if curve is not None}
