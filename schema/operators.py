"""Conditions on one value."""

import math
from datetime import date
from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET

from resolvers.errors import BadUserInput
from schema.scalars import DateTime

_UNSAID: Any = UNSET


def _operator(description: str, *, name: str | None = None) -> Any:
    return strawberry.field(description=description, name=name, default=_UNSAID)


_EQ = "Equal to this."
_NE = "Not equal to this; a null is not equal to anything."
_IN = "One of these; an empty list matches nothing."
_NOT_IN = "None of these; a null is none of them."
_GT, _GTE, _LT, _LTE = "Greater than this.", "At least this.", "Less than this.", "At most this."
_NULL = "true: is null. false: is not null."


@strawberry.input(description="Conditions on an id; all that are given hold together.")
class IdFilter:
    """Conditions on an id."""

    eq: strawberry.ID | None = _operator(_EQ)
    in_: list[strawberry.ID] | None = _operator(_IN, name="in")
    not_in: list[strawberry.ID] | None = _operator(_NOT_IN)


@strawberry.input(description="Conditions on a text; all that are given hold together.")
class StringFilter:
    """Conditions on a text."""

    eq: str | None = _operator(_EQ)
    ne: str | None = _operator(_NE)
    in_: list[str] | None = _operator(_IN, name="in")
    not_in: list[str] | None = _operator(_NOT_IN)
    contains: str | None = _operator("Has this somewhere in it; %, _ and \\ mean themselves.")
    starts_with: str | None = _operator("Starts with this; %, _ and \\ mean themselves.")
    is_null: bool | None = _operator(_NULL)
    case_sensitive: bool = strawberry.field(
        description="Whether a and A are different, in all conditions of this object.", default=True
    )


@strawberry.input(description="Conditions on a number; all that are given hold together.")
class FloatFilter:
    """Conditions on a number."""

    eq: float | None = _operator(_EQ)
    ne: float | None = _operator(_NE)
    gt: float | None = _operator(_GT)
    gte: float | None = _operator(_GTE)
    lt: float | None = _operator(_LT)
    lte: float | None = _operator(_LTE)
    is_null: bool | None = _operator(_NULL)


@strawberry.input(description="Conditions on a whole number; all that are given hold together.")
class IntFilter:
    """Conditions on a whole number."""

    eq: int | None = _operator(_EQ)
    ne: int | None = _operator(_NE)
    gt: int | None = _operator(_GT)
    gte: int | None = _operator(_GTE)
    lt: int | None = _operator(_LT)
    lte: int | None = _operator(_LTE)
    in_: list[int] | None = _operator(_IN, name="in")
    is_null: bool | None = _operator(_NULL)


@strawberry.input(description="Conditions on a day; all that are given hold together.")
class DateFilter:
    """Conditions on a day."""

    eq: date | None = _operator(_EQ)
    gt: date | None = _operator("Later than this.")
    gte: date | None = _operator("This day or later.")
    lt: date | None = _operator("Earlier than this.")
    lte: date | None = _operator("This day or earlier.")


@strawberry.input(description="Conditions on an instant; all that are given hold together.")
class DateTimeFilter:
    """Conditions on an instant."""

    gt: DateTime | None = _operator("Later than this.")
    gte: DateTime | None = _operator("At this instant or later.")
    lt: DateTime | None = _operator("Earlier than this.")
    lte: DateTime | None = _operator("At this instant or earlier.")


def read_conditions(given: Any, path: str = "filter") -> dict[str, Any]:
    """Return what was said in a filter as nested data: names in snake case, enums as their values.

    Raises:
        BadUserInput: an operand is null or NaN.
    """
    if given is None or given is UNSET:
        return {}
    said = {name: value for name, value in vars(given).items() if value is not UNSET}
    return {name.rstrip("_"): _read(value, f"{path}.{name.rstrip('_')}") for name, value in said.items()}


def _read(value: Any, path: str) -> Any:
    if value is None:
        raise BadUserInput(f"{path} is null: leave it out, or ask for nulls with isNull.")
    if isinstance(value, list):
        return [_read(each, f"{path}.{index}") for index, each in enumerate(value)]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, float) and math.isnan(value):
        raise BadUserInput(f"{path} is not a number.")
    if isinstance(value, str) and "\x00" in value:
        raise BadUserInput(f"{path} holds a null character, which no stored text has.")
    return read_conditions(value, path) if hasattr(value, "__strawberry_definition__") else value
