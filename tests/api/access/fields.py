"""An operation for each root field, made from the schema."""

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    get_named_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)

from schema.schema import schema
from schema.scopes import read_scopes

FIELDS = [(root, name, scope) for root, fields in read_scopes(schema._schema).items() for name, scope in fields.items()]
"""The root type, the name and the scope of each root field."""
_LITERALS = {"Int": "1", "Float": "1.0", "Boolean": "true"}


def operation_for(root: str, name: str) -> str:
    """Return an operation that asks for one root field with no more than it requires."""
    kind = schema._schema.type_map[root]
    assert isinstance(kind, GraphQLObjectType)
    field = kind.fields[name]
    given = {key: each.type for key, each in field.args.items() if is_required_argument(each)}
    arguments = f"({_write(given)})" if given else ""
    selection = "" if is_leaf_type(get_named_type(field.type)) else " { __typename }"
    return f"{root.lower()} {{ {name}{arguments}{selection} }}"


def _write(given: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {_literal(kind)}" for name, kind in given.items())


def _literal(kind: Any) -> str:
    if is_non_null_type(kind):
        kind = kind.of_type
    if is_list_type(kind):
        return f"[{_literal(kind.of_type)}]"
    if isinstance(kind, GraphQLInputObjectType):
        return (
            "{" + _write({key: each.type for key, each in kind.fields.items() if is_required_input_field(each)}) + "}"
        )
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    return _LITERALS.get(str(kind), '"2024-01-01"')
