"""A cost is the sum over all objects that can be given, whatever fragments and variables it is asked with."""

from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    get_introspection_query,
    get_named_type,
    parse,
    validate,
    value_from_ast_untyped,
)
from hypothesis import given

from schema.limits.costs import MOST, Costs, find_costs
from schema.limits.sizes import ItemsOf, PageSize, Times
from schema.limits.weights import is_list, weight_of
from schema.schema import schema
from tests.properties.profiles import examples
from tests.schema.limits.documents import documents, variables

API = schema._schema
LIMIT = schema.limits.cost
COMPARED = (
    "earliest latest returnCorrelation backtests { id } metrics { values { backtest { id } } } "
    "equityCurves { times series { values } }"
)
ARGUMENTS = [f"a{index}: args {{ type {{ enumValues {{ name }} }} }}" for index in range(20)]


def costs_of(text: str) -> Costs:
    document = parse(text)
    assert validate(API, document) == []
    return find_costs(API, document)


def cost(text: str, **given: Any) -> int:
    return costs_of(text).of(None, given)


class Naive:
    """Walks over everything, fragments at each use, and counts downwards with the number of objects around."""

    def __init__(self, text: str, given: dict[str, Any]) -> None:
        definitions = parse(text).definitions
        self.fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
        [self.operation] = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        defaults = {
            each.variable.name.value: value_from_ast_untyped(each.default_value)
            for each in self.operation.variable_definitions or ()
            if each.default_value
        }
        self.given = defaults | given

    def count(self) -> int:
        return self.below(self.operation, API.query_type, 1, 1)

    def below(self, node: Any, parent: Any, objects: int, around: int) -> int:
        return sum(self.one(each, parent, objects, around) for each in node.selection_set.selections)

    def one(self, node: Any, parent: Any, objects: int, around: int) -> int:
        if isinstance(node, FragmentSpreadNode):
            return self.below(self.fragments[node.name.value], parent, objects, around)
        if not isinstance(node, FieldNode):
            return self.below(node, parent, objects, around)
        field = API.get_field(parent, node.name.value)
        assert field is not None
        weight = weight_of(parent, node.name.value, field)
        times = objects * around if weight.is_each else objects
        size = self.size(weight.size, node)
        total = times * (weight.once + size * weight.each)
        if not node.selection_set:
            return total
        kind = get_named_type(field.type)
        if is_list(field):
            return total + times * size + self.below(node, kind, times * size, 1)
        return total + self.below(node, kind, times, size)

    def size(self, size: Times | ItemsOf | PageSize, node: FieldNode) -> int:
        if isinstance(size, Times):
            return size.count
        asked = {each.name.value: value_from_ast_untyped(each.value, self.given) for each in node.arguments or ()}
        if isinstance(size, ItemsOf):
            return len(asked[size.argument])
        numbers = [asked.get(name) for name in ("first", "last")]
        whole = [int(each) for each in numbers if isinstance(each, int | float) and each not in (True, 1.5)]
        return max(0, *whole) if whole else 20


@examples(40)
@given(documents(), variables())
def test_a_cost_is_that_of_all_fragments_written_out(text: str, given: dict[str, Any]) -> None:
    assert find_costs(API, parse(text)).of(None, given) == min(MOST, Naive(text, given).count())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ backtests { nodes { id } } }", 1 + 20),
        ("{ backtests(first: 3) { edges { cursor node { id metrics { beta } } } pageInfo { endCursor } } }", 1 + 3 * 2),
        ("{ backtests(first: 3) { totalCount } }", 1 + 100),
        ("{ backtests(first: 50) { nodes { trades { nodes { id } } } } }", 1 + 50 * (1 + 1 + 20)),
        ("{ backtests(last: 2) { nodes { equityCurve { values } } } }", 1 + 2 * (1 + 50)),
        ('{ backtest(id: "x") { trades(first: 5000) { nodes { id pnl } } } }', 1 + 1 + 5000),
        ('{ compareBacktests(ids: ["x", "y"]) { backtests { id } returnCorrelation } }', 1 + 2 * (1 + 25)),
        ("{ leaders(groupBy: [SYMBOL]) { value backtest { id } } }", 1000 + 1000 * 2),
        ("mutation { saveBacktests(inputs: []) { createdCount errors { message } } }", 1),
        ("{ __typename }", 0),
        (
            "{ backtests(first: 2000000000) { nodes { id } } }",
            2_000_000_001,
        ),
    ],
)
def test_what_things_cost(text: str, expected: int) -> None:
    assert cost(text) == expected


