"""Whoever pages through 20,000 runs while others save and delete sees each run that stays exactly once."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from resolvers.backtest_lists import list_backtests
from resolvers.pages import Page, Wanted
from resolvers.paging import PageRequest
from resolvers.store.database import Database
from resolvers.store.tables import backtests
from tests.client import Client
from tests.operations import SAVE
from tests.properties.oracle import ordered
from tests.properties.profiles import is_thorough
from tests.properties.questions import RUN_FIELDS, camel
from tests.properties.rows import Rows, random_runs, store

Order = list[dict[str, str]]
Ask = Callable[..., Awaitable[Page]]
Ways = tuple[bool, ...]
BOTH: Ways = (False, True)
"""Forwards, and backwards."""

ONLY_ROWS = Wanted()
COUNT, PAGE = 20_000, 500
LIGHT: dict[str, Any] = {"parameters": {}, "tags": [], "notes": None, "engine": None}
RUNS = Rows({**run, **LIGHT} for run in random_runs(COUNT))
STAYING = Rows(run for place, run in enumerate(RUNS) if place % 10)
WALK = """
query($by: [BacktestOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  backtests(orderBy: $by, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
DELETE = "mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId errors { message } } }"


class Others:
    """A second client: it saves a run and deletes one, again and again; runs that stay are left alone."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.dice = random.Random(5)
        self.doomed = [str(run["id"]) for run in RUNS[::10]]
        self.dice.shuffle(self.doomed)
        self.changes = 0

    @asynccontextmanager
    async def changing(self) -> AsyncIterator[None]:
        """Change the list all the while."""
        stop = asyncio.Event()
        work = asyncio.ensure_future(self._change_until(stop))
        try:
            yield
        finally:
            stop.set()
            await work

    async def _change_until(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            saved = (await self.client.ask(SAVE, input=self._run()))["saveBacktest"]
            assert saved["created"], saved
            self.doomed.append(saved["backtest"]["id"])
            id = self.doomed.pop(self.dice.randrange(len(self.doomed)))
            deleted = (await self.client.ask(DELETE, id=id))["deleteBacktest"]
            assert deleted["deletedId"] == id
            self.changes += 1
            await asyncio.sleep(0.1)

    def _run(self) -> dict[str, Any]:
        like = self.dice.choice(STAYING)
        names = ("total_return", "sharpe_ratio", "max_drawdown", "beta", "alpha", "calmar_ratio", "average_win")
        return {
            "symbol": like["symbol"].strip() or "X",
            "strategy": like["strategy"].strip() or "x",
            "startDate": like["start_date"].isoformat(),
            "endDate": like["end_date"].isoformat(),
            "createdAt": f"2023-11-{self.dice.randrange(1, 30):02}T12:00:00Z",
            "metrics": {camel(name): like[name] for name in names},
        }


@pytest.fixture(scope="module", autouse=True)
async def rows(shared_database: Database) -> None:
    await store(shared_database, {backtests: RUNS})


@pytest.fixture(autouse=True)
def not_covered(cov: Any) -> Iterator[None]:
    """Do without counting lines: 20,000 runs more or less go through code that other tests reach, too."""
    if cov:
        cov.stop()
    yield
    if cov:
        cov.start()


@pytest.fixture(scope="module")
async def others(dsn: str, rows: None, settings: Settings) -> AsyncIterator[Others]:
    database = await Database.connect(dsn)
    transport = httpx.ASGITransport(create_app(database, settings))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        yield Others(Client(http))
    await database.close()


async def ask_resolver(
    database: Database, by: Order, *, backward: bool, cursor: str | None, wanted: Wanted = ONLY_ROWS
) -> Page:
    """Return a page without its way through GraphQL, which takes longer than the page."""
    place = {"before": cursor} if backward else {"after": cursor}
    order = [(key["field"].lower(), key["direction"] == "DESC") for key in by]
    request = PageRequest(PAGE, backward=backward, **place)
    return await list_backtests(database, conditions={}, order=order, request=request, wanted=wanted)


async def ask_service(client: Client, by: Order, *, backward: bool, cursor: str | None) -> Page:
    """Return a page in the words of the resolver."""
    place = {"last": PAGE, "before": cursor} if backward else {"first": PAGE, "after": cursor}
    page = (await client.ask(WALK, by=by, **place))["backtests"]
    facts = page["pageInfo"]
    cursors = [facts["startCursor"], facts["endCursor"]]
    answer = Page(page["nodes"], has_next=facts["hasNextPage"], has_previous=facts["hasPreviousPage"])
    answer.cursors = cursors
    return answer


async def walk(ask: Ask, *, backward: bool, all_facts: bool) -> list[str]:
    """Return the ids of a whole list, page by page from its start, or from its end if backward."""
    seen: list[str] = []
    cursor, goes_on = None, True
    while goes_on:
        page = await ask(backward=backward, cursor=cursor)
        ids = [str(row["id"]) for row in page.rows]
        goes_on, entered = page.has_next, page.has_previous
        if backward:
            goes_on, entered = entered, goes_on
        assert entered is bool(seen) or not all_facts
        assert len(ids) == PAGE or not goes_on
        seen = ids + seen if backward else seen + ids
        cursor = page.cursors[0 if backward else -1]
    return seen


async def check(others: Others, by: Order, ask: Ask, ways: Ways = BOTH, *, all_facts: bool = False) -> None:
    """Walk these ways while the others change the list."""
    before = others.changes
    async with others.changing():
        walks = await asyncio.gather(*(walk(ask, backward=backward, all_facts=all_facts) for backward in ways))
    assert others.changes > before
    expected = [str(run["id"]) for run in ordered(STAYING, by, tie="id", otherwise="DESC")]
    staying = set(expected)
    for seen in walks:
        assert len(seen) == len(set(seen))
        assert [id for id in seen if id in staying] == expected


@pytest.mark.parametrize("field", RUN_FIELDS)
async def test_a_walk_sees_each_run_that_stays_once_and_in_its_place(
    shared_database: Database, others: Others, field: str
) -> None:
    by = [{"field": field, "direction": "ASC" if len(field) % 2 else "DESC"}]
    way = RUN_FIELDS.index(field) % 2
    await check(others, by, partial(ask_resolver, shared_database, by), BOTH if is_thorough() else BOTH[way : way + 1])


@pytest.mark.parametrize("field", ["CREATED_AT", "START_DATE", "SYMBOL", "TOTAL_TRADES", "SHARPE_RATIO"])
async def test_a_walk_both_ways_says_at_the_ends_and_only_there_that_nothing_is_beyond(
    shared_database: Database, others: Others, field: str
) -> None:
    by = [{"field": field, "direction": "DESC" if len(field) % 2 else "ASC"}]
    ask = partial(ask_resolver, shared_database, by, wanted=Wanted(other_side=True))
    await check(others, by, ask, all_facts=True)


@pytest.mark.parametrize(
    "by",
    [
        [{"field": "CREATED_AT", "direction": "DESC"}],
        [{"field": "SYMBOL"}, {"field": "SHARPE_RATIO", "direction": "ASC"}, {"field": "CREATED_AT"}],
    ],
    ids=["newest", "by three fields"],
)
async def test_a_client_that_walks_both_ways_sees_the_same(service: Client, others: Others, by: Order) -> None:
    await check(others, by, partial(ask_service, service, by), all_facts=True)
