"""Bulk execution answers every operation as ordinary execution does: data, errors and paths.

Random operations are asked of both, over the demo's real runs, odd ones and ones that the schema forbids, and over
random small schemas. What differs is printed in its smallest form.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import FieldNode, GraphQLObjectType, TypeInfo, TypeInfoVisitor, Visitor, parse, visit

from schema.bulk import BulkExecutor
from schema.context import Context
from schema.limits import Limits
from schema.schema import make_schema
from tests.properties.operations.answers import Side, differ, may_be
from tests.properties.operations.faults import FAULTS
from tests.properties.operations.generator import random_operation
from tests.properties.operations.knowledge import Knowledge
from tests.properties.operations.learning import learn
from tests.properties.operations.operation import Operation
from tests.properties.operations.rows import NOW, two_databases
from tests.properties.operations.shrinking import shrink
from tests.properties.operations.worlds import World
from tests.properties.profiles import is_thorough

# Where one field fails, graphql-core drops the coroutines of its siblings. Python remarks on each that it finds, and
# where it finds one in code without built-ins, as that of a namedtuple, the remark itself fails.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:Exception ignored in. <coroutine:pytest.PytestUnraisableExceptionWarning"),
]

QUESTIONS = 3_000 if is_thorough() else 60
CHANGES = 600 if is_thorough() else 25
WORLDS = 150 if is_thorough() else 8
QUESTIONS_OF_A_WORLD = 40 if is_thorough() else 12
TOGETHER = 60 if is_thorough() else 3
WIDE = Limits(depth=1_000, aliases=10**6, directives=10**6, cost=10**12)
"""What is asked here is to be answered, not refused."""
MOST_SHOWN = 5 if is_thorough() else 1


@dataclass(frozen=True, slots=True)
class Sides:
    """The API without and with bulk execution, each over its own copy of the same rows, and what is known of them."""

    plain: Side
    bulk: Side
    known: Knowledge

    def operation(self, seed: str, *, changes: bool = False) -> Operation:
        """Return a random operation."""
        return random_operation(self.plain.schema._schema, self.known, seed, changes=changes)


@pytest.fixture(scope="module")
def still_clock() -> Iterator[None]:
    """It is always the same instant, so that two answers can be equal."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "time_ns", lambda: NOW * 1000)
        yield


@pytest.fixture(scope="module", autouse=True)
def quiet_logs() -> Iterator[None]:
    """The errors are compared: nobody reads them in logs of thousands."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("backtest_graph.errors", "strawberry.execution"):
            patch.setattr(logging.getLogger(name), "disabled", True)
        yield


@pytest.fixture(scope="module")
async def sides(dsn: str, still_clock: None) -> AsyncIterator[Sides]:
    async with two_databases(dsn) as (one, other):
        plain = Side(make_schema(bulk=False, limits=WIDE), lambda: Context(one))
        bulk = Side(make_schema(bulk=True, limits=WIDE), lambda: Context(other))
        yield Sides(plain, bulk, await learn(plain, one))


async def differences(plain: Side, other: Side, operations: dict[str, Operation], *, racing: bool = True) -> list[str]:
    """Return the first operations that two sides answer differently, each in its smallest form."""
    found: list[str] = []
    for name, operation in operations.items():
        # What is known of a document is kept from its first request for the next ones.
        for asked in operation.asked_again():
            if len(found) < MOST_SHOWN and await differ(plain, other, asked, racing=racing):
                small = await shrink(asked, lambda each: differ(plain, other, each, racing=racing))
                found.append(f"{name}\n{small}\n{await differ(plain, other, small, racing=racing) or asked}")
    return found


async def test_questions_get_the_same_answers(sides: Sides) -> None:
    questions = {f"question {number}": sides.operation(f"question {number}") for number in range(QUESTIONS)}
    found = await differences(sides.plain, sides.bulk, questions)
    assert not found, "\n\n".join(found)


async def test_requests_at_the_same_time_do_not_disturb_each_other(sides: Sides) -> None:
    for number in range(TOGETHER):
        operations = [sides.operation(f"together {number} {each}") for each in range(4)]
        asked = [again for each in operations for again in each.asked_again()]
        expected = [await sides.plain.ask(each) for each in asked]
        answers = await asyncio.gather(*map(sides.bulk.ask, asked))
        for each, right, answer in zip(asked, expected, answers, strict=True):
            assert await may_be(sides.plain, each, right, answer), f"{each}\n{right}\n{answer}"


async def test_changes_get_the_same_answers(sides: Sides) -> None:
    # Not made smaller: each side has changed its rows by then.
    for number in range(CHANGES):
        change = sides.operation(f"change {number}", changes=True)
        difference = await differ(sides.plain, sides.bulk, change)
        assert not difference, f"{change}\n{difference}"


@pytest.mark.parametrize("fault", FAULTS)
async def test_an_executor_that_is_wrong_in_one_way_is_noticed(sides: Sides, fault: Any) -> None:
    wrong = replace(sides.plain, executor=fault)
    for number in range(10 * QUESTIONS):  # few of them meet what is rare, such as a number that is none
        if await differ(sides.plain, wrong, sides.operation(f"question {number}")):
            return
    pytest.fail(f"{10 * QUESTIONS} questions did not notice what is wrong.")


def test_the_questions_reach_every_field_of_every_type(sides: Sides) -> None:
    schema = sides.plain.schema._schema
    asked: set[str] = set()
    info = TypeInfo(schema)

    class Asked(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            asked.add(f"{info.get_parent_type()}.{node.name.value}")

    for number in range(1_000):
        visit(parse(sides.operation(f"question {number}").query), TypeInfoVisitor(info, Asked()))
    of_changes = ("Mutation", "Payload", "UserError", "Warning", "Subscription", "BacktestChange")
    expected = {
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__")
        for name in kind.fields
        if not kind.name.endswith(of_changes)
    }
    assert expected <= asked


async def test_most_questions_are_answered_and_many_tell_errors(sides: Sides) -> None:
    answers = [await sides.plain.ask(sides.operation(f"question {number}")) for number in range(40)]
    assert sum(answer.data not in {b"", b"null"} for answer in answers) > 20
    assert sum(bool(answer.errors) for answer in answers) > 5


async def test_bulk_execution_is_at_work_and_gives_up_only_unusual_values(
    sides: Sides, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="backtest_graph.bulk")
    answers = [await sides.bulk.ask(sides.operation(f"question {number}")) for number in range(50)]
    right = sum(not answer.errors for answer in answers)
    unusual = [record for record in caplog.records if record.getMessage().endswith("Unusual()")]
    others = [record for record in caplog.records if record not in unusual]
    assert right > 20
    assert len(unusual) < right / 2
    assert len(others) <= len(answers) - right, "Given up without an error in the answer."


@pytest.mark.parametrize("number", range(WORLDS))
async def test_small_schemas_of_every_kind_of_field_get_the_same_answers(number: int) -> None:
    world = World(f"world {number}")
    plain, bulk = world.side(), world.side(BulkExecutor)
    questions = {
        f"question {each}": random_operation(plain.schema._schema, Knowledge(), f"world {number} {each}")
        for each in range(QUESTIONS_OF_A_WORLD)
    }
    found = await differences(plain, bulk, questions, racing=world.waits)
    assert not found, "\n\n".join(found)
