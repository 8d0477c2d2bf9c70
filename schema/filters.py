"""Conditions on runs and on trades."""

from typing import Annotated, Any, Optional

import strawberry

from schema.enums import BacktestStatus, Direction
from schema.metrics import MetricsFilter
from schema.operators import (
    MOST_CONDITIONS,
    MOST_NESTED,
    DateFilter,
    DateTimeFilter,
    FloatFilter,
    IdFilter,
    StringFilter,
)

_UNSAID: Any = strawberry.UNSET


def _condition(description: str, *, name: str | None = None) -> Any:
    return strawberry.field(description=description, name=name, default=_UNSAID)


@strawberry.input(description="Conditions on the status; all that are given hold together.")
class StatusFilter:
    """Conditions on the status."""

    eq: BacktestStatus | None = _condition("Equal to this.")
    in_: list[BacktestStatus] | None = _condition("One of these; an empty list matches nothing.", name="in")


@strawberry.input(description="Conditions on tags; all that are given hold together.")
class TagsFilter:
    """Conditions on tags."""

    has_all: list[str] | None = _condition("Has each of these tags.")
    has_any: list[str] | None = _condition("Has at least one of these tags.")
    has_none: list[str] | None = _condition("Has none of these tags.")


@strawberry.input(
    description=(
        "A condition on one parameter: a name and exactly one of number, string, boolean and exists. "
        "A value of another type matches no comparison, but `ne`, `notIn` and `isNull: true`."
    )
)
class ParameterFilter:
    """A condition on one parameter."""

    name: str = strawberry.field(
        description='A key of parameters, or a path with dots such as "risk.stop"; in a list, a position from 0.'
    )
    number: FloatFilter | None = _condition("The value is a number for which this holds; 10 and 10.0 are equal.")
    string: StringFilter | None = _condition("The value is a text for which this holds.")
    boolean: bool | None = _condition("The value is true, or false.")
    exists: bool | None = _condition("Whether there is such a parameter; one that is null exists.")


@strawberry.input(
    description=(
        "Conditions on runs: all of one object hold together, and / or / not nest, {} matches everything. "
        "An operand that is null is an error; isNull asks for null. "
        f"At most {MOST_CONDITIONS} conditions, and / or / not at most {MOST_NESTED} levels deep."
    )
)
class BacktestFilter:
    """Conditions on runs."""

    and_: list["BacktestFilter"] | None = _condition("All of these hold; an empty list holds.", name="and")
    or_: list["BacktestFilter"] | None = _condition("At least one of these holds; an empty list does not.", name="or")
    not_: Optional["BacktestFilter"] = _condition("This does not hold: exactly the other runs.", name="not")
    id: IdFilter | None = _condition("On the id.")
    symbol: StringFilter | None = _condition("On the symbol.")
    strategy: StringFilter | None = _condition("On the name of the strategy.")
    status: StatusFilter | None = _condition("On the status.")
    engine: StringFilter | None = _condition("On the engine.")
    study: StringFilter | None = _condition("On the study, whose upper and lower case differ unless told.")
    notes: StringFilter | None = _condition("On the notes.")
    created_at: DateTimeFilter | None = _condition("On the instant the run was made.")
    start_date: DateFilter | None = _condition("On the first day of the tested period.")
    end_date: DateFilter | None = _condition("On the last day of the tested period.")
    tags: TagsFilter | None = _condition("On the tags.")
    metrics: MetricsFilter | None = _condition("On the metrics.")
    parameters: list[ParameterFilter] | None = _condition("On parameters of the strategy; all hold together.")


Filter = Annotated[BacktestFilter | None, strawberry.argument(description="Only these runs. All unless told.")]


@strawberry.input(description="Conditions on trades; all that are given hold together.")
class TradeFilter:
    """Conditions on trades."""

    direction: Direction | None = _condition("Long or short.")
    pnl: FloatFilter | None = _condition("On profit or loss, in the run's currency.")
    pnl_percent: FloatFilter | None = _condition("On profit or loss as a fraction of the position.")
    entry_time: DateTimeFilter | None = _condition("On the instant of the entry.")
    exit_time: DateTimeFilter | None = _condition("On the instant of the exit; an open trade matches none.")
    is_open: bool | None = _condition("true: no exit yet. false: closed.")
    exit_reason: StringFilter | None = _condition("On the reason of the exit.")
