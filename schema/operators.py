"""Conditions on one value."""

import math
from datetime import date
from enum import Enum
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.utils.str_converters import to_camel_case

from resolvers.errors import BadUserInput
from schema.scalars import DateTime

MOST_CONDITIONS = 500
MOST_NESTED = 50
"""How many levels of and, or and not: each is several calls deep in what writes SQL."""
NESTING = frozenset({"and", "or", "not"})

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


def read_conditions(given: Any) -> dict[str, Any]:
    """Return what was said in a filter as nested data: names in snake case, enums as their values.

    Raises:
        BadUserInput: an operand is null, no finite number or holds a null character; or the filter is too large.
    """
    if given is None or given is UNSET:
        return {}
    conditions = _read_object(given, ("filter",))
    if _count(conditions) > MOST_CONDITIONS:
        raise BadUserInput(f"filter has more than {MOST_CONDITIONS} conditions; `in` takes many values.")
    return conditions


def _read_object(given: Any, path: tuple[str, ...]) -> dict[str, Any]:
    if sum(name in NESTING for name in path) > MOST_NESTED:
        raise BadUserInput(f"filter nests and, or and not more than {MOST_NESTED} levels deep.")
    said = {name.rstrip("_"): value for name, value in vars(given).items() if value is not UNSET}
    return {name: _read(value, (*path, to_camel_case(name))) for name, value in said.items()}


def _read(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, list):
        return [_read(each, (*path, str(index))) for index, each in enumerate(value)]
    if isinstance(value, Enum):
        return value.value
    if hasattr(value, "__strawberry_definition__"):
        return _read_object(value, path)
    problem = _problem(value)
    if problem:
        raise BadUserInput(f"{'.'.join(path)} {problem}")
    return value


def _problem(operand: Any) -> str | None:
    """Return why nothing can be compared with an operand, if so."""
    if operand is None:
        return "is null: leave it out, or ask for nulls with isNull."
    if isinstance(operand, float) and not math.isfinite(operand):
        return "is not a finite number."
    if isinstance(operand, str) and "\x00" in operand:
        return "holds a null character, which no stored text has."
    return None


def _count(said: Any) -> int:
    """Return how many conditions there are; an empty object is one, too."""
    if isinstance(said, dict):
        return (
            sum(_count(value) for name, value in said.items() if name not in {"name", "case_sensitive", "basis"}) or 1
        )
    return sum(map(_count, said)) if isinstance(said, list) and said and isinstance(said[0], dict) else 1
