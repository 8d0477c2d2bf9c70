"""Whoever pages through 20,000 runs while others save and delete sees each run that stays exactly once."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from api.app import create_app
from resolvers.store.database import Database
from resolvers.store.tables import backtests
from tests.client import Client
from tests.operations import SAVE
from tests.properties.oracle import ordered
from tests.properties.questions import RUN_FIELDS, camel
from tests.properties.rows import Rows, random_runs, store

COUNT, PAGE = 20_000, 500
LIGHT: dict[str, Any] = {"parameters": {}, "tags": [], "notes": None, "engine": None}
RUNS = Rows({**run, **LIGHT} for run in random_runs(COUNT))
STAYING = Rows(run for place, run in enumerate(RUNS) if place % 10)
WALK = """
query($by: [BacktestOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  backtests(orderBy: $by, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } pageInfo { %s }
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
async def others(dsn: str, rows: None) -> AsyncIterator[Others]:
    database = await Database.connect(dsn)
    transport = httpx.ASGITransport(create_app(database))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        yield Others(Client(http))
    await database.close()


async def walk(client: Client, by: Any, *, backward: bool, entered: bool) -> list[str]:
    """Return the ids of a whole list, page by page from its start, or from its end if backward.

    entered: ask each page, too, whether there is one on the side that it was entered from, which costs more.
    """
    size, place, edge = ("last", "before", "startCursor") if backward else ("first", "after", "endCursor")
    more, other = ("hasPreviousPage", "hasNextPage") if backward else ("hasNextPage", "hasPreviousPage")
    question = WALK % f"{edge} {more} {other if entered else ''}"
    seen: list[str] = []
    cursor, goes_on = None, True
    while goes_on:
        page = (await client.ask(question, by=by, **{size: PAGE, place: cursor}))["backtests"]
        ids, facts = [node["id"] for node in page["nodes"]], page["pageInfo"]
        assert facts.get(other, bool(seen)) is bool(seen)
        assert len(ids) == PAGE or not facts[more]
        seen = ids + seen if backward else seen + ids
        cursor, goes_on = facts[edge], facts[more]
    return seen


async def check(client: Client, others: Others, by: Any, *, entered: bool = False) -> None:
    """Walk both ways while the others change the list."""
    before = others.changes
    async with others.changing():
        walks = [walk(client, by, backward=backward, entered=entered) for backward in (False, True)]
        both = await asyncio.gather(*walks)
    assert others.changes > before
    expected = [str(run["id"]) for run in ordered(STAYING, by, tie="id", otherwise="DESC")]
    staying = set(expected)
    for seen in both:
        assert len(seen) == len(set(seen))
        assert [id for id in seen if id in staying] == expected


@pytest.mark.parametrize("key", RUN_FIELDS)
async def test_a_walk_both_ways_sees_each_run_that_stays_once_and_in_its_place(
    service: Client, others: Others, key: str
) -> None:
    await check(service, others, [{"field": key, "direction": "ASC" if len(key) % 2 else "DESC"}])


@pytest.mark.parametrize(
    "by",
    [
        [{"field": "CREATED_AT"}],
        [{"field": "SYMBOL"}, {"field": "SHARPE_RATIO", "direction": "ASC"}, {"field": "CREATED_AT"}],
    ],
    ids=["newest", "by three fields"],
)
async def test_only_the_pages_at_the_ends_say_that_nothing_is_beyond(service: Client, others: Others, by: Any) -> None:
    await check(service, others, by, entered=True)
