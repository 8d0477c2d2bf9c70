"""Documents that cost more than they look are refused, quickly and by a figure."""

from collections.abc import Callable

import httpx
import pytest

from tests.attacks.innocence import check, codes_of


def nested_fragments(count: int, field: str = "") -> str:
    """Return fragments of which each spreads the next one twice: 2^count times what they select."""
    parts = [f"fragment f{n} on Query {{ {field} ...f{n + 1} ...f{n + 1} }}" for n in range(count)]
    return " ".join(["{ ...f0 }", *parts, f"fragment f{count} on Query {{ __typename }}"])


def nested_connections(depth: int) -> str:
    inner = "id"
    for _ in range(depth):
        inner = f"id trades(first: 500) {{ nodes {{ backtest {{ {inner} }} }} }}"
    return f"{{ backtests(first: 500) {{ nodes {{ {inner} }} }} }}"


def aliased(count: int, field: str) -> str:
    return "{ " + " ".join(f"a{n}: {field}" for n in range(count)) + " }"


TYPES_OF_TYPES = "{ __schema { types { " + "fields { type { " * 8 + "name" + " } }" * 8 + " } } }"
LEAVES = "symbol strategy status createdAt startDate endDate notes engine"

REFUSED = {
    "a thousand aliases": aliased(1000, "__typename"),
    "aliases of a costly field": aliased(200, "backtests(first: 500) { totalCount nodes { id } }"),
    "ten thousand fields": "{ backtests { nodes { " + "id " * 10_000 + "} } }",
    "the same field thousands of times": "{ " + "__typename " * 4_900 + "}",
    "nested connections": nested_connections(8),
    "a page of everything in a page of everything": nested_connections(2),
    "fragments in a circle": "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }",
    "a fragment in itself": "{ backtests { nodes { ...a } } } "
    "fragment a on Backtest { trades { nodes { backtest { ...a } } } }",
    "aliases that double 22 times": nested_fragments(22, "a: __typename"),
    "fragments that double 300 times": nested_fragments(300),
    "thousands of fragments": " ".join(
        ["{ __typename }", *(f"fragment f{n} on Query {{ __typename }}" for n in range(2000))]
    ),
    "thousands of directives": "{ __typename " + "@include(if: true) " * 1000 + "}",
    "unknown directives": "{ __typename " + "@a " * 2000 + "}",
    "types of types of types": TYPES_OF_TYPES,
    "too large a page": "{ backtests(first: 1000000) { nodes { id } } }",
    "a negative page": "{ backtests(first: -1) { nodes { id } } }",
    "a page beyond Int": "{ backtests(first: 99999999999999999999) { nodes { id } } }",
    "deep lists": "{ node(id: " + "[" * 2000 + "]" * 2000 + ") { id } }",
    "deep objects": "{ backtests(filter: " + "{not: " * 1000 + "{}" + "}" * 1000 + ") { totalCount } }",
    "deep selections": "{ backtests " + "{ nodes " * 2000 + "{ id }" + "}" * 2000 + " }",
    "an unfinished document": "{ backtests { nodes { id ",
    "a long name": "{ " + "a" * 90_000 + " }",
    "many unknown names": "{ " + " ".join(f"bcktests{n}" for n in range(2000)) + " }",
    "a million characters": "{ __typename }" + " " * 1_000_000,
    "many variables": "query(" + " ".join(f"$v{n}: Int" for n in range(1200)) + ") { __typename }",
    "many operations": " ".join(f"query q{n} {{ __typename }}" for n in range(1000)),
    "only comments": "#" * 90_000,
    "only braces": "{" * 4_000,
    "a block string": '{ node(id: """' + "x\n" * 40_000 + '""") { id } }',
}


@pytest.mark.parametrize("query", REFUSED.values(), ids=REFUSED.keys())
def test_a_document_that_asks_too_much_is_refused(http: httpx.Client, query: str) -> None:
    for accept in ("application/json", "application/graphql-response+json"):
        response = http.post("/graphql", json={"query": query}, headers={"accept": accept})
        answer = check(response, sent=query)
        assert codes_of(answer) & {"QUERY_TOO_COMPLEX", "BAD_USER_INPUT"}, answer
        assert not any((answer.get("data") or {}).values())
        assert len(response.content) < 100_000


def test_fragments_that_select_the_same_again_and_again_are_looked_into_once(http: httpx.Client) -> None:
    answer = check(http.post("/graphql", json={"query": nested_fragments(40)}))
    assert answer == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize("make", [nested_fragments, nested_connections], ids=lambda make: make.__name__)
def test_a_document_may_nest_a_little(http: httpx.Client, make: Callable[[int], str]) -> None:
    query = make(1).replace("500", "10")
    assert "errors" not in check(http.post("/graphql", json={"query": query}))


DEEP_VARIABLES = {
    "a deep list": "[" * 5000 + "]" * 5000,
    "a deep object": '{"not": ' * 3000 + "{}" + "}" * 3000,
    "a list of many": "[" + ",".join(['{"symbol": {"eq": "A"}}'] * 20_000) + "]",
    "a huge number": '{"createdAt": {"gte": ' + "9" * 5000 + "}}",
    "a number without end": '{"metrics": {"sharpeRatio": {"gte": 1e999}}}',
    "a wide object": "{" + ",".join(f'"a{n}": 1' for n in range(50_000)) + "}",
}


@pytest.mark.parametrize("value", DEEP_VARIABLES.values(), ids=DEEP_VARIABLES.keys())
@pytest.mark.parametrize("kind", ["BacktestFilter", "[BacktestFilter!]", "JSON"])
def test_variables_that_nest_or_weigh_too_much_are_refused(http: httpx.Client, kind: str, value: str) -> None:
    query = f"query($v: {kind}) {{ backtests(filter: $v) {{ totalCount }} }}"
    if kind == "[BacktestFilter!]":
        query = "query($v: [BacktestFilter!]) { backtests(filter: {or: $v}) { totalCount } }"
    if kind == "JSON":
        query = "mutation($v: JSON!) { importBacktest(input: {document: $v}) { errors { code message } } }"
    body = b'{"query": "%s", "variables": {"v": %s}}' % (query.encode(), value.encode())
    answer = check(http.post("/graphql", content=body, headers={"content-type": "application/json"}))
    assert "errors" in answer or answer["data"]["importBacktest"]["errors"]
