"""The rules of names, descriptions and connections that our schema keeps; each returns the places that break it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_introspection_type,
    is_specified_scalar_type,
)

CAMEL = re.compile(r"[a-z][a-zA-Z0-9]*")
PATTERNS = {"type": re.compile(r"[A-Z][a-zA-Z0-9]*"), "value": re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")}
FORWARD = {"first": "Int", "after": "String"}
BACKWARD = {"last": "Int", "before": "String"}
RELAY = {
    "Node.id": "ID!",
    "Query.node": "Node",
    "Query.node.id": "ID!",
    "PageInfo.hasNextPage": "Boolean!",
    "PageInfo.hasPreviousPage": "Boolean!",
    "PageInfo.startCursor": "String",
    "PageInfo.endCursor": "String",
}

Output = GraphQLObjectType | GraphQLInterfaceType


class Member(NamedTuple):
    """A type, field, argument, input field or enum value; typed is empty for the first and the last."""

    path: str
    kind: str
    typed: str
    description: str | None


def misnamed(schema: GraphQLSchema) -> list[str]:
    """Types that are not PascalCase, values that are not UPPER_CASE, and whatever else is not camelCase."""
    return [
        each.path
        for each in members(schema)
        if not PATTERNS.get(each.kind, CAMEL).fullmatch(each.path.rpartition(".")[2])
    ]


def undescribed(schema: GraphQLSchema) -> list[str]:
    """All that says nothing about itself."""
    return [each.path for each in members(schema) if not (each.description or "").strip()]


def misnamed_inputs(schema: GraphQLSchema) -> list[str]:
    """Input objects whose name does not say what they are for."""
    inputs = [one.name for one in types(schema) if isinstance(one, GraphQLInputObjectType)]
    return [name for name in inputs if not name.endswith(("Input", "Filter", "Order"))]


def irregular_mutations(schema: GraphQLSchema) -> list[str]:
    """Mutations without the one argument input (or inputs), or without a payload that has errors."""
    return [path for path, field in fields(schema) if path.startswith("Mutation.") and not _is_mutation(field)]


def misused_payloads(schema: GraphQLSchema) -> list[str]:
    """Fields other than mutations that give a payload."""
    paths = [path for path, field in fields(schema) if get_named_type(field.type).name.endswith("Payload")]
    return [path for path in paths if not path.startswith("Mutation.")]


def irregular_connections(schema: GraphQLSchema) -> list[str]:
    """Connections with their edges, and fields that give them, where they leave the Relay specification."""
    connections = [one for one in outputs(schema) if one.name.endswith("Connection")]
    giving = [(path, field) for path, field in fields(schema) if get_named_type(field.type) in connections]
    return [one.name for one in connections if not _is_connection(one)] + [
        path for path, field in giving if not _is_paged(field)
    ]


def irregular_nodes(schema: GraphQLSchema) -> list[str]:
    """What Relay needs to fetch a thing again: Node, node(id:), PageInfo, and connections of things that are nodes."""
    given = {each.path: each.typed for each in members(schema)}
    nodes = {one.name for one in outputs(schema) if "Node" in map(str, one.interfaces)}
    listed = {path: typed.rstrip("!") for path, typed in given.items() if path.endswith("Edge.node")}
    return [path for path, typed in RELAY.items() if given.get(path) != typed] + [
        path for path, typed in listed.items() if typed not in nodes
    ]


def types(schema: GraphQLSchema) -> list[GraphQLNamedType]:
    """The types of our own."""
    every = schema.type_map.values()
    return [one for one in every if not is_introspection_type(one) and not is_specified_scalar_type(one)]


def outputs(schema: GraphQLSchema) -> list[Output]:
    """The types with fields that can be asked for."""
    return [one for one in types(schema) if isinstance(one, Output)]


def fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    """Each field that can be asked for, with its path."""
    for one in outputs(schema):
        yield from ((f"{one}.{name}", field) for name, field in one.fields.items())


def members(schema: GraphQLSchema) -> Iterator[Member]:
    """All that has a name of its own."""
    for one in types(schema):
        yield Member(one.name, "type", "", one.description)
        if isinstance(one, GraphQLEnumType):
            for name, value in one.values.items():
                yield Member(f"{one}.{name}", "value", "", value.description)
        if isinstance(one, GraphQLInputObjectType):
            for name, part in one.fields.items():
                yield Member(f"{one}.{name}", "input", str(part.type), part.description)
    for path, field in fields(schema):
        yield Member(path, "field", str(field.type), field.description)
        for name, argument in field.args.items():
            yield Member(f"{path}.{name}", "argument", str(argument.type), argument.description)


def _is_mutation(field: GraphQLField) -> bool:
    taken = [f"{name}: {argument.type}" for name, argument in field.args.items()]
    payload = get_named_type(field.type)
    return (
        len(taken) == 1
        and re.fullmatch(r"input: \w+Input!|inputs: \[\w+Input!\]!", taken[0]) is not None
        and isinstance(payload, GraphQLObjectType)
        and payload.name.endswith("Payload")
        and str(field.type) == f"{payload}!"
        and _typed(payload).get("errors") == "[UserError!]!"
    )


def _is_connection(connection: Output) -> bool:
    given = _typed(connection)
    edge = get_named_type(connection.fields["edges"].type) if "edges" in given else None
    if not isinstance(edge, GraphQLObjectType):
        return False
    parts = _typed(edge)
    wanted = {"edges": f"[{connection.name.removesuffix('Connection')}Edge!]!", "nodes": f"[{parts.get('node')}]!"}
    wanted |= {"pageInfo": "PageInfo!", "totalCount": "Int!"}
    return wanted.items() <= given.items() and parts.get("cursor") == "String!"


def _is_paged(field: GraphQLField) -> bool:
    arguments = {name: str(argument.type) for name, argument in field.args.items()}
    backward = {name: typed for name, typed in arguments.items() if name in BACKWARD}
    return FORWARD.items() <= arguments.items() and backward in ({}, BACKWARD)


def _typed(output: Output) -> dict[str, str]:
    return {name: str(field.type) for name, field in output.fields.items()}
