"""A schema without extensions of its own answers as Strawberry's does, without its steps."""

import gc
import weakref
from typing import Any

import pytest
import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from schema.bulk import BulkExecutor, DirectSchema, Documents
from tests.schema.bulk.shelves import Query, shop

OPTIONS: dict[str, Any] = {"query": Query, "extensions": [Documents]}
DIRECT = DirectSchema(**OPTIONS, execution_context_class=BulkExecutor)
STEPWISE = strawberry.Schema(**OPTIONS, execution_context_class=BulkExecutor)
QUERIES = OperationType.from_http("GET")


async def answers(query: str, **asked: Any) -> list[Any]:
    """Return what both say."""
    said = []
    for schema in (DIRECT, STEPWISE):
        result = await schema.execute(query, context_value=shop(), **asked)
        said.append((result.data, [error.formatted for error in result.errors or ()]))
    return said


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("{ books { title readers { name } } first { secret } }", {}),
        ("query($first: Int!) { books { readers(first: $first) { name } } }", {"variable_values": {"first": 1}}),
        ("query($first: Int!) { books { readers(first: $first) { name } } }", {"variable_values": {"first": "a"}}),
        ("query($first: Int!) { books { readers(first: $first) { name } } }", {}),
        ("{ books { readers(first: -1) { name } } }", {}),
        ("{ books { nothing } }", {}),
        ("{ books { ", {}),
        ("query One { first { title } } query Two { books { id } }", {"operation_name": "Two"}),
        ("query One { first { title } } query Two { books { id } }", {}),
        ("{ __schema { queryType { name } } }", {"allowed_operation_types": QUERIES}),
    ],
)
async def test_both_say_the_same(query: str, asked: dict[str, Any]) -> None:
    direct, stepwise = await answers(query, **asked)
    assert direct == stepwise


@pytest.mark.parametrize("schema", [DIRECT, STEPWISE])
async def test_an_operation_that_is_not_there_or_not_allowed_is_refused(schema: strawberry.Schema) -> None:
    with pytest.raises(CannotGetOperationTypeError):
        await schema.execute("query One { first { title } }", operation_name="Two", context_value=shop())
    with pytest.raises(InvalidOperationTypeError):
        await schema.execute("mutation { title }", allowed_operation_types=QUERIES, context_value=shop())


async def test_only_where_there_are_other_extensions_their_steps_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[str] = []

    class Stepping(SchemaExtension):
        def on_execute(self) -> Any:
            steps.append("execute")
            yield

    extended = DirectSchema(**OPTIONS | {"extensions": [Documents, Stepping]})
    taken: list[Any] = []
    create = strawberry.Schema.create_extensions_runner

    def seen(*arguments: Any) -> Any:
        taken.append(arguments)
        return create(*arguments)

    monkeypatch.setattr(strawberry.Schema, "create_extensions_runner", seen)
    for schema in (DIRECT, extended):
        result = await schema.execute("{ books { title } }", context_value=shop())
        assert result.errors is None
    assert (steps, len(taken)) == (["execute"], 1)


async def test_what_was_sent_is_gone_with_its_answer() -> None:
    """A save may be as large as a year of minutes, and the garbage collector is in no hurry."""
    query, context = "query($first: Int!) { books { readers(first: $first) { name } } }", shop()
    gc.disable()
    try:
        for _ in range(2):  # the first time, the document is learned
            await DIRECT.execute(query, {"first": 1}, context_value=context)
        kept = weakref.ref(context)
        del context
        assert kept() is None
    finally:
        gc.enable()
