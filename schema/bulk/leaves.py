"""Columns of scalars and enums, completed at once."""

import math
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)

from schema.bulk.objects import Column, Unusual

Kinds = set[type]
Complete = Callable[[Column, Kinds], Column]
"""Gives the completed values of a column without nulls; told the types in it."""

LARGEST = 2**31 - 1


def leaf_column(
    leaf: GraphQLLeafType, special: Mapping[str, Complete], *, nullable: bool
) -> Callable[[Column], Column]:
    """Return what completes a column of a leaf type; `special` has that of scalars by their names.

    Raises, when called:
        Unusual: graphql-core has to see a value of the column. So does whatever serializing a value raises.
    """
    complete = special.get(leaf.name) or _of(leaf)

    def column(values: Column) -> Column:
        kinds = set(map(type, values))
        if NoneType not in kinds:
            return complete(values, kinds)
        if not nullable:
            raise Unusual
        kinds.discard(NoneType)
        known = [value for value in values if value is not None]
        done = complete(known, kinds)
        if done is known:
            return values
        rest = iter(done)
        return [None if value is None else next(rest) for value in values]

    return column


def _of(leaf: GraphQLLeafType) -> Complete:
    if isinstance(leaf, GraphQLEnumType):
        return _enum(leaf)
    for known, complete in _KNOWN:
        if leaf.coerce_output_value is known.coerce_output_value:
            return complete
    return _each(leaf.coerce_output_value)


def _each(coerce: Callable[[Any], Any]) -> Complete:
    def complete(values: Column, kinds: Kinds) -> Column:
        if any(issubclass(kind, Exception) or hasattr(kind, "__await__") for kind in kinds):
            raise Unusual
        done = [coerce(value) for value in values]
        if any(value is None or value is Undefined for value in done):
            raise Unusual
        return done

    return complete


def _enum(enum: GraphQLEnumType) -> Complete:
    names = {value.value: name for name, value in enum.values.items()}
    members = getattr(enum, "wrapped_cls", None)
    each = _each(enum.coerce_output_value)

    def complete(values: Column, kinds: Kinds) -> Column:
        if kinds <= {str}:
            return [names[value] for value in values]
        if kinds == {members}:
            return [names[value.value] for value in values]
        return each(values, kinds)

    return complete


def _floats(values: Column, kinds: Kinds) -> Column:
    # A sum is finite where each value is, but for an overflow, which graphql-core then finds to be none.
    if not (kinds <= {float} and math.isfinite(sum(values))):
        raise Unusual
    return values


def _ints(values: Column, kinds: Kinds) -> Column:
    if not kinds <= {int} or (values and not -LARGEST <= min(values) <= max(values) <= LARGEST):
        raise Unusual
    return values


def _same(kind: type) -> Complete:
    def complete(values: Column, kinds: Kinds) -> Column:
        if not kinds <= {kind}:
            raise Unusual
        return values

    return complete


def _ids(values: Column, kinds: Kinds) -> Column:
    if kinds <= {str}:
        return values
    if any(kind.__module__ == "builtins" for kind in kinds):
        raise Unusual
    return list(map(str, values))


_KNOWN = (
    (GraphQLString, _same(str)),
    (GraphQLFloat, _floats),
    (GraphQLInt, _ints),
    (GraphQLBoolean, _same(bool)),
    (GraphQLID, _ids),
)
