"""Texts beyond a limit are refused with the figure, before anything dear is done with them."""

import re
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, get_introspection_query, parse, specified_rules
from strawberry.types import ExecutionResult

from schema.bulk import documents
from schema.bulk.direct import SHORT
from schema.bulk.documents import find, know
from schema.context import Context
from schema.limits import Limits, read_document
from schema.limits import reading as module
from schema.limits.bounds import INTROSPECTION_DEPTH, MOST_COMPARISONS, MOST_ERRORS, MOST_OPERATIONS, MOST_REPETITIONS
from schema.schema import Schema, make_schema, schema

ROOT = Path(__file__).parents[3]
EXAMPLES = [path.read_text(encoding="utf-8") for path in (ROOT / "api/graphiql/examples").glob("*.graphql")]
README = re.findall(
    r"^```graphql\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
)
RULES = tuple(specified_rules)
CLOSED = Limits(introspection=False)
PAGE = "trades { nodes { backtest { "


def nested(pages: int) -> str:
    """Return a question 2 + 3 * pages + 1 levels deep."""
    return f"{{ backtests {{ nodes {{ {PAGE * pages} id {'} } }' * pages} }} }} }}"


def read(text: str, limits: Limits | None = None) -> tuple[DocumentNode, list[GraphQLError]]:
    return read_document(schema._schema, text, limits or Limits(), RULES, {})


async def execute(text: str, variables: dict[str, Any] | None = None, on: Schema = schema) -> ExecutionResult:
    """Return the answer of a schema without a database: nothing here gets so far as to need one."""
    return await on.execute(text, variables, Context(cast("Any", None)))


def refusal(text: str, limits: Limits | None = None) -> dict[str, Any]:
    """Return the code, figure and limit of a refusal; the message has the figures, too."""
    with pytest.raises(GraphQLError) as caught:
        read(text, limits)
    found = dict(caught.value.extensions or {})
    if "limit" in found and "compared" not in caught.value.message:
        assert f"{found.get('figure', found['limit']):,}" in caught.value.message
    return found


def too_complex(limit: int, figure: int | None = None) -> dict[str, Any]:
    return {"code": "QUERY_TOO_COMPLEX", "limit": limit} | ({} if figure is None else {"figure": figure})


@pytest.mark.parametrize("text", [*EXAMPLES, *README, nested(3), get_introspection_query(input_value_deprecation=True)])
def test_what_people_ask_is_taken(text: str) -> None:
    assert read(text)[1] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ __typename } #" + "x" * 99_985, too_complex(100_000, 100_001)),
        ("{ __typename }" + "\n#" * 5_000, too_complex(5_000)),
        ("{ backtests(filter: " + "[" * 201 + "]" * 201 + ") { totalCount } }", too_complex(200)),
        (nested(4), too_complex(12, 15)),
        ("{ " + " ".join(f"a{index}: __typename" for index in range(31)) + " }", too_complex(30, 31)),
        ("{ __typename " + "@include(if: true) " * 51 + "}", too_complex(50, 51)),
        ("{ " + "__typename " * (MOST_REPETITIONS + 1) + "}", too_complex(MOST_REPETITIONS, MOST_REPETITIONS + 1)),
        (
            " ".join(f"query Q{index} {{ __typename }}" for index in range(MOST_OPERATIONS + 1)),
            too_complex(MOST_OPERATIONS, MOST_OPERATIONS + 1),
        ),
        (
            f"{{ __schema {{ types {{ {'ofType { ' * 18} name {'}' * 18} }} }} }}",
            too_complex(INTROSPECTION_DEPTH, INTROSPECTION_DEPTH + 1),
        ),
        (
            "{ ...F0 } "
            + " ".join(
                f"fragment F{index} on Query {{ a: backtests {{ totalCount }} ...F{index + 1} ...F{index + 1} }}"
                for index in range(22)
            )
            + " fragment F22 on Query { __typename }",
            too_complex(30, 2**22 - 1),
        ),
        (
            "{ "
            + " ".join(f"...F{index}" for index in range(200))
            + " } "
            + " ".join(f"fragment F{index} on Query {{ backtests {{ totalCount }} }}" for index in range(200)),
            too_complex(MOST_COMPARISONS),
        ),
    ],
)
def test_what_goes_beyond_a_limit_is_refused_with_the_figure(text: str, expected: dict[str, Any]) -> None:
    assert refusal(text) == expected


def test_limits_are_reached_and_not_passed() -> None:
    text = "{ " + " ".join(f"a{index}: __typename" for index in range(30)) + " }"
    assert read(text)[1] == []
    assert refusal(text, Limits(aliases=29)) == too_complex(29, 30)
    assert read(nested(3), Limits(depth=12))[1] == []
    assert refusal(nested(3), Limits(depth=11)) == too_complex(11, 12)
    assert refusal("{ __typename }", Limits(characters=13)) == too_complex(13, 14)
    assert refusal("{ __typename }", Limits(tokens=2)) == too_complex(2)


def test_a_refusal_has_its_place() -> None:
    with pytest.raises(GraphQLError) as caught:
        read(f"query Small {{ __typename }}\n{nested(4).replace('{', 'query Deep {', 1)}")
    assert [(place.line, place.column) for place in caught.value.locations or ()] == [(2, 1)]


