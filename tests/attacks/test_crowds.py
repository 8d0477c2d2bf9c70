"""Many at once are served, each of them."""

import asyncio
import time

import httpx
import pytest

from tests.attacks.innocence import check
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
    assert len(answer["data"]["backtests"]["nodes"]) == min(500, answer["data"]["backtests"]["totalCount"])
    return time.perf_counter() - start


async def come(url: str) -> list[float]:
    """Ask for some full pages, one after the other, over a connection of one's own."""
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        return [await ask(http) for _ in range(QUERIES)]


@pytest.mark.slow
async def test_a_hundred_clients_get_all_their_full_pages(crowded: Service) -> None:
    seconds = sorted(sum(await asyncio.gather(*(come(crowded.url) for _ in range(CLIENTS))), []))
    assert len(seconds) == CLIENTS * QUERIES
    print(f"{len(seconds)} full pages: median {seconds[len(seconds) // 2]:.2f} s, p99 {seconds[-3]:.2f} s")
