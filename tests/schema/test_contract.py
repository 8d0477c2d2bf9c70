"""The printed schema against the public contract."""

from pathlib import Path

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)

import schema.schema as api

PRINTED = Path(api.__file__).with_name("schema.graphql")
CONTRACT = Path(__file__).with_name("contract.graphql")


@pytest.fixture(scope="module")
def printed() -> GraphQLSchema:
    return build_schema(PRINTED.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema(CONTRACT.read_text(encoding="utf-8"))


def test_the_printed_schema_is_the_one_that_is_served() -> None:
    assert PRINTED.read_text(encoding="utf-8") == api.schema.as_str() + "\n", (
        "backtest-graph schema > schema/schema.graphql"
    )


def test_every_type_of_the_contract_is_there(printed: GraphQLSchema, contract: GraphQLSchema) -> None:
    assert own_types(contract).keys() <= own_types(printed).keys()


def test_every_field_and_argument_of_the_contract_has_its_type(printed: GraphQLSchema, contract: GraphQLSchema) -> None:
    ours = signatures(printed)
    wanted = signatures(contract)
    assert {name: ours.get(name) for name in wanted} == wanted


def test_every_default_of_the_contract_holds(printed: GraphQLSchema, contract: GraphQLSchema) -> None:
    ours = defaults(printed)
    wanted = defaults(contract)
    assert {name: ours.get(name) for name in wanted} == wanted


def test_enums_have_the_values_of_the_contract_in_its_order(printed: GraphQLSchema, contract: GraphQLSchema) -> None:
    for name, kind in own_types(contract).items():
        if isinstance(kind, GraphQLEnumType):
            ours = printed.type_map[name]
            assert isinstance(ours, GraphQLEnumType)
            assert [value for value in ours.values if value in kind.values] == list(kind.values), name


def test_everything_is_described(printed: GraphQLSchema) -> None:
    assert [name for name, description in descriptions(printed).items() if not description] == []


def own_types(schema: GraphQLSchema) -> dict[str, object]:
    return {name: kind for name, kind in schema.type_map.items() if not name.startswith("__")}


def signatures(schema: GraphQLSchema) -> dict[str, str]:
    found = {}
    for name, kind in own_types(schema).items():
        for field, definition in getattr(kind, "fields", {}).items():
            found[f"{name}.{field}"] = str(definition.type)
            for argument, given in getattr(definition, "args", {}).items():
                found[f"{name}.{field}({argument})"] = str(given.type)
        for interface in getattr(kind, "interfaces", ()):
            found[f"{name} implements {interface.name}"] = interface.name
    return found


def defaults(schema: GraphQLSchema) -> dict[str, object]:
    found = {}
    for name, kind in own_types(schema).items():
        for field, definition in getattr(kind, "fields", {}).items():
            if isinstance(kind, GraphQLInputObjectType) and definition.ast_node.default_value:
                found[f"{name}.{field}"] = definition.ast_node.default_value.to_dict()
            for argument, given in getattr(definition, "args", {}).items():
                if given.ast_node.default_value:
                    found[f"{name}.{field}({argument})"] = given.ast_node.default_value.to_dict()
    return {name: value for name, value in found.items() if value.get("kind") != "null_value"}


def descriptions(schema: GraphQLSchema) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, kind in own_types(schema).items():
        if isinstance(kind, GraphQLScalarType) and name in {"String", "Int", "Float", "Boolean", "ID"}:
            continue
        found[name] = kind.description  # type: ignore[attr-defined]
        for field, definition in getattr(kind, "fields", {}).items():
            found[f"{name}.{field}"] = definition.description
            for argument, given in getattr(definition, "args", {}).items():
                found[f"{name}.{field}({argument})"] = given.description
        for value, definition in getattr(kind, "values", {}).items():
            found[f"{name}.{value}"] = definition.description
    return found


def test_the_look_into_types_sees_objects_inputs_and_interfaces(contract: GraphQLSchema) -> None:
    kinds = {type(kind) for kind in own_types(contract).values()}
    assert {GraphQLObjectType, GraphQLInputObjectType, GraphQLInterfaceType} <= kinds
