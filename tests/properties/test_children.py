"""Every page of trades and trials, of many parents at once, is the one that plain Python cuts for each of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.store.database import Database
from resolvers.store.tables import backtests, optimization_trials, optimizations, trades
from tests.client import Client
from tests.properties.oracle import check_page, cut, keys_of, matches, ordered
from tests.properties.profiles import examples
from tests.properties.questions import TRADE_FIELDS, TRIAL_FIELDS, orders, page_sizes, places, trade_filters
from tests.properties.rows import Row, random_optimizations, random_runs, random_trades, random_trials, store
from tests.statements import counted_statements

RUNS = random_runs(30)
TRADES = random_trades(RUNS, most=45)
OPTIMIZATIONS = random_optimizations(RUNS)
TRIALS = random_trials(OPTIMIZATIONS, most=45)

ARGUMENTS = "orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before"
VARIABLES = "$first: Int, $after: String, $last: Int, $before: String"
PAGE = (
    "{ edges { cursor node { id } } nodes { id } totalCount "
    "pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }"
)
ASK_TRADES = f"""
query($filter: TradeFilter, $orderBy: [TradeOrder!], {VARIABLES}) {{
  backtests(first: 500) {{ nodes {{ id trades(filter: $filter, {ARGUMENTS}) {PAGE} }} }}
}}
"""
ASK_TRIALS = f"""
query($orderBy: [TrialOrder!], {VARIABLES}) {{
  backtests(first: 500) {{ nodes {{ optimizations(first: 500) {{ nodes {{ id trials({ARGUMENTS}) {PAGE} }} }} }} }}
}}
"""


@pytest.fixture(scope="module", autouse=True)
async def rows(shared_database: Database) -> None:
    await store(
        shared_database, {backtests: RUNS, trades: TRADES, optimizations: OPTIMIZATIONS, optimization_trials: TRIALS}
    )


@dataclass(frozen=True)
class Kind:
    """A list that each parent has; pages gives the page of each parent by its id."""

    question: str
    rows: Sequence[Row]
    parents: Sequence[Row]
    parent: str
    otherwise: str
    statements: int
    pages: Callable[[Any], Mapping[str, Any]]


def _trade_pages(answer: Any) -> Mapping[str, Any]:
    return {run["id"]: run["trades"] for run in answer["backtests"]["nodes"]}


def _trial_pages(answer: Any) -> Mapping[str, Any]:
    runs = answer["backtests"]["nodes"]
    return {each["id"]: each["trials"] for run in runs for each in run["optimizations"]["nodes"]}


OF_TRADES = Kind(ASK_TRADES, TRADES, RUNS, "backtest_id", "number", 2, _trade_pages)
OF_TRIALS = Kind(ASK_TRIALS, TRIALS, OPTIMIZATIONS, "optimization_id", "rank", 3, _trial_pages)


async def check(
    service: Client, kind: Kind, *, filter: Any, order: Any, size: Any, ends: tuple[int | None, ...]
) -> None:
    """Ask for a page of each parent, between the cursors of rows of any parents, and compare all that is said."""
    said = {"filter": filter} if kind is OF_TRADES else {}
    by = order or [{"field": kind.otherwise.upper()}]
    keys = keys_of(by, tie="number", otherwise="ASC")
    found = [row for row in kind.rows if matches(filter, row)]
    after, before = (found[place % len(found)] if found and place is not None else None for place in ends)
    cursors = await _ask_cursors(service, kind, [row for row in (after, before) if row], orderBy=order, **said)
    with counted_statements() as statements:
        places = {"after": _cursor(cursors, kind, after), "before": _cursor(cursors, kind, before)}
        answer = kind.pages(await service.ask(kind.question, orderBy=order, **said, **size, **places))
    assert len(statements) == kind.statements
    assert len(answer) == len(kind.parents)
    for parent in kind.parents:
        own = ordered([row for row in found if row[kind.parent] == parent["id"]], by, tie="number", otherwise="ASC")
        expected = cut(own, keys, **size, after=after, before=before)
        check_page(answer[str(parent["id"])], [_id(kind, row) for row in expected.rows], expected, len(own))


async def _ask_cursors(service: Client, kind: Kind, rows: Sequence[Row], **said: Any) -> Mapping[str, str]:
    if not rows:
        return {}
    pages = kind.pages(await service.ask(kind.question, **said, first=5000)).values()
    return {edge["node"]["id"]: edge["cursor"] for page in pages for edge in page["edges"]}


def _cursor(cursors: Mapping[str, str], kind: Kind, row: Row | None) -> str | None:
    return None if row is None else cursors[_id(kind, row)]


def _id(kind: Kind, row: Row) -> str:
    return f"{row[kind.parent]}:{row['number']}"


@examples(40)
@given(filter=trade_filters, order=orders(*TRADE_FIELDS), size=page_sizes(), ends=st.tuples(places, places))
async def test_pages_of_the_trades_of_many_runs_are_right(
    service: Client, filter: Any, order: Any, size: Any, ends: tuple[int | None, ...]
) -> None:
    await check(service, OF_TRADES, filter=filter, order=order, size=size, ends=ends)


@examples(25)
@given(order=orders(*TRIAL_FIELDS), size=page_sizes(), ends=st.tuples(places, places))
async def test_pages_of_the_trials_of_many_optimizations_are_right(
    service: Client, order: Any, size: Any, ends: tuple[int | None, ...]
) -> None:
    await check(service, OF_TRIALS, filter={}, order=order, size=size, ends=ends)
