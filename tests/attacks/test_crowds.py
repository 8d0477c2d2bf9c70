"""Many at once are served, each of them."""

import asyncio
import time
from collections.abc import Callable

import httpx
import pytest

from tests.attacks.innocence import check
from tests.operations import RUN, SAVE_MANY
from tests.service import Service

CLIENTS, QUERIES = 100, 3
PAGE = """{ backtests(first: 500) { totalCount nodes {
  id symbol strategy status createdAt startDate endDate parameters tags
  metrics { sharpeRatio sortinoRatio totalReturn maxDrawdown profitFactor totalTrades winRate }
} } }"""


async def ask(http: httpx.AsyncClient) -> float:
    """Return how many seconds an answer took."""
    start = time.perf_counter()
    answer = check(await http.post("/graphql", json={"query": PAGE}))
    assert "errors" not in answer, answer
    assert len(answer["data"]["backtests"]["nodes"]) == 500
    return time.perf_counter() - start


async def come(url: str) -> list[float]:
    """Ask for some full pages, one after the other, over a connection of one's own."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        return [await ask(http) for _ in range(QUERIES)]


@pytest.fixture
def crowded(attacked: Service) -> Service:
    """The service with as many runs as the largest page holds."""
    runs = [RUN | {"parameters": {"n": n}, "metrics": {"sharpeRatio": n / 7, "totalTrades": n}} for n in range(500)]
    check(httpx.post(f"{attacked.url}/graphql", json={"query": SAVE_MANY, "variables": {"inputs": runs}}, timeout=60))
    return attacked


@pytest.mark.slow
async def test_a_hundred_clients_get_all_their_full_pages(
    crowded: Service, record_property: Callable[[str, object], None]
) -> None:
    lists = await asyncio.gather(*(come(crowded.url) for _ in range(CLIENTS)))
    seconds = sorted(each for found in lists for each in found)
    assert len(seconds) == CLIENTS * QUERIES
    record_property("median seconds", round(seconds[len(seconds) // 2], 2))
    record_property("p99 seconds", round(seconds[-(len(seconds) // 100)], 2))
