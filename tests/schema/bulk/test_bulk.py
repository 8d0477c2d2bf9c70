"""Both ways give the same answer, and what they do for it differs."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from strawberry.extensions import SchemaExtension

from tests.schema.bulk.shelves import BOTH, Book, Query, ask, make_schemas, row, shop

ALL = "id title pages price cover words size { width area } readers(first: 1) { name age }"


@pytest.fixture
def gave_up(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG, "backtest_graph.bulk"):
        yield caplog


async def test_only_the_root_is_executed_by_graphql_core(monkeypatch: pytest.MonkeyPatch) -> None:
    executed: list[str] = []
    executor: Any = BOTH[0].execution_context_class
    execute = executor.execute_field

    def seen(self: Any, parent: GraphQLObjectType, *rest: Any) -> Any:
        executed.append(parent.name)
        return execute(self, parent, *rest)

    monkeypatch.setattr(executor, "execute_field", seen)
    result = await BOTH[0].execute(f"{{ books {{ {ALL} }} }}", context_value=shop())
    assert result.errors is None
    assert executed == ["Query"]


@pytest.mark.parametrize(
    "query",
    [
        f"{{ books {{ {ALL} __typename }} }}",
        f"{{ first {{ {ALL} }} shelves {{ {ALL} }} }}",
        "{ books { one: title ... on Book { size { height } } ... more } } fragment more on Book { size { area } }",
        "{ things { id __typename ... on Book { title words } ... on Pamphlet { title } } }",
        "{ books { shout title } first { secret } }",
        "query($yes: Boolean = true) { books { id @skip(if: $yes) title @include(if: $yes) } }",
        "{ books { id @skip(if: true) } }",
        "{ __schema { types { name fields { name } } } __typename }",
        "{ books { readers(first: -1) { name } title } }",
    ],
)
async def test_the_answer_is_the_same_both_ways(query: str) -> None:
    answer = await ask(query)
    assert answer["data"] or answer["errors"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": None},
        {"title": object()},
        {"pages": 2**31},
        {"pages": "seven"},
        {"pages": 2.0},
        {"price": float("nan")},
        {"price": float("inf")},
        {"price": 7},
        {"price": True},
        {"cover": "paper"},
        {"cover": None},
        {"words": None},
        {"words": ["a", None]},
        {"words": "ab"},
        {"words": ("a", "b")},
        {"id": 7},
        {"id": None},
        {"width": None},
        {"title": ValueError("torn")},
    ],
)
@pytest.mark.parametrize("query", [f"{{ books {{ {ALL} }} }}", f"{{ shelves {{ {ALL} }} first {{ {ALL} }} }}"])
async def test_an_unusual_value_has_the_answer_of_graphql_core(wrong: dict[str, Any], query: str) -> None:
    await ask(query, [row(1), row(2, **wrong), row(3)])


async def test_a_missing_column_is_an_error_of_its_field() -> None:
    whole = row(1)
    del whole["price"]
    answer = await ask("{ first { title price } }", [whole])
    assert answer["data"] == {"first": {"title": "Book 1", "price": None}}
    assert answer["errors"][0]["path"] == ["first", "price"]


async def test_what_is_given_up_is_said_once(gave_up: pytest.LogCaptureFixture) -> None:
    await ask("{ books { title } first { title } }", [row(1, title=None)])
    own = [record.getMessage() for record in gave_up.records if record.name == "backtest_graph.bulk"]
    assert own == ["Completed value by value from ['first'] on: Unusual()"]


async def test_what_is_usual_is_not_given_up(gave_up: pytest.LogCaptureFixture) -> None:
    await ask(f"{{ books {{ {ALL} }} shelves {{ {ALL} }} first {{ {ALL} }} things {{ id }} }}")
    assert not gave_up.records


async def test_a_batched_resolver_is_called_once_for_a_list_both_ways() -> None:
    for schema in BOTH:
        context = shop()
        result = await schema.execute("{ shelves { readers { name } } }", context_value=context)
        assert result.errors is None
        assert context.calls == [4]


async def test_lists_without_objects_call_no_resolver() -> None:
    for schema in BOTH:
        context = shop([])
        result = await schema.execute("{ books { readers { name } } first { title } }", context_value=context)
        assert result.data == {"books": [], "first": None}
        assert context.calls == []


async def test_variables_that_directives_look_at_change_the_answer_of_one_document() -> None:
    query = "query($yes: Boolean!) { books { id @include(if: $yes) title @skip(if: $yes) } }"
    for yes, name in ((True, "id"), (False, "title"), (True, "id")):
        answer = await ask(query, yes=yes)
        assert [list(book) for book in answer["data"]["books"]] == [[name]] * 3


async def test_arguments_are_those_of_each_request() -> None:
    query = "query($first: Int!) { books { readers(first: $first) { name } } }"
    for first in (0, 3, 1):
        answer = await ask(query, first=first)
        assert [len(book["readers"]) for book in answer["data"]["books"]] == [first] * 3


async def test_ordinary_resolvers_and_permissions_work_beside_it() -> None:
    for schema in BOTH:
        allowed = await schema.execute("{ books { title shout secret } }", context_value=shop())
        assert allowed.data == {
            "books": [{"title": f"Book {n}", "shout": f"BOOK {n}", "secret": f"{n} kooB"} for n in (1, 2, 3)]
        }
        refused = await schema.execute("{ books { title } first { secret } }", context_value=shop(allowed=False))
        assert refused.errors is not None
        assert [(error.message, error.path) for error in refused.errors] == [("Not for you.", ["first", "secret"])]


async def test_extensions_that_resolve_see_every_field() -> None:
    seen: list[str] = []

    class Seeing(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    for schema in make_schemas(extensions=[Seeing]):
        seen.clear()
        await schema.execute("{ books { title pages } }", context_value=shop())
        assert sorted(seen) == ["books", "pages", "pages", "pages", "title", "title", "title"]


async def test_subscriptions_complete_each_event() -> None:
    for schema in BOTH:
        events = await schema.subscribe("subscription { arrivals { title readers { name } } }", context_value=shop())
        found = [event.data async for event in events]
        readers = [[{"name": f"{number}-0"}, {"name": f"{number}-1"}] for number in (1, 2, 3)]
        assert found == [{"arrivals": {"title": f"Book {n}", "readers": readers[n - 1]}} for n in (1, 2, 3)]


async def test_a_new_field_needs_nothing_but_the_field() -> None:
    @strawberry.type
    class Novel(Book):
        subtitle: str | None

    @strawberry.type
    class Library(Query):
        @strawberry.field
        def novels(self) -> list[Novel]:
            return [Novel.of(row(1, subtitle="A tale")), Novel.of(row(2, subtitle=None))]

    schema = strawberry.Schema(query=Library, execution_context_class=BOTH[0].execution_context_class)
    result = await schema.execute("{ novels { title subtitle } }", context_value=shop())
    assert result.data == {"novels": [{"title": "Book 1", "subtitle": "A tale"}, {"title": "Book 2", "subtitle": None}]}


def test_the_schemas_print_the_same() -> None:
    assert BOTH[0].as_str() == BOTH[1].as_str()
