"""The objective of an optimization over its parameters."""

import asyncio
from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any

import strawberry

from resolvers import grids
from resolvers.errors import BadUserInput
from schema.context import Info
from schema.enums import word
from schema.scalars import JSON, Floats

X = Annotated[str, strawberry.argument(description="Name of the parameter that the columns are values of.")]
Y = Annotated[
    str | None,
    strawberry.argument(description="Name of the parameter that the rows are values of. A curve over x without it."),
]


@strawberry.enum(description="What becomes of the trials that have the same x and y.")
class SurfaceStatistic(Enum):
    """What becomes of the trials that have the same x and y."""

    MEAN = word("MEAN", "Arithmetic mean of their objectives.")
    MEDIAN = word("MEDIAN", "Median of their objectives.")
    MIN = word("MIN", "The lowest objective.")
    MAX = word("MAX", "The highest objective.")
    COUNT = word("COUNT", "How many have an objective.")
    BEST = word("BEST", "The best objective: the lowest where lower is better, else the highest.")


StatisticArgument = Annotated[
    SurfaceStatistic, strawberry.argument(description="How the trials with the same x and y are aggregated.")
]


@strawberry.type(
    description=(
        "The objective over one or two parameters: objectiveValue or, where none was saved, the trial's metric of the "
        "objective's name, in its unit. At most 10000 cells."
    )
)
class Surface:
    """The objective over one or two parameters."""

    objective: str = strawberry.field(description="What was optimized, as given.")
    higher_is_better: bool = strawberry.field(
        description=(
            "Whether the highest objective is the best one: by the metric it names or, where that is none of ours, by "
            "what the trial with the best rank has."
        )
    )
    x: str = strawberry.field(description="Name of the parameter of the columns.")
    y: str | None = strawberry.field(description="Name of the parameter of the rows. Null for a curve.")
    statistic: SurfaceStatistic = strawberry.field(description="What the values are of the trials of a cell.")
    x_values: list[JSON] = strawberry.field(
        description="The different values of x: numbers by their size, then others as text."
    )
    y_values: list[JSON] = strawberry.field(description="Those of y in the same order. Empty for a curve.")
    values: list[Floats] = strawberry.field(
        description=(
            "A row for each value of y, or one for a curve, with a value for each of x. Null where no trial has an "
            "objective; 0 there for COUNT."
        )
    )
    counts: list[list[int]] = strawberry.field(description="How many trials each value is made of, as values.")
    trials: int = strawberry.field(description="How many trials the values are made of.")
    omitted: int = strawberry.field(
        description="Saved trials that are not in them: without a value of x or y (or with null), or of the objective."
    )


async def load_grids(info: Info, sweeps: Sequence[Any]) -> list[grids.Grid]:
    """Return the grids of optimizations, which are loaded once in a request."""
    keys = [(row["backtest_id"], row["id"]) for row in sweeps]
    trials = await asyncio.gather(*(info.context.load(grids.load_trials_of_sweeps, key) for key in keys))
    return [grids.read_grid(row, rows) for row, rows in zip(sweeps, trials, strict=True)]


async def answer_surfaces(
    info: Info, sweeps: Sequence[Any], x: str, y: str | None, statistic: SurfaceStatistic
) -> Sequence[Any]:
    """Return a surface for each optimization, or the error of one that has no such parameter."""
    found: list[Surface | BadUserInput] = []
    for row, grid in zip(sweeps, await load_grids(info, sweeps), strict=True):
        try:
            surface = await grids.find_surface(grid, x, y, statistic.value)
        except BadUserInput as error:
            found.append(error)
        else:
            found.append(_read(row["objective"], grid, surface, x, y, statistic))
    return found


def _read(
    objective: str, grid: grids.Grid, found: grids.Surface, x: str, y: str | None, statistic: SurfaceStatistic
) -> Surface:
    return Surface(
        objective=objective,
        higher_is_better=grid.higher_is_better,
        x=x,
        y=y,
        statistic=statistic,
        x_values=found.x_values,
        y_values=found.y_values,
        values=list(found.values),
        counts=found.counts.tolist(),
        trials=len(grid.trials) - found.left_out,
        omitted=found.left_out,
    )