def test_a_long_text_is_not_parsed_and_a_complex_one_not_validated(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(module, "validate", never)
    assert refusal(nested(4)) == too_complex(12, 15)
    monkeypatch.setattr(module, "parse", never)
    assert refusal(" " * 100_001) == too_complex(100_000, 100_001)


def test_validation_ends_early() -> None:
    _, errors = read("{ " + " ".join(f"nothing{index}" for index in range(1_000)) + " }")
    assert len(errors) == MOST_ERRORS + 1
    assert "error limit reached" in errors[-1].message


def test_what_is_no_document_is_said_so() -> None:
    with pytest.raises(GraphQLSyntaxError):
        read("{ backtests { ")


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { queryType { name } } }",
        '{ x: __type(name: "Query") { name } }',
        "{ ...F } fragment F on Query { ... { __schema { types { name } } } }",
    ],
)
def test_where_introspection_is_off_the_schema_is_not_told(text: str) -> None:
    assert read(text)[1] == []
    assert refusal(text, CLOSED) == {"code": "FORBIDDEN"}
    assert read("{ __typename backtests { nodes { __typename } } }", CLOSED)[1] == []


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("{ backtest { nodes } }", {}),
        ("{ backtests(firsst: 1) { totalCount } }", {}),
        ("{ ranking(by: SHARPE_RATO) { totalCount } }", {}),
        ("{ backtests(filter: {symbl: {eq: 1}}) { totalCount } }", {}),
        ("query($f: BacktestFilte) { backtests(filter: $f) { totalCount } }", {}),
        ("query($f: BacktestFilter) { backtests(filter: $f) { totalCount } }", {"f": {"symbl": {}}}),
        ("query($m: Metric!) { ranking(by: $m) { totalCount } }", {"m": "SHARPE_RATO"}),
    ],
)
async def test_names_are_suggested_only_where_introspection_is_on(text: str, variables: dict[str, Any]) -> None:
    said = []
    for limits in (Limits(), CLOSED):
        result = await execute(text, variables, make_schema(limits=limits))
        said.append([error.formatted["message"] for error in result.errors or ()])
    assert said[1]
    assert "Did you mean" in "".join(said[0])
    assert "Did you mean" not in "".join(said[1])


async def test_only_what_can_be_executed_is_kept() -> None:
    for text in (nested(4), "{ nothing }", "{ backtests {"):
        result = await execute(text)
        assert result.errors
        assert find(schema, text, RULES) is None
    known = know(schema, nested(1), RULES)
    assert find(schema, nested(1), RULES) is known


async def test_the_documents_kept_longest_ago_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_kept", documents.Kept())
    monkeypatch.setattr(documents, "MOST_DOCUMENTS", 2)
    first, second, third = ("{ __typename }" + " " * count for count in range(3))
    for text in (first, second, first, third):
        know(schema, text, RULES)
    assert [find(schema, text, RULES) is not None for text in (first, second, third)] == [True, False, True]


def test_long_documents_are_kept_as_long_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "_kept", documents.Kept())
    texts = ["{ __typename }" + " " * (7_000 + count) for count in range(100)]
    for text in texts:
        for _ in range(2):
            know(schema, text, RULES)
    kept = [text for text in texts if find(schema, text, RULES) is not None]
    room = documents.MOST_CHARACTERS - sum(map(len, kept))
    assert 0 <= room < len(texts[0])
    assert kept == texts[-len(kept) :]


async def test_a_long_text_is_read_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[int, threading.Thread] = {}

    def seen(text: str, **options: Any) -> DocumentNode:
        threads[len(text)] = threading.current_thread()
        return parse(text, **options)

    monkeypatch.setattr(module, "parse", seen)
    short, long = "{ __typename }", "{ __typename }" + " " * SHORT + "#"
    for text in (short + "#", long):
        assert (await execute(text)).data == {"__typename": "Query"}
    assert threads[len(short) + 1] is threading.current_thread()
    assert threads[len(long)] is not threading.current_thread()


async def test_an_operation_that_costs_too_much_is_refused_with_the_cost() -> None:
    text = "query($n: Int!) { backtests(first: $n) { nodes { trades(first: 500) { nodes { id } } } } }"
    result = await execute(text, {"n": 400})
    [error] = result.errors or []
    assert error.message == "The query costs 200,801; at most 50,000 are taken: ask for smaller pages."
    assert error.extensions == too_complex(50_000, 200_801)
    assert schema.cost_of(know(schema, text, RULES), None, {"n": 4}) == 1 + 4 * 502


@pytest.mark.parametrize("depth", [150, 400, 900, 5_000])
async def test_variables_that_nest_too_deep_are_bad_input(depth: int) -> None:
    value: Any = {}
    for _ in range(depth):
        value = {"and": [value]}
    text = (
        "query($f: BacktestFilter, $on: Boolean!) { backtests(filter: $f) { nodes @skip(if: $on) { id } __typename } }"
    )
    result = await execute(text, {"f": value, "on": 7})
    assert {error.extensions["code"] for error in result.errors or () if error.extensions} == {"BAD_USER_INPUT"}
