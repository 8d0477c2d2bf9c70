"""Whatever a client puts into a filter, order or page size is answered or refused with a reason, never broken by."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.store.database import Database
from resolvers.store.tables import backtests, trades
from schema.operators import MOST_CONDITIONS, MOST_NESTED
from tests.client import Client
from tests.properties.profiles import examples
from tests.properties.questions import RUN_FIELDS
from tests.properties.rows import random_runs, random_trades, store

RUNS = random_runs(30)
TRADES = random_trades(RUNS, most=9)
ASK = "query($filter: BacktestFilter) { backtests(filter: $filter, first: 2) { totalCount nodes { id } } }"
ASK_TRADES = """
query($filter: TradeFilter) { backtests(first: 2) { nodes { trades(filter: $filter) { totalCount nodes { id } } } } }
"""
REFUSED = {"BAD_USER_INPUT"}
Conditions = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
async def rows(shared_database: Database) -> None:
    await store(shared_database, {backtests: RUNS, trades: TRADES})


async def post(client: Client, question: str, **variables: Any) -> tuple[set[str], str]:
    """Send what no careful client would, and return the codes and messages of the errors."""
    body = json.dumps({"query": question, "variables": variables})
    response = await client.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {200, 400}, response.text
    errors = response.json().get("errors", [])
    return {error.get("extensions", {}).get("code") for error in errors}, " ".join(error["message"] for error in errors)


async def count(client: Client, filter: Conditions) -> int:
    total: int = (await client.ask(ASK, filter=filter))["backtests"]["totalCount"]
    return total


@pytest.mark.parametrize(
    ("filter", "path"),
    [
        ({"symbol": None}, "filter.symbol"),
        ({"symbol": {"eq": None}}, "filter.symbol.eq"),
        ({"symbol": {"startsWith": None}}, "filter.symbol.startsWith"),
        ({"createdAt": {"gt": None}}, "filter.createdAt.gt"),
        ({"startDate": {"lte": None}}, "filter.startDate.lte"),
        ({"id": {"notIn": None}}, "filter.id.notIn"),
        ({"tags": {"hasAny": None}}, "filter.tags.hasAny"),
        ({"status": {"in": None}}, "filter.status.in"),
        ({"metrics": {"sharpeRatio": {"isNull": None}}}, "filter.metrics.sharpeRatio.isNull"),
        ({"metrics": {"totalTrades": None}}, "filter.metrics.totalTrades"),
        ({"parameters": [{"name": "a", "exists": True}, {"name": "b", "number": None}]}, "filter.parameters.1.number"),
        ({"and": None}, "filter.and"),
        ({"not": None}, "filter.not"),
        ({"or": [{}, {"not": {"and": [{"notes": {"ne": None}}]}}]}, "filter.or.1.not.and.0.notes.ne"),
    ],
)
async def test_a_null_operand_is_refused_and_its_place_is_named(service: Client, filter: Conditions, path: str) -> None:
    (error,) = await service.refuse(ASK, filter=filter)
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert error["message"].startswith(f"{path} is null")


@pytest.mark.parametrize("question", [ASK, ASK_TRADES])
async def test_no_filter_and_an_empty_one_match_everything(service: Client, question: str) -> None:
    assert await service.ask(question, filter=None) == await service.ask(question, filter={})


@pytest.mark.parametrize(
    "operand", ["1e999", "-1e999", "1" + 400 * "0", "-1" + 400 * "0"], ids=["1e999", "-1e999", "huge", "-huge"]
)
async def test_a_number_that_is_not_finite_is_refused(service: Client, operand: str) -> None:
    literal = f"{{ backtests(filter: {{metrics: {{beta: {{gt: {operand}}}}}}}) {{ totalCount }} }}"
    assert await post(service, literal) == (REFUSED, "filter.metrics.beta.gt is not a finite number.")
    body = json.dumps({"query": ASK_TRADES, "variables": {"filter": {"pnl": {"ne": 1}}}}).replace(
        "1}", f"{operand}}}", 1
    )
    response = await service.http.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code in {200, 400}
    assert "INTERNAL" not in response.text
    assert response.json()["errors"]


@pytest.mark.parametrize("operand", [float("nan"), float("inf"), float("-inf")])
async def test_what_python_writes_for_no_number_is_refused(service: Client, operand: float) -> None:
    for filter in ({"metrics": {"beta": {"eq": operand}}}, {"parameters": [{"name": "a", "number": {"lt": operand}}]}):
        assert (await post(service, ASK, filter=filter))[0] == REFUSED
    assert (await post(service, ASK_TRADES, filter={"pnl": {"ne": operand}}))[0] == REFUSED


@pytest.mark.parametrize(
    "filter",
    [
        {"symbol": {"eq": "a\x00"}},
        {"symbol": {"in": ["a", "\x00"]}},
        {"notes": {"contains": "\x00", "caseSensitive": False}},
        {"tags": {"hasNone": ["\x00"]}},
        {"parameters": [{"name": "\x00", "exists": True}]},
        {"parameters": [{"name": "a", "string": {"ne": "\x00"}}]},
        {"id": {"eq": "\x00"}},
        {"id": {"in": ["x"]}},
        {"id": {"eq": "{01890a5d-ac96-774b-bcce-b302099a8057}"}},
        {"createdAt": {"gt": "2024-02-30T00:00:00Z"}},
        {"createdAt": {"lt": "99999-01-01T00:00:00Z"}},
        {"createdAt": {"lt": 5}},
        {"startDate": {"eq": "2024-13-01"}},
        {"startDate": {"eq": "0000-01-01"}},
        {"endDate": {"gt": ""}},
        {"metrics": {"totalTrades": {"eq": 2**31}}},
        {"metrics": {"totalTrades": {"in": [1.5]}}},
        {"parameters": [{"name": "a"}]},
        {"parameters": [{"name": "a", "boolean": True, "exists": True}]},
        {"parameters": [{"exists": True}]},
        {"status": {"eq": "DONE"}},
        {"colour": {"eq": "red"}},
    ],
    ids=json.dumps,
)
async def test_an_operand_that_cannot_be_is_refused(service: Client, filter: Conditions) -> None:
    codes, message = await post(service, ASK, filter=filter)
    assert codes == REFUSED
    assert message


async def test_half_a_character_is_refused_as_a_request_that_cannot_be_read(service: Client) -> None:
    codes, _ = await post(service, ASK, filter={"symbol": {"eq": "\ud800"}})
    assert codes == {"BAD_USER_INPUT"}


async def test_empty_lists_mean_what_logic_says(service: Client) -> None:
    everything = len(RUNS)
    nothing: list[Conditions] = [{"or": []}, {"symbol": {"in": []}}, {"id": {"in": []}}, {"tags": {"hasAny": []}}]
    nothing += [{"symbol": {"in": [], "caseSensitive": False}}, {"metrics": {"totalTrades": {"in": []}}}, {"not": {}}]
    for filter in nothing:
        assert await count(service, filter) == 0
        assert await count(service, {"not": filter}) == everything
    for filter in (
        {"and": []},
        {"symbol": {"notIn": []}},
        {"tags": {"hasAll": []}},
        {"parameters": []},
        {"symbol": {}},
    ):
        assert await count(service, filter) == everything


@pytest.mark.parametrize("sensitive", [True, False])
async def test_a_list_may_have_ten_thousand_values_and_more(service: Client, sensitive: bool) -> None:
    words = [f"X{number}" for number in range(40_000)]
    symbols = {run["symbol"] for run in RUNS}
    filter = {"symbol": {"in": [*words, *symbols], "caseSensitive": sensitive}}
    assert await count(service, filter) == len(RUNS)
    filter = {"symbol": {"notIn": words, "caseSensitive": sensitive}, "tags": {"hasNone": words}}
    assert await count(service, filter) == len(RUNS)
    ids = [f"00000000-0000-4000-8000-{number:012}" for number in range(10_000)]
    assert await count(service, {"id": {"notIn": ids}}) == len(RUNS)
    assert await count(service, {"metrics": {"totalTrades": {"in": list(range(10_000))}}}) > 0


def nested(levels: int, *, alternating: bool) -> Conditions:
    filter: Conditions = {"symbol": {"ne": "nothing"}}
    for level in range(levels):
        word = "or" if level % 2 and alternating else "and"
        filter = {word: [{"strategy": {"eq": str(level)}}, filter]} if alternating else {"not": filter}
    return filter


@pytest.mark.parametrize("alternating", [True, False])
async def test_a_filter_nests_fifty_levels_deep(service: Client, alternating: bool) -> None:
    assert await count(service, nested(MOST_NESTED, alternating=alternating)) >= 0


@pytest.mark.parametrize("levels", [MOST_NESTED + 1, 95, 150, 200, 400])
@pytest.mark.parametrize("alternating", [True, False])
async def test_a_filter_that_nests_too_deep_is_refused(service: Client, levels: int, alternating: bool) -> None:
    codes, message = await post(service, ASK, filter=nested(levels, alternating=alternating))
    assert codes == REFUSED
    assert "deep" in message


@pytest.mark.parametrize("levels", [MOST_NESTED + 1, 150, 190, 1000])
async def test_a_filter_that_nests_too_deep_in_the_document_is_refused(service: Client, levels: int) -> None:
    inside = nested(min(levels, 190), alternating=False)
    literal = "{not: " * levels + "$filter" + "}" * levels
    question = f"query($filter: BacktestFilter!) {{ backtests(filter: {literal}) {{ totalCount }} }}"
    codes, message = await post(service, question, filter=inside)
    assert codes == (REFUSED if levels < 200 else {"QUERY_TOO_COMPLEX"})
    assert "deep" in message


async def test_a_filter_has_a_limited_number_of_conditions(service: Client) -> None:
    conditions = [
        {"parameters": [{"name": f"a.{number}", "number": {"eq": number}}]} for number in range(MOST_CONDITIONS)
    ]
    assert await count(service, {"or": conditions}) == 0
    codes, message = await post(service, ASK, filter={"or": [*conditions, {"symbol": {"eq": "x"}}]})
    assert codes == REFUSED
    assert str(MOST_CONDITIONS) in message


@pytest.mark.parametrize("name", ["", ".", "..", "a" * 10_000, ".".join("a" * 5_000), "ü.🚀", "'", '"', "{}", "a.0.-1"])
async def test_a_parameter_may_have_any_name(service: Client, name: str) -> None:
    asked: list[Conditions] = [{"number": {"eq": 1}}, {"string": {"eq": "x"}}, {"boolean": True}, {"exists": False}]
    for kind in asked:
        total = await count(service, {"parameters": [{"name": name, **kind}]})
        assert total + await count(service, {"not": {"parameters": [{"name": name, **kind}]}}) == len(RUNS)


async def test_an_order_may_name_a_field_any_number_of_times(service: Client) -> None:
    ask = "query($by: [BacktestOrder!]) { backtests(orderBy: $by, first: 30) { nodes { id } } }"
    fields = [{"field": field} for field in RUN_FIELDS]
    assert await service.ask(ask, by=fields * 100) == await service.ask(ask, by=fields)


ROOT = "{ backtests(%s) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("first: 1, last: 1", "Ask for first or last, not for both."),
        ("first: 0, last: 0", "Ask for first or last, not for both."),
        ("first: -1", "first must not be negative: -1."),
        ("last: -2147483648", "last must not be negative: -2147483648."),
        ("first: 501", "first is 501 and at most 500 are given at once: ask for pages."),
        ("last: 2147483647", "last is 2147483647 and at most 500 are given at once: ask for pages."),
    ],
)
async def test_a_page_that_cannot_be_is_refused(service: Client, arguments: str, message: str) -> None:
    assert await post(service, ROOT % arguments) == (REFUSED, message)


@pytest.mark.parametrize("size", ["first", "last"])
async def test_a_page_of_trades_may_have_five_thousand(service: Client, size: str) -> None:
    ask = "{ backtests(first: 1) { nodes { trades(%s: %d) { totalCount } } } }"
    assert (await post(service, ask % (size, 5000)))[0] == set()
    refused = f"{size} is 5001 and at most 5000 are given at once: ask for pages."
    assert await post(service, ask % (size, 5001)) == (REFUSED, refused)


async def test_a_page_of_none_is_empty_and_tells_what_there_is(service: Client) -> None:
    empty = {"totalCount": len(RUNS), "nodes": []}
    nowhere = {"startCursor": None, "endCursor": None}
    cursor = (await service.ask("{ backtests(first: 1) { pageInfo { endCursor } } }"))["backtests"]["pageInfo"][
        "endCursor"
    ]
    expected = {
        "first: 0": (True, False),
        "last: 0": (False, True),
        f'first: 0, after: "{cursor}"': (True, True),
        f'last: 0, before: "{cursor}"': (True, False),
        'first: 0, filter: {symbol: {eq: "nothing"}}': (False, False),
    }
    for arguments, (has_next, has_previous) in expected.items():
        answer = (await service.ask(ROOT % arguments))["backtests"]
        assert answer.pop("pageInfo") == {"hasNextPage": has_next, "hasPreviousPage": has_previous, **nowhere}
        assert answer == (empty if "nothing" not in arguments else {"totalCount": 0, "nodes": []})


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=6)
    | st.dates().map(str)
    | st.datetimes().map(str)
    | st.sampled_from(("COMPLETED", "0001-01-01", "9999-12-31T23:59:59.9999999+23:59", "1", "-0", "now", "NaT", "nan"))
    | st.uuids().map(str)
)
operators = st.sampled_from(
    (
        *("eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte", "isNull", "contains", "startsWith", "caseSensitive"),
        *("hasAll", "hasAny", "hasNone", "beta", "totalTrades", "name", "number", "string", "boolean", "exists"),
    )
)
fields = st.sampled_from(
    (
        *(
            "and",
            "or",
            "not",
            "id",
            "symbol",
            "status",
            "notes",
            "createdAt",
            "startDate",
            "tags",
            "metrics",
            "parameters",
        ),
        *("direction", "pnl", "entryTime", "exitTime", "isOpen", "exitReason"),
    )
)
operands = st.dictionaries(operators, scalars | st.lists(scalars, max_size=3), max_size=3)
anything = st.recursive(
    scalars | operands | st.lists(operands, max_size=2),
    lambda inner: st.dictionaries(operators | fields, inner, max_size=2) | st.lists(inner, max_size=2),
    max_leaves=4,
)


@examples(150)
@given(filter=st.dictionaries(fields, anything, max_size=2), question=st.sampled_from((ASK, ASK_TRADES)))
async def test_any_json_as_a_filter_is_answered_or_refused(service: Client, filter: Conditions, question: str) -> None:
    codes, _ = await post(service, question, filter=filter)
    assert codes <= {"BAD_USER_INPUT", None}


@examples(60)
@given(
    written=st.text(st.characters(codec="utf-8"), max_size=12) | st.from_regex(r"[0-9TZ:+. -]{4,30}", fullmatch=True)
)
async def test_any_text_as_a_time_or_day_is_answered_or_refused(service: Client, written: str) -> None:
    for filter in ({"createdAt": {"gt": written}}, {"startDate": {"lt": written}}):
        codes, _ = await post(service, ASK, filter=filter)
        assert codes <= REFUSED
