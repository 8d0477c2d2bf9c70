"""Each root field says which scope it needs; one that does not keeps the service from starting."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types.graphql import OperationType

from resolvers.callers import Caller, Scope
from resolvers.store.database import Database
from schema.bulk import Documents
from schema.context import Context
from schema.schema import Schema, make_schema
from schema.scopes import DELETES, READS, WRITES, Undeclared, read_scopes
from tests.operations import UNKNOWN
from tests.statements import counted_statements

REAL = make_schema()
DECLARED = read_scopes(REAL._schema)
WORDS = {"delete": Scope.DELETE, "save": Scope.WRITE, "import": Scope.WRITE, "update": Scope.WRITE}


def one() -> int:
    return 1


async def count() -> AsyncIterator[int]:
    yield 1


@strawberry.type
class Asking:
    one: int = strawberry.field(resolver=one, metadata=READS)


@strawberry.type
class Changing:
    change: int = strawberry.mutation(resolver=one, metadata=WRITES)
    remove: int = strawberry.mutation(resolver=one, metadata=DELETES)


@strawberry.type
class Listening:
    numbers: AsyncIterator[int] = strawberry.subscription(resolver=count, metadata=READS)


@strawberry.type
class AskingSilently:
    @strawberry.field
    def one(self) -> int:
        return 1


@strawberry.type
class AskingPlainly:
    one: int = 1


@strawberry.type
class ChangingSilently:
    @strawberry.mutation
    def change(self) -> int:
        return 1


@strawberry.type
class ListeningSilently:
    @strawberry.subscription
    async def numbers(self) -> AsyncIterator[int]:
        yield 1


@pytest.mark.parametrize(
    ("roots", "named"),
    [
        ((AskingSilently, Changing, Listening), "AskingSilently.one"),
        ((AskingPlainly, Changing, Listening), "AskingPlainly.one"),
        ((Asking, ChangingSilently, Listening), "ChangingSilently.change"),
        ((Asking, Changing, ListeningSilently), "ListeningSilently.numbers"),
    ],
)
def test_a_root_field_without_a_scope_keeps_the_schema_from_being_made(roots: tuple[Any, ...], named: str) -> None:
    with pytest.raises(Undeclared, match=named):
        Schema(*roots, extensions=[Documents])
    Schema(Asking, Changing, Listening, extensions=[Documents])


def test_deletions_need_delete_other_changes_write_and_all_else_read() -> None:
    fields = {name: scope for root in DECLARED.values() for name, scope in root.items()}
    expected = {
        name: next((scope for word, scope in WORDS.items() if name.startswith(word)), Scope.READ) for name in fields
    }
    assert fields == expected
    assert set(fields.values()) == {Scope.READ, Scope.WRITE, Scope.DELETE}


def context(database: Database, *scopes: Scope) -> Context:
    return Context(database, Caller("somebody", frozenset(scopes)))


async def ask(database: Database, query: str, *scopes: Scope, schema: Any = REAL, **asked: Any) -> list[Any]:
    """Return the data, and the code and path of each error."""
    result = await schema.execute(query, context_value=context(database, *scopes), **asked)
    return [result.data, [((error.extensions or {}).get("code"), error.path) for error in result.errors or ()]]


COUNT = "{ backtests(first: 0) { totalCount } }"
FORBIDDEN = [None, [("FORBIDDEN", ["backtests"])]]


async def test_who_lacks_the_scope_is_told_which_and_nothing_is_run(database: Database) -> None:
    with counted_statements() as statements:
        result = await REAL.execute("{ mine: ranking { totalCount } }", context_value=context(database, Scope.WRITE))
    assert (result.data, statements) == (None, [])
    [error] = result.errors or []
    assert error.formatted == {
        "message": "ranking needs the scope read.",
        "path": ["mine"],
        "locations": [{"line": 1, "column": 3}],
        "extensions": {"code": "FORBIDDEN"},
    }


async def test_the_same_text_is_answered_by_what_each_caller_may(database: Database) -> None:
    answer = [{"backtests": {"totalCount": 0}}, []]
    for _ in range(2):
        assert await ask(database, COUNT, Scope.READ) == answer
        assert await ask(database, COUNT) == FORBIDDEN
        assert await ask(database, COUNT, Scope.ADMIN) == answer
        assert await ask(database, COUNT, Scope.WRITE, Scope.DELETE) == FORBIDDEN


@pytest.mark.parametrize(
    "query",
    [
        "{ ...on Query { ... { backtests(first: 0) { totalCount } } } }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { backtests(first: 0) { totalCount } }",
        "{ ...A ...A ...B } fragment A on Query { ...B } fragment B on Query { backtests(first: 0) { totalCount } }",
        "{ __typename @skip(if: true) backtests(first: 0) @skip(if: true) { totalCount } }",
    ],
)
async def test_no_way_of_writing_it_gets_around_the_scope(database: Database, query: str) -> None:
    assert await ask(database, query, Scope.WRITE) == FORBIDDEN
    assert (await ask(database, query, Scope.READ))[1] == []


async def test_each_field_that_may_not_be_asked_is_told(database: Database) -> None:
    query = f"""mutation {{
      a: deleteBacktest(input: {{id: "{UNKNOWN}"}}) {{ deletedId }}
      b: updateBacktest(input: {{id: "{UNKNOWN}"}}) {{ errors {{ code }} }}
      c: deleteBacktest(input: {{id: "{UNKNOWN}"}}) {{ deletedId }}
    }}"""
    assert await ask(database, query, Scope.WRITE) == [None, [("FORBIDDEN", ["a"]), ("FORBIDDEN", ["c"])]]
    assert await ask(database, query, Scope.DELETE) == [None, [("FORBIDDEN", ["b"])]]
    assert (await ask(database, query, Scope.WRITE, Scope.DELETE))[1] == []


async def test_the_scopes_of_the_operation_that_is_run_count(database: Database) -> None:
    change = f'mutation Change {{ deleteBacktest(input: {{id: "{UNKNOWN}"}}) {{ deletedId }} }}'
    both = f"query Ask {COUNT} {change}"
    assert (await ask(database, both, Scope.READ, operation_name="Ask"))[1] == []
    code, path = (await ask(database, both, Scope.READ, operation_name="Change"))[1][0]
    assert (code, path) == ("FORBIDDEN", ["deleteBacktest"])


async def test_the_schema_is_shown_to_every_caller(database: Database) -> None:
    data, errors = await ask(
        database, '{ __typename __schema { queryType { name } } __type(name: "Backtest") { name } }'
    )
    assert (data["__type"], errors) == ({"name": "Backtest"}, [])


async def test_a_wrong_question_is_told_before_its_scope(database: Database) -> None:
    [data, [(code, path)]] = await ask(database, "{ backtests { nothing } }")
    assert (data, code, path) == (None, "BAD_USER_INPUT", None)
    with pytest.raises(InvalidOperationTypeError):
        await ask(database, "mutation { change }", allowed_operation_types=OperationType.from_http("GET"))


async def test_fragments_that_spread_each_other_many_times_are_looked_into_once(database: Database) -> None:
    levels = 40
    fragments = [f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels)]
    last = f"fragment F{levels} on Query {COUNT}"
    schema = Schema(AllSame, extensions=[Documents])
    query = " ".join(["{ ...F0 }", *fragments, last.replace(COUNT, "{ one }")])
    assert await ask(database, query, Scope.WRITE, schema=schema) == [None, [("FORBIDDEN", ["one"])]]


@strawberry.type(name="Query")
class AllSame(Asking):
    pass


async def test_a_subscription_is_refused_before_it_begins(database: Database) -> None:
    schema = Schema(Asking, Changing, Listening, extensions=[Documents])
    for scopes, expected in (((Scope.WRITE,), ["FORBIDDEN"]), ((Scope.READ,), [])):
        events = await schema.subscribe("subscription { numbers }", context_value=context(database, *scopes))
        results = [event async for event in events]
        codes = [(error.extensions or {}).get("code") for each in results for error in each.errors or ()]
        assert codes == expected
