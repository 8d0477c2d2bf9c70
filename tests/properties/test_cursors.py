"""A cursor works in its own list, order and filter; any other text is a BAD_CURSOR and never an error of ours."""

import base64
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from resolvers.store.database import Database
from resolvers.store.tables import backtests, optimization_trials, optimizations, trades
from tests.client import Client
from tests.properties.profiles import examples
from tests.properties.questions import RUN_FIELDS, TRADE_FIELDS, TRIAL_FIELDS
from tests.properties.rows import random_optimizations, random_runs, random_trades, random_trials, store

RUNS = random_runs(12)
TRADES = random_trades(RUNS, most=9)
OPTIMIZATIONS = random_optimizations(RUNS)
TRIALS = random_trials(OPTIMIZATIONS, most=9)

FACTS = "edges { cursor } totalCount pageInfo { hasNextPage hasPreviousPage }"
PLACES = "first: $first, after: $after, last: $last, before: $before"
RUNS_IN_ORDER = f"backtests(orderBy: {{field: %s}}, {PLACES}) {{ {FACTS} }}"
TRADES_IN_ORDER = f"backtests(first: 30) {{ nodes {{ trades(orderBy: {{field: %s}}, {PLACES}) {{ {FACTS} }} }} }}"
TRIALS_IN_ORDER = (
    "backtests(first: 30) { nodes { optimizations { nodes { trials(orderBy: {field: %s}, "
    + PLACES
    + ") { "
    + FACTS
    + " } } } } }"
)
LISTS = {
    **{f"backtests by {field}": RUNS_IN_ORDER % field for field in RUN_FIELDS},
    **{f"trades by {field}": TRADES_IN_ORDER % field for field in TRADE_FIELDS},
    **{f"trials by {field}": TRIALS_IN_ORDER % field for field in TRIAL_FIELDS},
    "backtests up": f"backtests(orderBy: {{field: CREATED_AT, direction: ASC}}, {PLACES}) {{ {FACTS} }}",
    "backtests by two": f"backtests(orderBy: [{{field: SYMBOL}}, {{field: BETA}}], {PLACES}) {{ {FACTS} }}",
    "backtests of a filter": f'backtests(filter: {{symbol: {{ne: "x"}}}}, {PLACES}) {{ {FACTS} }}',
    "backtests of another": f'backtests(filter: {{symbol: {{ne: "y"}}}}, {PLACES}) {{ {FACTS} }}',
    "backtests with a metric": f"backtests(filter: {{metrics: {{beta: {{lt: 1e308}}}}}}, {PLACES}) {{ {FACTS} }}",
    "trades of a filter": (
        "backtests(first: 30) { nodes { trades(filter: {isOpen: true}, first: $first, after: $after) "
        "{ " + FACTS + " } } }"
    ),
    "backtests by a computed metric": (
        f"backtests(orderBy: {{field: SHARPE_RATIO, basis: COMPUTED}}, {PLACES}) {{ {FACTS} }}"
    ),
    "backtests with a computed metric": (
        f"backtests(filter: {{metrics: {{basis: COMPUTED, totalTrades: {{gte: 0}}}}}}, {PLACES}) {{ {FACTS} }}"
    ),
    "ranking": f"ranking(minTrades: 0, first: $first, after: $after) {{ {FACTS} }}",
    "ranking by another": f"ranking(by: BETA, minTrades: 0, first: $first, after: $after) {{ {FACTS} }}",
    "ranking by computed": f"ranking(basis: COMPUTED, minTrades: 0, first: $first, after: $after) {{ {FACTS} }}",
    "ranking by deflated": f"ranking(by: DEFLATED_SHARPE, minTrades: 0, first: $first, after: $after) {{ {FACTS} }}",
    "optimizations": "backtests(first: 30) { nodes { optimizations(first: $first, after: $after) { " + FACTS + " } } }",
}


@pytest.fixture(scope="module", autouse=True)
async def cursors(shared_database: Database, service: Client) -> dict[str, str]:
    """A cursor of each list."""
    values = dict.fromkeys(("sharpe_ratio", "computed_sharpe_ratio", "beta", "deflated_sharpe_ratio"), 1.0)
    runs = [{**run, **values, "status": "COMPLETED", "total_trades": 1} for run in RUNS]
    await store(
        shared_database,
        {backtests: runs, trades: TRADES, optimizations: OPTIMIZATIONS, optimization_trials: TRIALS},
    )
    return {name: found((await ask(service, question, first=1))["data"])[0] for name, question in LISTS.items()}


async def ask(client: Client, question: str, **variables: Any) -> dict[str, Any]:
    kinds = {"first": "Int", "after": "String", "last": "Int", "before": "String"}
    declared = ", ".join(f"${name}: {kind}" for name, kind in kinds.items() if f"${name}" in question)
    return await client.post(f"query({declared}) {{ {question} }}", **variables)


def found(answer: Any) -> list[str]:
    """Return the cursors in an answer, at whatever depth."""
    if isinstance(answer, dict):
        return [answer["cursor"]] if "cursor" in answer else found(list(answer.values()))
    return [cursor for each in answer for cursor in found(each)] if isinstance(answer, list) else []


