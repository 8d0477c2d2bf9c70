"""Each weight belongs to a field, and each list of objects has a weight."""

from graphql import GraphQLInterfaceType, GraphQLObjectType

from schema.limits.weights import FREE, LIST, WEIGHTS, is_list, weight_of
from schema.schema import schema

OBJECTS = [
    kind for kind in schema._schema.type_map.values() if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
]
FIELDS = {f"{kind.name}.{name}": (kind, name, field) for kind in OBJECTS for name, field in kind.fields.items()}


def test_each_weight_belongs_to_a_field() -> None:
    assert set(WEIGHTS).issubset(FIELDS)
    assert FREE.issubset(schema._schema.type_map)


def test_each_list_of_objects_has_a_size() -> None:
    lists = {name: weight_of(*where) for name, where in FIELDS.items() if is_list(where[2])}
    assert len(lists) > 30
    assert [name for name, weight in lists.items() if weight is LIST] == []
