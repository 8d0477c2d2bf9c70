from collections.abc import Callable

import pytest
from graphql import GraphQLSchema, build_schema

from tests.clients import naming

Rule = Callable[[GraphQLSchema], list[str]]
CARELESS = build_schema("""
    "All that can be asked."
    type Query {
      Runs(SYMBOL: String): runs!
      list(first: Int): RunConnection
      saved: SavePayload
      node(id: ID): Node
    }
    type Mutation { save(run: RunData!, tags: [String]): SavePayload! drop(input: DropInput!): Boolean! }
    interface Node { id: ID! }
    type SavePayload { id: ID }
    type runs { a_b: Status }
    type RunConnection { edges: [RunEdge] pageInfo: PageInfo! }
    type RunEdge { node: runs cursor: String }
    type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! endCursor: String }
    enum Status { Done IN_PROGRESS }
    input RunData { first_day: Int }
    "What to drop."
    input DropInput { "Which." id: ID }
""")
UNDESCRIBED = """
    Mutation Node SavePayload runs RunConnection RunEdge PageInfo Status RunData
    Query.Runs Query.Runs.SYMBOL Status.Done RunData.first_day Mutation.drop.input RunEdge.node
"""


@pytest.mark.parametrize(
    "rule",
    [
        naming.misnamed,
        naming.undescribed,
        naming.misnamed_inputs,
        naming.irregular_mutations,
        naming.misused_payloads,
        naming.irregular_connections,
        naming.irregular_nodes,
    ],
)
def test_the_schema_keeps_the_rule(printed_schema: GraphQLSchema, rule: Rule) -> None:
    assert rule(printed_schema) == []


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (naming.misnamed, "runs Query.Runs Query.Runs.SYMBOL runs.a_b Status.Done RunData.first_day"),
        (naming.misnamed_inputs, "RunData"),
        (naming.irregular_mutations, "Mutation.save Mutation.drop"),
        (naming.misused_payloads, "Query.saved"),
        (naming.irregular_connections, "RunConnection Query.list"),
        (naming.irregular_nodes, "Query.node.id PageInfo.startCursor RunEdge.node"),
    ],
)
def test_a_rule_finds_what_breaks_it(rule: Rule, broken: str) -> None:
    assert sorted(rule(CARELESS)) == sorted(broken.split())


def test_what_says_nothing_of_itself_is_found() -> None:
    found = set(naming.undescribed(CARELESS))
    assert found >= set(UNDESCRIBED.split())
    assert found.isdisjoint({"Query", "DropInput", "DropInput.id", "String"})
