"""Whether the best of a grid of trials stands on firm ground: its edges, its neighbours, and the way to a cliff."""

import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvers.statistics.json_values import identity, is_number
from resolvers.statistics.surfaces import Statistic, aggregate

Parameters = Mapping[str, Any]
Key = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Cliff:
    """The first trial on a way that is much worse: steps of the grid and distance to it, its place, its objective."""

    steps: int
    distance: float
    value: float
    objective: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the best trial stands in one parameter; all but the first two are None where excluded says why.

    excluded: CATEGORICAL, where some trial has another thing than a number, or CONSTANT, where all have the same.
    values: how many different ones there are.
    """

    name: str
    value: Any
    excluded: str | None = None
    values: int | None = None
    lowest: float | None = None
    highest: float | None = None
    is_on_edge: bool | None = None
    below: Cliff | None = None
    above: Cliff | None = None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The trials one step of the grid away in one parameter: how many there can be, how many are known, their figures.

    ratio: their mean over the best objective; None unless higher is better and the best one is above 0.
    """

    possible: int
    known: int
    mean: float | None = None
    median: float | None = None
    worst: float | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True)
class Robustness:
    """What is said of the best trial of a grid, its objective, and the one beyond which a cliff begins."""

    objective: float | None

    positions: list[Position]
    neighbourhood: Neighbourhood
    threshold: float | None


@dataclass(frozen=True, slots=True)
class _Grid:
    """The objectives of trials by all of their parameters, and the best one's place and objective."""

    names: tuple[str, ...]
    objectives: Mapping[Key, float]
    best: Key
    objective: float | None
    sign: int
    """1 where higher is better, else -1."""

    def at(self, name: str, value: Any) -> float | None:
        """Return the objective of the trial that differs from the best one in a parameter; None where not known."""
        place = self.names.index(name)
        return self.objectives.get((*self.best[:place], identity(value), *self.best[place + 1 :]))


def examine(
    trials: Sequence[tuple[Parameters, float | None]],
    best: int,
    *,
    higher_is_better: bool = True,
    drop: float = 0.5,
) -> Robustness:
    """Return how the best trial stands among all trials of a grid.

    trials: the parameters and the objective of each, None where undefined; of equal parameters the first counts. best:
    its position. The grid has the values that occur, so it is no larger than what is given. drop: a cliff begins where
    the objective is worse than the best one by more than this share of its size (0.5: below half of it).
    """
    names = tuple(dict.fromkeys(name for parameters, _ in trials for name in parameters))
    keys = [tuple(identity(parameters.get(name)) for name in names) for parameters, _ in trials]
    pairs = zip(reversed(keys), reversed(trials), strict=True)
    objectives = {key: objective for key, (_, objective) in pairs if objective is not None}
    grid = _Grid(names, objectives, keys[best], trials[best][1], 1 if higher_is_better else -1)
    axes = {name: [parameters.get(name) for parameters, _ in trials] for name in names}
    threshold = _threshold(grid, drop)
    positions = [_stand(grid, name, values, values[best], threshold) for name, values in axes.items()]
    return Robustness(
        grid.objective,
        positions,
        _look_around(grid, [(each, axes[each.name]) for each in positions if not each.excluded]),
        threshold if threshold is not None and math.isfinite(threshold) else None,
    )


def _threshold(grid: _Grid, drop: float) -> float | None:
    return None if grid.objective is None else grid.objective - grid.sign * drop * abs(grid.objective)


def _stand(grid: _Grid, name: str, values: Sequence[Any], own: Any, threshold: float | None) -> Position:
    if not all(map(is_number, values)):
        return Position(name=name, value=own, excluded="CATEGORICAL")
    axis = sorted(set(values))
    if len(axis) == 1:
        return Position(name=name, value=own, excluded="CONSTANT")
    place = axis.index(own)
    return Position(
        name=name,
        value=own,
        values=len(axis),
        lowest=float(axis[0]),
        highest=float(axis[-1]),
        is_on_edge=own in {axis[0], axis[-1]},
        below=_find_cliff(grid, name, axis[place::-1], threshold),
        above=_find_cliff(grid, name, axis[place:], threshold),
    )


def _find_cliff(grid: _Grid, name: str, way: Sequence[Any], threshold: float | None) -> Cliff | None:
    """Return the first known trial on a way from the best one that is beyond the threshold."""
    if threshold is None:
        return None
    for steps, value in enumerate(way[1:], 1):
        objective = grid.at(name, value)
        if objective is not None and grid.sign * objective < grid.sign * threshold:
            distance = min(abs(float(value) - float(way[0])), sys.float_info.max)
            return Cliff(steps, distance, float(value), objective)
    return None


def _look_around(grid: _Grid, numeric: Sequence[tuple[Position, Sequence[Any]]]) -> Neighbourhood:
    steps = [(each.name, value) for each, values in numeric for value in _next_to(each.value, values)]
    known = [found for step in steps if (found := grid.at(*step)) is not None]
    if not known:
        return Neighbourhood(len(steps), 0)
    objectives = np.array(known)
    [mean], [median] = (
        aggregate(np.zeros(len(known), np.intp), objectives, 1, figure)[0].tolist()
        for figure in (Statistic.MEAN, Statistic.MEDIAN)
    )
    worst = min(known, key=lambda each: grid.sign * each)
    return Neighbourhood(len(steps), len(known), mean, median, worst, _ratio(grid, mean))


def _next_to(own: Any, values: Sequence[Any]) -> list[Any]:
    """Return the next lower and the next higher value, where there are any."""
    axis = sorted(set(values))
    place = axis.index(own)
    return axis[max(0, place - 1) : place] + axis[place + 1 : place + 2]


def _ratio(grid: _Grid, mean: float) -> float | None:
    if grid.objective is None or grid.objective <= 0 or grid.sign < 0:
        return None
    ratio = mean / grid.objective
    return ratio if math.isfinite(ratio) else None