def codes(answer: Any) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", [])}


@pytest.mark.parametrize("name", LISTS)
async def test_a_cursor_of_another_order_filter_or_list_is_refused(
    service: Client, cursors: dict[str, str], name: str
) -> None:
    names = list(LISTS)
    place = names.index(name)
    for other in {*names[place - 2 : place], *names[-12::2]} - {name}:
        assert codes(await ask(service, LISTS[name], after=cursors[other])) == {"BAD_CURSOR"}, other
    assert codes(await ask(service, LISTS[name], after=cursors[name])) == set()


@pytest.mark.parametrize("place", ["after", "before"])
async def test_a_cursor_that_is_none_is_refused_even_for_an_empty_page(service: Client, place: str) -> None:
    size = {"first" if place == "after" else "last": 0}
    for cursor in ("", "x", "null", "\x00", "ä", "MTI=", "W10", "WzFd", "e30", "bnVsbA"):
        answer = await ask(service, LISTS["backtests by CREATED_AT"], **{place: cursor}, **size)
        assert codes(answer) == {"BAD_CURSOR"}, cursor
        assert "cursor" in answer["errors"][0]["message"]


def encode(payload: bytes) -> str:
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")


def read(cursor: str) -> list[Any]:
    values: list[Any] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return values


def forge(cursor: str, values: list[Any]) -> str:
    """Return a cursor with the mark of this one and other values."""
    return encode(json.dumps([read(cursor)[0], *values]).encode())


RUN = "01890a5d-ac96-774b-bcce-b302099a8057"
WRONG: tuple[Any, ...] = (
    *(True, False, [], {}, [1], "", "x", "NaN", "inf", "a\x00b", "\ud800", "2024-13-01", "10000-01-01", "0"),
    *(2**31, -(2**31) - 1, 2**63, -(2**63), 2**64, 10**400, 1.5, 1e400, float("nan"), -1e400, 253_402_300_800_000_000),
)
TEXTS = ("", "x", "NaN", "inf", "2024-13-01", "10000-01-01", "0")
COLUMNS: dict[str, tuple[Any, ...]] = {
    "backtests by CREATED_AT": (2**31, -(2**31) - 1),
    "backtests by START_DATE": (),
    "backtests by SYMBOL": TEXTS,
    "backtests by BETA": (1.5, 2**64),
    "backtests by TOTAL_TRADES": (),
    "trades by NUMBER": (),
    "trades by EXIT_TIME": (2**31, -(2**31) - 1),
    "trials by SHARPE_RATIO": (1.5, 2**64),
    "optimizations": (2**31, -(2**31) - 1),
    "ranking": (1.5, 2**64),
    "ranking by deflated": (1.5, 2**64),
}
"""What of all that the first column of an order can hold."""


@pytest.mark.parametrize("name", COLUMNS)
async def test_a_cursor_with_a_value_that_its_column_cannot_hold_is_refused(
    service: Client, cursors: dict[str, str], name: str
) -> None:
    _, first, last = read(cursors[name])
    for value in WRONG:
        answer = await ask(service, LISTS[name], after=forge(cursors[name], [value, last]))
        taken = value in COLUMNS[name] and not isinstance(value, bool)
        assert codes(answer) == (set() if taken else {"BAD_CURSOR"}), value
        answer = await ask(service, LISTS[name], after=forge(cursors[name], [first, value]))
        assert codes(answer) == {"BAD_CURSOR"}, value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(WRONG)
    | st.floats()
    | st.text(st.characters(), max_size=5)
    | st.dates().map(str)
    | st.uuids().map(str)
    | st.integers(-(2**70), 2**70),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=5,
)


@examples(60)
@given(
    name=st.sampled_from(sorted(LISTS)),
    payload=st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()),
)
@example(name="backtests by BETA", payload=b"[" * 100_000)
async def test_junk_in_base64_is_refused(service: Client, name: str, payload: bytes) -> None:
    assert codes(await ask(service, LISTS[name], after=encode(payload))) == {"BAD_CURSOR"}


@examples(40)
@given(name=st.sampled_from(sorted(LISTS)), text=st.text(st.characters(codec="utf-8")))
async def test_any_text_that_is_no_cursor_is_refused(service: Client, name: str, text: str) -> None:
    assert codes(await ask(service, LISTS[name], after=text)) == {"BAD_CURSOR"}


@examples(120)
@given(
    name=st.sampled_from(sorted(LISTS)),
    values=st.lists(json_values, max_size=4)
    | st.builds(lambda value: [value, RUN], json_values)
    | st.builds(lambda value: [value, 1], json_values),
    backward=st.booleans(),
)
async def test_a_forged_cursor_is_refused_or_taken_but_breaks_nothing(
    service: Client, cursors: dict[str, str], name: str, values: list[Any], backward: bool
) -> None:
    cursor = forge(cursors[name], values)
    place = {"before": cursor, "last": 2} if backward and "$before" in LISTS[name] else {"after": cursor, "first": 2}
    assert codes(await ask(service, LISTS[name], **place)) <= {"BAD_CURSOR"}
