"""Variables are the same to a resolver both ways, and so is what is said of wrong ones."""

import logging
import random
from typing import Any

import pytest
import strawberry
from graphql import parse
from strawberry.schema.config import StrawberryConfig

from schema.backtest_changes import ImportBacktestInput
from schema.bulk import BulkExecutor
from schema.coercion.variables import coerce_variables
from schema.filters import BacktestFilter
from schema.inputs import SaveBacktestInput, TradeInput
from schema.metrics import MetricsInput
from schema.optimization_changes import SaveOptimizationInput
from schema.scalars import SCALARS, DateTime
from schema.walk_forward_changes import SaveWalkForwardTestsInput
from tests.properties.profiles import TIMES_MORE, is_thorough
from tests.schema.coercion import values
from tests.schema.coercion.shown import show

CASES = 60


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Keep Strawberry's log of refused input out of the reports: half a surrogate in it cannot be sent on."""
    caplog.set_level(logging.CRITICAL, "strawberry.execution")


@strawberry.type
class Query:
    """Takes each kind of input, and shows what it was given."""

    @strawberry.field
    def run(self, info: strawberry.Info, given: SaveBacktestInput) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def runs(self, info: strawberry.Info, given: list[SaveBacktestInput]) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def optimization(self, info: strawberry.Info, given: SaveOptimizationInput) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def windows(self, info: strawberry.Info, given: SaveWalkForwardTestsInput) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def document(self, info: strawberry.Info, given: ImportBacktestInput | None = None) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def conditions(self, info: strawberry.Info, given: BacktestFilter | None = None) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def trades(self, info: strawberry.Info, given: list[TradeInput | None] | None = None) -> bool:
        return info.context.append(given) is None

    @strawberry.field
    def leaves(
        self, info: strawberry.Info, at: DateTime | None = None, many: list[list[float]] | None = None, whole: int = 7
    ) -> bool:
        return info.context.append([at, many, whole]) is None


BULK, ORDINARY = (
    strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS), execution_context_class=executor)
    for executor in (BulkExecutor, None)
)

KINDS: dict[str, tuple[str, Any]] = {
    "run": ("SaveBacktestInput!", values.run),
    "runs": ("[SaveBacktestInput!]!", lambda dice: [values.run(dice) for _ in range(dice.randrange(4))]),
    "optimization": ("SaveOptimizationInput!", values.optimization),
    "windows": ("SaveWalkForwardTestsInput!", values.windows),
    "document": ("ImportBacktestInput", values.document),
    "conditions": ("BacktestFilter", values.conditions),
    "trades": ("[TradeInput]", lambda dice: [values.trade(dice) for _ in range(dice.randrange(4))]),
}


async def answer(schema: strawberry.Schema, query: str, given: Any) -> Any:
    """Return what a resolver was given, and what was said."""
    seen: list[Any] = []
    result = await schema.execute(query, variable_values=given, context_value=seen)
    errors = [(error.message, error.path, error.locations) for error in result.errors or ()]
    return show(seen), result.data, errors


def take(name: str) -> str:
    return f"query($x: {KINDS[name][0]}) {{ {name}(given: $x) }}"


def is_taken(query: str, given: Any) -> bool:
    """Tell whether the variables are coerced in bulk."""
    definitions: Any = parse(query).definitions[0]
    return coerce_variables(BULK._schema, definitions.variable_definitions, given) is not None


@pytest.mark.parametrize("name", KINDS)
async def test_a_resolver_is_given_the_same_and_errors_are_the_same(name: str) -> None:
    dice = random.Random() if is_thorough() else random.Random(7)
    taken = 0
    for _ in range(CASES * (TIMES_MORE if is_thorough() else 1)):
        given = {"x": values.changed(dice, KINDS[name][1](dice))}
        assert await answer(BULK, take(name), given) == await answer(ORDINARY, take(name), given), given
        taken += is_taken(take(name), given)
    assert taken > CASES / 10


@pytest.mark.parametrize("name", KINDS)
async def test_what_is_sound_is_coerced_in_bulk(name: str) -> None:
    dice = random.Random(3)
    assert all(is_taken(take(name), {"x": KINDS[name][1](dice)}) for _ in range(20))