@pytest.mark.parametrize(
    ("given", "size"), [({}, 20), ({"n": None}, 20), ({"n": 7}, 7), ({"n": -7}, 0), ({"n": "7"}, 20), ({"n": 7.0}, 7)]
)
def test_sizes_of_pages_are_taken_from_variables(given: dict[str, Any], size: int) -> None:
    assert cost("query($n: Int) { backtests(first: $n) { nodes { id } } }", **given) == 1 + size


def test_a_list_in_a_variable_counts_its_items() -> None:
    text = "mutation($all: [SaveBacktestInput!]!) { saveBacktests(inputs: $all) { backtests { id } } }"
    assert cost(text, all=[{}] * 1000) == 1 + 1000 * 11
    assert cost(text, all={}) == 1 + 11
    assert cost(text) == 1 + 11


def test_each_operation_has_its_own_defaults() -> None:
    text = "fragment F on Query { backtests(first: $n) { nodes { id } } }"
    costs = costs_of(f"query A($n: Int = 2) {{ ...F }} query B($n: Int = 3) {{ ...F }} {text}")
    assert [costs.of("A", None), costs.of("B", {}), costs.of("B", {"n": 4})] == [3, 4, 5]


def test_costs_beyond_all_measure_are_cut_off() -> None:
    pages = "trades(first: $n) { nodes { backtest { "
    text = f"query($n: Int) {{ backtests(first: $n) {{ nodes {{ {pages * 3} id {'} } } ' * 3} }} }} }}"
    assert cost(text, n=10**300) == MOST
    assert cost(text.replace("$n)", "2147483647)", 9).replace("query($n: Int)", "query")) == MOST


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("{ ranking(first: 500) { edges { rank value node { id symbol metrics { beta } } } } }", {}),
        ("{ backtests(first: 50) { nodes { trades(first: 20) { nodes { id } } } } }", {}),
        ("{ backtests(first: 500) { nodes { id equityCurve(maxPoints: 40) { values } } } }", {}),
        (
            f"query($ids: [ID!]!) {{ compareBacktests(ids: $ids) {{ {COMPARED} }} }}",
            {"ids": ["x"] * 200},
        ),
        (
            "mutation($all: [SaveBacktestInput!]!) { saveBacktests(inputs: $all) { backtests { id } } }",
            {"all": [1] * 2000},
        ),
        (get_introspection_query(input_value_deprecation=True), {}),
    ],
)
def test_what_people_ask_is_within_the_limit(text: str, given: dict[str, Any]) -> None:
    assert cost(text, **given) <= LIMIT


@pytest.mark.parametrize(
    "text",
    [
        "{ backtests(first: 500) { nodes { equityCurve { values } drawdownCurve { values } } } }",
        "{ backtests(first: 500) { nodes { trades(first: 500) { nodes { id } } } } }",
        f"{{ backtests {{ nodes {{ {'trades { nodes { backtest { ' * 3} id {'} } } ' * 3} }} }} }}",
        "{ "
        + " ".join(f"a{index}: __schema {{ types {{ fields {{ name type {{ name }} }} }} }}" for index in range(30))
        + " }",
        f"{{ __schema {{ types {{ fields {{ type {{ fields {{ {' '.join(ARGUMENTS)} }} }} }} }} }} }}",
    ],
)
def test_what_only_attackers_ask_is_not(text: str) -> None:
    assert cost(text) > LIMIT
