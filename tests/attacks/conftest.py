"""A service that is attacked by all tests of a process, and must serve others all the while."""

import threading
from collections.abc import Iterator
from typing import Self

import httpx
import psutil
import pytest

from tests.attacks.innocence import check
from tests.operations import RUN, SAVE
from tests.resolvers.store.servers import passable_folder
from tests.service import Service

MOST_GROWTH = 100 * 2**20
ORDINARY = "{ backtests(first: 5) { totalCount nodes { id symbol metrics { sharpeRatio } } } }"


class Neighbour:
    """Somebody who goes on asking an ordinary question, while others attack."""

    def __init__(self, url: str) -> None:
        self.answers = 0
        self.failures: list[str] = []
        self._http = httpx.Client(base_url=url, timeout=30)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._http.close()

    def _ask(self) -> None:
        while True:
            response = self._http.post("/graphql", json={"query": ORDINARY})
            if response.status_code != 200 or "errors" in response.json():
                self.failures.append(response.text[:500])
            self.answers += 1
            if self._stop.wait(0.05):
                return


@pytest.fixture(scope="session")
def attacked() -> Iterator[Service]:
    """The service with a few runs, which must not have grown by more than 100 MB at the end."""
    with passable_folder() as folder, Service("--data-dir", str(folder / "data")) as service:
        for number in range(20):
            run = RUN | {"parameters": {"n": number}, "metrics": {"sharpeRatio": number / 7, "totalTrades": 50}}
            check(httpx.post(f"{service.url}/graphql", json={"query": SAVE, "variables": {"input": run}}))
        process = psutil.Process(service.process.pid)
        before = process.memory_info().rss
        yield service
        grown = process.memory_info().rss - before
        assert grown < MOST_GROWTH, f"the service grew by {grown / 2**20:.0f} MB"


@pytest.fixture
def http(attacked: Service) -> Iterator[httpx.Client]:
    """A client of the attacked service; somebody else is served all the while."""
    with Neighbour(attacked.url) as neighbour, httpx.Client(base_url=attacked.url, timeout=60) as client:
        yield client
    assert neighbour.answers
    assert neighbour.failures == []