TRADE = {"entryTime": "2024-01-01", "entryPrice": 1}
LONG_AGO = {"entryTime": "0099-12-31T23:59:59.999999Z", "entryPrice": 1.5}


@pytest.mark.parametrize(
    ("query", "given"),
    [
        (take("trades"), {"x": TRADE}),
        (take("trades"), {"x": [TRADE, None, LONG_AGO]}),
        (take("trades"), {"x": [[TRADE]]}),
        (take("trades"), {"x": (TRADE,)}),
        (take("trades"), {}),
        (take("trades"), None),
        (take("trades"), {"x": None, "y": 5}),
        (take("trades"), {"x": [{5: 1}]}),
        (take("run"), {}),
        (take("run"), {"x": None}),
        ("query($x: [TradeInput] = [{entryTime: 5}]) { trades(given: $x) }", {}),
        ('query($x: [TradeInput] = [{entryTime: "2024-01-01", entryPrice: 1}]) { trades(given: $x) }', {}),
        ("query($x: Unknown) { trades(given: $x) }", {"x": 1}),
        ("query($x: TradeInput) { trades(given: [$x]) }", {"x": TRADE}),
        ('query($x: [TradeInput!]) { run(given: {symbol: "a", strategy: "b", trades: $x}) }', {"x": [TRADE, LONG_AGO]}),
        ('query($x: MetricsInput) { run(given: {symbol: "a", strategy: "b", metrics: $x}) }', {"x": {"beta": 1}}),
        ('query($x: Float) { run(given: {symbol: "a", strategy: "b", metrics: {beta: $x}}) }', {"x": 1}),
        ("query($x: DateTime, $y: [[Float!]!], $z: Int!) { leaves(at: $x, many: $y, whole: $z) }", {"z": 2}),
        ("query($y: [[Float!]!]) { leaves(many: $y) }", {"y": [[1, 2.5], []]}),
        ("query($y: [[Float!]!]) { leaves(many: $y) }", {"y": [1, 2.5]}),
        ("query($y: [[Float!]!]) { leaves(many: $y) }", {"y": [[1, None]]}),
        ("query($x: DateTime) { leaves(at: $x) }", {"x": "now"}),
        ("query a($z: Int!) { leaves(whole: $z) } query b { leaves }", {"z": 1}),
        ("query($z: Int!, $no: Boolean!) { leaves(whole: $z) more: leaves @include(if: $no) }", {"z": 1, "no": False}),
    ],
)
async def test_a_variable_is_the_same_both_ways_wherever_it_stands(query: str, given: Any) -> None:
    assert await answer(BULK, query, given) == await answer(ORDINARY, query, given)


@pytest.mark.parametrize("deep", [5, 45, 60, 195, 205, 5_000])
async def test_nesting_is_taken_or_refused_alike(deep: int) -> None:
    given: dict[str, Any] = {"symbol": {"eq": "A"}}
    for _ in range(deep):
        given = {"not": given}
    query = take("conditions")
    assert await answer(BULK, query, {"x": given}) == await answer(ORDINARY, query, {"x": given})


async def test_trades_of_many_runs_are_one_table() -> None:
    seen: list[Any] = []
    given = {"x": [{"symbol": "a", "strategy": "b", "trades": [TRADE] * count} for count in (2, 0, 3)]}
    await BULK.execute(take("runs"), variable_values=given, context_value=seen)
    [runs] = seen
    tables = {id(run.trades.table) for run in runs}
    assert [len(run.trades) for run in runs] == [2, 0, 3]
    assert len(tables) == 1
    assert [trade.entry_price for trade in runs[2].trades] == [1.0] * 3
    assert runs[0].trades[1].exit_time is None


async def test_objects_that_are_made_are_taken_as_they_are() -> None:
    """Where Strawberry converts arguments, it meets objects that are finished."""
    seen: list[Any] = []
    run = 'run(given: {symbol: "a", strategy: "b", metrics: $x})'
    query = f"query($x: MetricsInput) {{ one: {run} other: {run} }}"
    await BULK.execute(query, variable_values={"x": {"beta": 0.5}}, context_value=seen)
    assert isinstance(seen[0].metrics, MetricsInput)
    assert seen[0].metrics is seen[1].metrics
