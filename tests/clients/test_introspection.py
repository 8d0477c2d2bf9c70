from graphql import (
    GraphQLDeprecatedDirective,
    GraphQLSchema,
    build_client_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from tests.client import Client


async def test_a_tool_that_introspects_gets_the_printed_schema(client: Client, printed_schema: GraphQLSchema) -> None:
    question = get_introspection_query(input_value_deprecation=True, specified_by_url=True)
    introspected = build_client_schema(await client.ask(question))
    assert _print(introspected) == _print(printed_schema)


async def test_deprecations_are_those_of_graphql(client: Client) -> None:
    answer = await client.ask("{ __schema { directives { name locations args { name defaultValue } } } }")
    deprecated = next(each for each in answer["__schema"]["directives"] if each["name"] == "deprecated")
    assert deprecated["args"] == [{"name": "reason", "defaultValue": '"No longer supported"'}]
    assert set(deprecated["locations"]) == {location.name for location in GraphQLDeprecatedDirective.locations}


def _print(schema: GraphQLSchema) -> str:
    return print_schema(lexicographic_sort_schema(schema))
