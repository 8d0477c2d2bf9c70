"""Documents are parsed and validated once, whatever they are asked with."""

from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, parse

from schema.bulk import documents
from schema.bulk.documents import LONGEST, MOST_MEMORIES, Documents, memory_of
from tests.schema.bulk.shelves import BOTH, shop

BULK = BOTH[0]


def watch_parsing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that fills with the texts that are parsed."""
    parsed: list[str] = []

    def seen(text: str, **options: Any) -> DocumentNode:
        parsed.append(text)
        return parse(text, **options)

    monkeypatch.setattr(documents, "parse", seen)
    return parsed


async def test_a_document_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = watch_parsing(monkeypatch)
    query = "query Once { books { title } }"
    for _ in range(3):
        result = await BULK.execute(query, context_value=shop())
        assert result.errors is None
    assert parsed == [query]


async def test_a_long_document_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed = watch_parsing(monkeypatch)
    query = "{ books { title } }" + " " * LONGEST
    for _ in range(2):
        await BULK.execute(query, context_value=shop())
    assert len(parsed) == 2


async def test_an_invalid_document_says_the_same_each_time() -> None:
    said = []
    for _ in range(2):
        result = await BULK.execute("{ books { title nothing } }", context_value=shop())
        assert result.errors is not None
        said.append([error.formatted for error in result.errors])
    assert said[0] == said[1]
    assert "nothing" in said[0][0]["message"]


async def test_a_syntax_error_has_its_place() -> None:
    for _ in range(2):
        result = await BULK.execute("{ books { ", context_value=shop())
        assert result.errors is not None
        assert result.errors[0].formatted["locations"] == [{"line": 1, "column": 11}]


async def test_of_several_operations_the_one_that_is_named_is_meant() -> None:
    query = "query One { first { title } } query Two { books { id } }"
    one = await BULK.execute(query, operation_name="One", context_value=shop())
    two = await BULK.execute(query, operation_name="Two", context_value=shop())
    none = await BULK.execute(query, context_value=shop())
    assert (list(one.data or ()), list(two.data or ())) == (["first"], ["books"])
    assert none.errors is not None
    assert "Must provide operation name" in none.errors[0].message


async def test_what_is_remembered_is_bounded() -> None:
    switches = [f"$a{index}: Boolean!" for index in range(6)]
    fields = [f"a{index}: title @include(if: $a{index})" for index in range(6)]
    query = f"query({', '.join(switches)}) {{ books {{ id {' '.join(fields)} }} }}"
    memories = set()
    for bits in range(2 * MOST_MEMORIES):
        variables = {f"a{index}": bool(bits >> index & 1) for index in range(6)}
        context = shop()
        result = await BULK.execute(query, variable_values=variables, context_value=context)
        assert result.data is not None
        assert all(len(book) == 1 + bits.bit_count() for book in result.data["books"])
        memories.add(id(context.memory))
    again = [shop(), shop()]
    for context in again:
        await BULK.execute(query, variable_values=dict.fromkeys(variables, False), context_value=context)
    assert again[0].memory is again[1].memory
    for context in again:
        await BULK.execute(query, variable_values=variables, context_value=context)
    assert again[0].memory is not again[1].memory


async def test_documents_of_two_schemas_are_kept_apart() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def books(self) -> int:
            return 7

    other = strawberry.Schema(query=Query, extensions=[Documents])
    query = "{ books }"
    assert (await other.execute(query)).data == {"books": 7}
    assert (await BULK.execute(query, context_value=shop())).errors is not None


def test_a_document_that_is_not_kept_has_a_memory_of_its_own() -> None:
    document = parse("{ a }")
    assert memory_of(document, None, None) is not memory_of(document, None, None)
