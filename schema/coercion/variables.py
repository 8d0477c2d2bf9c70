"""The variables of an operation."""

from collections.abc import Collection, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from graphql import GraphQLError, GraphQLSchema, Undefined, VariableDefinitionNode, is_non_null_type
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource

from schema.coercion.leaves import Unusual
from schema.coercion.objects import Coercers

_COERCERS: WeakKeyDictionary[GraphQLSchema, Coercers] = WeakKeyDictionary()


def coerce_variables(
    schema: GraphQLSchema, definitions: Collection[VariableDefinitionNode], given: Mapping[str, Any]
) -> VariableValues | None:
    """Return what graphql-core's get_variable_values would, None where anything is unusual: then it has to be asked.

    Input objects come as the finished objects of Strawberry, which leaves them as they are.
    """
    try:
        return _coerce(schema, definitions, given)
    except (Unusual, RecursionError):
        return None


def _coerce(
    schema: GraphQLSchema, definitions: Collection[VariableDefinitionNode], given: Mapping[str, Any]
) -> VariableValues:
    coercers = _COERCERS.setdefault(schema, Coercers())
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for definition in definitions:
        signature = get_variable_signature(schema, definition)
        if isinstance(signature, GraphQLError):
            raise Unusual
        name, value = signature.name, given.get(signature.name, Undefined)
        sources[name] = VariableValueSource(signature, value)
        if value is not Undefined:
            [coerced[name]] = coercers.of_variable(signature.type)([value], 0)
        elif signature.default is not None or is_non_null_type(signature.type):
            raise Unusual
    return VariableValues(sources, coerced)
