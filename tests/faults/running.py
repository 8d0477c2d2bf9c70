"""A service under the saves of eight clients, and what must be true of it after a fault."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.resolvers.store.servers import passable_folder
from tests.savers import Savers, check_saved
from tests.service import Service

ANSWER_SECONDS = 5.0
START_SECONDS = 10.0
BEFORE, AFTER = 100, 50
"""Saves that are acknowledged before a fault, and after it."""


class Patience:
    """How long things may take: on a busy machine all takes longer, as the first start of a service there shows."""

    def __init__(self, first_start: float) -> None:
        self._factor = max(1.0, first_start / 4)

    def check(self, what: str, took: float, most: float) -> None:
        """Print a time, and fail where it is too long."""
        _tell(f"{what} {took:.2f} s")
        assert took < most * self._factor, f"{what} {took:.2f} s"


@dataclass(frozen=True, slots=True)
class Fault:
    """A service, its data folder and its clients, before and after a fault."""

    service: Service
    data: Path
    savers: Savers
    patience: Patience

    async def goes_on(self, since: float, *, what: str, seconds: float = ANSWER_SECONDS) -> None:
        """Check that saves are answered again in time, that none is lost and none is partial; print the figures."""
        await self.savers.have_saved(AFTER)
        took = self.savers.seconds_until_an_answer(since)
        saved, errors = len(self.savers.acknowledged), dict(self.savers.errors)
        assert "INTERNAL" not in errors
        runs = await check_saved(self.savers.url, self.savers)
        _tell(f"{what}: {saved} acknowledged, 0 lost, {runs} runs and 0 partial; refused {errors}")
        self.patience.check(f"{what}: answered after", took, seconds)

    @contextmanager
    def started_again(self, *options: str) -> Iterator[float]:
        """Start the service once more for the same clients; give when it was ready."""
        begin = time.monotonic()
        with Service("--data-dir", str(self.data), *options) as service:
            self.patience.check("started in", time.monotonic() - begin, START_SECONDS)
            self.savers.url = service.url
            yield time.monotonic()


@asynccontextmanager
async def under_saves(*options: str, data: Path | None = None) -> AsyncIterator[Fault]:
    """Give a service that has acknowledged some saves and goes on, in a data folder of its own unless one is given."""
    with passable_folder() as folder:
        data, begin = data or folder / "data", time.monotonic()
        with Service("--data-dir", str(data), *options) as service:
            patience = Patience(time.monotonic() - begin)
            async with Savers(service.url) as savers:
                await savers.have_saved(BEFORE)
                yield Fault(service, data, savers, patience)


def backends(data: Path) -> list[psutil.Process]:
    """Return the processes that answer the service's connections."""
    server = psutil.Process(int((data / "postgres" / "postmaster.pid").read_text().split()[0]))
    return [child for child in server.children() if "backtest_graph" in " ".join(child.cmdline())]


def _tell(line: str) -> None:
    print(line)  # noqa: T201 - the figures are what these tests are run for
