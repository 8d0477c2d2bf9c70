"""How many values the variables of an operation have, those of saves left out.

A list of conditions or ids is taken apart on the event loop, some 5 to 20 microseconds a value, before anybody could
say that there are too many. What is saved has limits of its own, by what it is.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import (
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    OperationDefinitionNode,
    TypeNode,
    get_named_type,
)

from schema.coercion.counting import count_inside

SAVED = frozenset({"JSON", "Floats", "DateTimes"})
"""Scalars of what is saved: an input type that reaches one of them is no question."""


def count_values(
    schema: GraphQLSchema, operation: OperationDefinitionNode | None, variables: Mapping[str, Any], limit: int
) -> int:
    """Return how many values there are, or some number above the limit: no more of them are counted."""
    found = 0
    for definition in operation.variable_definitions or () if operation else ():
        value = variables.get(definition.variable.name.value)
        if isinstance(value, list | dict) and not _is_saved(schema.type_map[_name(definition.type)]):
            found += count_inside(value, limit - found)
            if found > limit:
                break
    return found


def _name(kind: TypeNode) -> str:
    while not hasattr(kind, "name"):
        kind = kind.type  # type: ignore[attr-defined]  # a list, or what is not null
    name: str = kind.name.value
    return name


@cache
def _is_saved(kind: GraphQLNamedType) -> bool:
    """Tell whether an input type reaches a scalar of what is saved."""
    seen, waiting = {kind.name}, [kind]
    while waiting:
        each = waiting.pop()
        if each.name in SAVED:
            return True
        if isinstance(each, GraphQLInputObjectType):
            inside = [get_named_type(field.type) for field in each.fields.values()]
            waiting += [one for one in inside if one.name not in seen]
            seen |= {one.name for one in inside}
    return False
