"""Columns of scalars and enums."""

from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

import numpy as np
from graphql import GraphQLEnumType, GraphQLScalarType, Undefined

from resolvers.importers.times import NOT_A_TIME, read_iso_times

Leaf = GraphQLScalarType | GraphQLEnumType
Column = Sequence[Any]
Coerce = Callable[[Column, int], Column]
"""Coerces a column that stands so many objects deep; raises Unusual where any value is not plainly valid."""


class Unusual(Exception):
    """A value that graphql-core has to look at itself."""


def compile_leaf(leaf: Leaf, *, nullable: bool) -> Coerce:
    """Return what coerces a column of one scalar or enum."""
    if leaf.name == "JSON":
        return _any_json if nullable else _refusing_null(_any_json)
    nulls = {NoneType} if nullable else set()
    if isinstance(leaf, GraphQLEnumType):
        return _words(leaf, nulls | {str})
    if leaf.name in _KNOWN:
        kind, compiled = _KNOWN[leaf.name]
        return compiled(leaf, nulls | {kind})
    return _one_by_one(leaf, nullable=nullable)


def _any_json(column: Column, _depth: int) -> Column:
    return column


def _refusing_null(coerce: Coerce) -> Coerce:
    def refuse(column: Column, depth: int) -> Column:
        if NoneType in set(map(type, column)):
            raise Unusual
        return coerce(column, depth)

    return refuse


def _one_by_one(leaf: Leaf, *, nullable: bool) -> Coerce:
    """Coerce each value by itself, in the leaf's own way."""
    coerce_value = leaf.coerce_input_value

    def coerce(column: Column, _depth: int) -> Column:
        try:
            values = [value if value is None else coerce_value(value) for value in column]
        except Exception as error:
            raise Unusual from error
        if any(value is Undefined for value in values):
            raise Unusual
        return values

    return coerce if nullable else _refusing_null(coerce)


def _unchanged(leaf: Leaf, plain: set[type]) -> Coerce:
    """Leave values of these types as they are."""
    others = _one_by_one(leaf, nullable=NoneType in plain)

    def coerce(column: Column, depth: int) -> Column:
        return column if set(map(type, column)) <= plain else others(column, depth)

    return coerce


def _floats(leaf: Leaf, plain: set[type]) -> Coerce:
    others = _one_by_one(leaf, nullable=NoneType in plain)

    def coerce(column: Column, depth: int) -> Column:
        kinds = set(map(type, column))
        if kinds <= plain:
            return column
        if not kinds <= plain | {int}:
            return others(column, depth)
        try:
            return [float(value) if type(value) is int else value for value in column]
        except OverflowError:
            return others(column, depth)

    return coerce


def _words(leaf: GraphQLEnumType, plain: set[type]) -> Coerce:
    words: dict[Any, Any] = {name: leaf.coerce_input_value(name) for name in leaf.values}
    words |= {None: None} if NoneType in plain else {}

    def coerce(column: Column, _depth: int) -> Column:
        if not set(map(type, column)) <= plain:
            raise Unusual
        try:
            return [words[value] for value in column]
        except KeyError as error:
            raise Unusual from error

    return coerce


def _times(leaf: Leaf, plain: set[type]) -> Coerce:
    """Read times in ISO's spelling all at once; each of another spelling by itself, as it may mean two days."""
    others = _one_by_one(leaf, nullable=NoneType in plain)

    def coerce(column: Column, depth: int) -> Column:
        if not set(map(type, column)) <= plain:
            return others(column, depth)
        times = read_iso_times(column)
        values: list[Any] = times.tolist()
        for position in np.flatnonzero(times == NOT_A_TIME).tolist():
            [values[position]] = others([column[position]], depth)
        return values

    return coerce


_KNOWN: dict[str, tuple[type, Callable[[Leaf, set[type]], Coerce]]] = {
    "ID": (str, _unchanged),
    "String": (str, _unchanged),
    "Boolean": (bool, _unchanged),
    "Float": (float, _floats),
    "DateTime": (str, _times),
}
"""For scalars by their names: the type of what is plainly one, and what coerces a column of those."""
