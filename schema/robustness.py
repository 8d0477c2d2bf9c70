"""Whether the best trial of an optimization stands on firm ground."""

from collections.abc import Sequence
from dataclasses import asdict
from enum import Enum
from typing import Annotated, Any

import strawberry

from resolvers import grids
from resolvers.statistics import robustness as answers
from schema.context import Info
from schema.enums import word
from schema.scalars import JSON
from schema.surfaces import load_grids

Drop = Annotated[
    float,
    strawberry.argument(
        description=(
            "A cliff begins where the objective is worse than the best one by more than this share of its size, above "
            "0: with 0.5 below half of a best one above 0, and below 1.5 times a best one below 0."
        )
    ),
]


@strawberry.enum(description="Why nothing is said of a parameter.")
class ParameterExclusion(Enum):
    """Why nothing is said of a parameter."""

    CATEGORICAL = word("CATEGORICAL", "Some trial has something else than a number, or nothing.")
    CONSTANT = word("CONSTANT", "All trials have the same value.")


@strawberry.type(
    description="The first known trial on a way from the best one, along one parameter, that is beyond the threshold."
)
class Cliff:
    """The first trial that is much worse."""

    steps: int = strawberry.field(description="Steps of the grid from the best trial, 1 for its neighbour.")
    distance: float = strawberry.field(description="Distance from the best trial in the parameter's unit, above 0.")
    value: float = strawberry.field(description="Its value of the parameter.")
    objective: float = strawberry.field(description="Its objective.")


@strawberry.type(description="Where the best trial stands in one parameter.")
class ParameterRobustness:
    """Where the best trial stands in one parameter."""

    name: str = strawberry.field(description="Name of the parameter.")
    value: JSON | None = strawberry.field(description="The best trial's value. Null where it has none.")
    excluded: ParameterExclusion | None = strawberry.field(
        description="Why the rest is null: it is said of numbers that differ. Null where it is said."
    )
    values: int | None = strawberry.field(description="Different values of the saved trials. Null where excluded.")
    lowest: float | None = strawberry.field(description="Lowest value of the saved trials. Null where excluded.")
    highest: float | None = strawberry.field(description="Highest value of the saved trials. Null where excluded.")
    is_on_edge: bool | None = strawberry.field(
        description="Whether the best trial has the lowest or highest value: better may lie beyond. Null likewise."
    )
    cliff_below: Cliff | None = strawberry.field(
        description="The cliff towards lower values, all other parameters equal. Null where none is known."
    )
    cliff_above: Cliff | None = strawberry.field(
        description="The cliff towards higher values, all other parameters equal. Null where none is known."
    )


@strawberry.type(
    description="The trials one step of the grid away from the best one, in one parameter that is a number."
)
class Neighbourhood:
    """The trials around the best one."""

    possible: int = strawberry.field(description="How many the grid has room for.")
    known: int = strawberry.field(
        description="How many of them were saved with an objective; others were not tried, or not kept."
    )
    mean: float | None = strawberry.field(description="Mean of their objectives. Null where none is known.")
    median: float | None = strawberry.field(description="Median of their objectives. Null where none is known.")
    worst: float | None = strawberry.field(description="The worst of their objectives. Null where none is known.")
    ratio: float | None = strawberry.field(
        description=(
            "The mean over the best objective: near 1 is a plateau, near 0 a lonely peak. Null where lower is "
            "better, where the best one is not above 0, and where mean is null."
        )
    )


@strawberry.type(
    description=(
        "How the best trial stands among the saved ones. The grid has the values that these have: what was tried and "
        "not saved is not known, so an edge may be none."
    )
)
class Robustness:
    """How the best trial stands in its grid."""

    objective: str = strawberry.field(description="What was optimized, as given.")
    higher_is_better: bool = strawberry.field(description="Whether a higher objective is better, as of surface.")
    best_number: int = strawberry.field(description="Number of the trial with the best rank.")
    best_objective: float | None = strawberry.field(description="Its objective. Null where undefined.")
    is_on_edge: bool | None = strawberry.field(
        description="Whether it is on the edge of any parameter. Null where none has numbers that differ."
    )
    parameters: list[ParameterRobustness] = strawberry.field(description="Each parameter.")
    neighbourhood: Neighbourhood = strawberry.field(description="The trials around it.")
    cliff_threshold: float | None = strawberry.field(
        description="The objective beyond which a cliff begins. Null where the best objective is."
    )


async def answer_robustness(info: Info, sweeps: Sequence[Any], drop: float) -> Sequence[Robustness | None]:
    """Return how the best trial of each optimization stands, None for one without trials."""
    grids.check_drop(drop)
    found = await load_grids(info, sweeps)
    return [await _answer(row, grid, drop) for row, grid in zip(sweeps, found, strict=True)]


async def _answer(row: Any, grid: grids.Grid, drop: float) -> Robustness | None:
    said = await grids.find_robustness(grid, row["best_number"], drop)
    if said is None:
        return None
    edges = [each.is_on_edge for each in said.positions if each.is_on_edge is not None]
    return Robustness(
        objective=row["objective"],
        higher_is_better=grid.higher_is_better,
        best_number=row["best_number"],
        best_objective=said.objective,
        is_on_edge=any(edges) if edges else None,
        parameters=[_read(each) for each in said.positions],
        neighbourhood=Neighbourhood(**asdict(said.neighbourhood)),
        cliff_threshold=said.threshold,
    )


def _read(position: answers.Position) -> ParameterRobustness:
    return ParameterRobustness(
        name=position.name,
        value=position.value,
        excluded=None if position.excluded is None else ParameterExclusion(position.excluded),
        values=position.values,
        lowest=position.lowest,
        highest=position.highest,
        is_on_edge=position.is_on_edge,
        cliff_below=_read_cliff(position.below),
        cliff_above=_read_cliff(position.above),
    )


def _read_cliff(cliff: answers.Cliff | None) -> Cliff | None:
    return None if cliff is None else Cliff(**asdict(cliff))
