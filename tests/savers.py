"""Clients that save runs one after the other, whatever happens to the service, and what must be true of it then."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Self
from uuid import uuid4

import httpx
import orjson

from tests.client import Client
from tests.operations import RUN, SAVE

TRADES = [{"entryTime": "2024-01-02", "entryPrice": 1.0, "exitTime": "2024-01-03", "pnl": 1.0}] * 40
CURVE = {"values": [1.0] * 31}
WHOLE = (len(TRADES), 31)
"""How many trades and points of its curve each saved run has."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A save that was said to be stored; times of the monotonic clock, in seconds."""

    id: str
    asked_at: float
    answered_at: float


class Savers:
    """Each client saves under ids of its own choice; a save that got no answer is sent again under the same id."""

    def __init__(self, url: str, *, clients: int = 8) -> None:
        self.url = url
        self.acknowledged: list[Acknowledged] = []
        self.errors: Counter[str] = Counter()
        self._clients = clients
        self._stopping = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._tasks = [asyncio.create_task(self._save_on()) for _ in range(self._clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def ids(self) -> set[str]:
        """The ids that were acknowledged."""
        return {each.id for each in self.acknowledged}

    async def have_saved(self, more: int, *, seconds: float = 60) -> None:
        """Wait until so many more saves were acknowledged."""
        wanted = len(self.acknowledged) + more
        deadline = time.monotonic() + seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, self.errors
            for task in self._tasks:
                assert not task.done(), task.exception()
            await asyncio.sleep(0.02)

    def seconds_until_an_answer(self, since: float) -> float:
        """Return how long it took from an instant until a save that was asked for after it was acknowledged."""
        return min(each.answered_at for each in self.acknowledged if each.asked_at > since) - since

    async def _save_on(self) -> None:
        async with httpx.AsyncClient(timeout=60) as http:
            while not self._stopping:
                await self._save_surely(http, str(uuid4()))

    async def _save_surely(self, http: httpx.AsyncClient, id: str) -> None:
        for _ in range(10_000):
            if await self._save(http, id):
                return
            await asyncio.sleep(0.05)

    async def _save(self, http: httpx.AsyncClient, id: str) -> bool:
        given = RUN | {"id": id, "trades": TRADES, "equityCurve": CURVE}
        asked_at = time.monotonic()
        try:
            body = {"query": SAVE, "variables": {"input": given}}
            response = await http.post(f"{self.url}/graphql", json=body)
            assert response.content.startswith(b"{"), (response, response.headers, response.text)
            answer = orjson.loads(response.content)
        except httpx.TransportError as error:
            self.errors[type(error).__name__] += 1
            return False
        if "errors" in answer:
            self.errors.update(error["extensions"]["code"] for error in answer["errors"])
            return False
        assert answer["data"]["saveBacktest"]["errors"] == []
        self.acknowledged.append(Acknowledged(id, asked_at, time.monotonic()))
        return True


async def sizes_of_runs(client: Client) -> dict[str, tuple[int, int]]:
    """Return how many trades and points of its curve each stored run has."""
    found: dict[str, tuple[int, int]] = {}
    after = None
    query = """query($after: String) { backtests(first: 500, after: $after) {
      nodes { id trades(first: 0) { totalCount } equityCurve { length } } pageInfo { hasNextPage endCursor }
    } }"""
    while True:
        page = (await client.ask(query, after=after))["backtests"]
        for run in page["nodes"]:
            curve = run["equityCurve"] or {"length": 0}
            found[run["id"]] = (run["trades"]["totalCount"], curve["length"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return found


async def check_saved(url: str, savers: Savers) -> int:
    """Fail where an acknowledged run is missing or any run is partial; return how many runs there are."""
    known = savers.ids  # those of now: the clients go on
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        sizes = await sizes_of_runs(Client(http))
    assert known - sizes.keys() == set(), "acknowledged saves were lost"
    assert set(sizes.values()) == {WHOLE}
    return len(sizes)
