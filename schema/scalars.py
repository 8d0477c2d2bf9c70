"""The scalars of the API."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NewType

import numpy as np
import orjson
import strawberry
from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLFloat,
    GraphQLScalarType,
    IntValueNode,
    ValueNode,
    value_from_ast_untyped,
)
from numpy.typing import NDArray
from strawberry.types.scalar import ScalarDefinition

from resolvers.importers.numbers import NumberError, Numbers, parse_numbers
from resolvers.importers.times import TimeError, parse_date, parse_time, parse_times
from schema.bulk.leaves import Complete
from schema.bulk.objects import Column, Unusual

DateTime = NewType("DateTime", int)
"""An instant: microseconds since 1970-01-01 UTC."""

Floats = NewType("Floats", Numbers)
"""In: a column of numbers. Out: a float64 array, in which NaN is null."""

DateTimes = NewType("DateTimes", np.ndarray[tuple[int, ...], np.dtype[np.int64]])
"""Instants in int64 microseconds since 1970-01-01 UTC; out as datetime64, which the JSON encoder writes."""

JSON = NewType("JSON", object)

_UTC = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_1 = -62_135_596_800_000_000
_LAST_ENCODED = 253_402_207_200_000_000
"""9999-12-30T22:00:00Z, behind which the JSON encoder refuses numpy's times."""


def write_time(microseconds: int) -> str:
    """Return an instant as RFC 3339 in UTC, such as 2024-01-31T09:30:00Z."""
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat().replace("+00:00", "Z")


def _write_times(times: NDArray[np.int64]) -> Any:
    """Return instants as the JSON encoder takes them: numpy's times, but for the last hours that there are."""
    if len(times) and times.max() > _LAST_ENCODED:
        return [write_time(time) for time in times.tolist()]
    return times.view("datetime64[us]")


def _parse_time(given: object) -> DateTime:
    try:
        return DateTime(parse_time(given))
    except TimeError as error:
        raise GraphQLError(f"DateTime: {error}") from error


def _parse_date(given: object) -> date:
    try:
        return parse_date(given)
    except TimeError as error:
        raise GraphQLError(f"Date: {error}") from error


def _parse_times(given: object) -> NDArray[np.int64]:
    try:
        return parse_times(_list(given, "DateTimes"))
    except TimeError as error:
        raise GraphQLError(f"DateTimes: value {error.index}: {error}") from error


def _parse_numbers(given: object) -> Numbers:
    try:
        return parse_numbers(_list(given, "Floats"))
    except NumberError as error:
        raise GraphQLError(f"Floats: value {error.index}: {error}") from error


def _parse_times_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> NDArray[np.int64]:
    return _parse_times(value_from_ast_untyped(node, variables))


def _parse_numbers_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Numbers:
    return _parse_numbers(value_from_ast_untyped(node, variables))


def _list(given: object, name: str) -> Sequence[object]:
    if not isinstance(given, list):
        raise GraphQLError(f"{name} must be a list.")
    return given


def _parse_float(given: object) -> float:
    """Take a number, infinite and NaN ones too: saving turns those to null with a warning instead of refusing a run."""
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise GraphQLError(f"Float cannot represent non numeric value: {str(given)[:40]!r}")
    try:
        return float(given)
    except OverflowError:
        return float("inf") if given > 0 else float("-inf")


def _parse_float_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> float:
    if not isinstance(node, FloatValueNode | IntValueNode):
        raise GraphQLError("Float cannot represent non numeric value.", node)
    return float(node.value)


def _lenient_float() -> ScalarDefinition:
    """Return GraphQL's own Float, but for input that is not finite.

    graphql-core guards the names of the built-in scalars against a second definition, so the object is made around
    that guard.
    """
    made = object.__new__(GraphQLScalarType)
    made.__init__(  # type: ignore[misc]
        name="Float",
        description=GraphQLFloat.description,
        serialize=GraphQLFloat.serialize,
        parse_value=_parse_float,
        parse_literal=_parse_float_literal,
        value_to_literal=GraphQLFloat.value_to_literal,
    )
    return replace(strawberry.scalar(name="Float"), implementation=made, origin=made)


SCALARS: dict[object, ScalarDefinition] = {
    float: _lenient_float(),
    date: strawberry.scalar(
        name="Date",
        description="A calendar day, such as 2024-01-31; of a time, the day in UTC is taken.",
        specified_by_url="https://scalars.graphql.org/andimarek/local-date",
        serialize=date.isoformat,
        parse_value=_parse_date,
    ),
    DateTime: strawberry.scalar(
        name="DateTime",
        description="An instant in UTC by RFC 3339, such as 2024-01-31T09:30:00Z; input without an offset is UTC.",
        specified_by_url="https://scalars.graphql.org/andimarek/date-time",
        serialize=write_time,
        parse_value=_parse_time,
    ),
    Floats: strawberry.scalar(
        name="Floats",
        description="A list of numbers as one value: [1.5, null, 2]. Checked in one pass; null where undefined.",
        parse_value=_parse_numbers,
        parse_literal=_parse_numbers_literal,
    ),
    DateTimes: strawberry.scalar(
        name="DateTimes",
        description=(
            "A list of RFC 3339 UTC times as one value; input also takes dates and whatever pandas.to_datetime takes."
        ),
        serialize=_write_times,
        parse_value=_parse_times,
        parse_literal=_parse_times_literal,
    ),
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value.",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc8259",
        serialize=lambda value: value,
        parse_value=lambda value: value,
    ),
}


def _times(values: Column, kinds: set[type]) -> Column:
    """Return instants as `write_time` does, but 30 times faster: the JSON encoder knows numpy's times."""
    if not kinds <= {int} or min(values, default=0) < _YEAR_1:  # the encoder knows a year 0, Python does not
        raise Unusual
    times = np.fromiter(values, np.int64, len(values)).view("datetime64[us]")
    written: Column = orjson.loads(orjson.dumps(times, option=_UTC))
    return written


def _dates(values: Column, kinds: set[type]) -> Column:
    """Return days as they are: the JSON encoder writes them by ISO 8601."""
    if not kinds <= {date}:
        raise Unusual
    return values


COLUMNS: dict[str, Complete] = {
    "DateTime": _times,
    "Date": _dates,
    "JSON": lambda values, _: values,
    "Floats": lambda values, _: values,
}
"""What completes whole columns of scalars."""
