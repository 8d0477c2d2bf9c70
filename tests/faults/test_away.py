"""A database that does not answer for a while, and comes back."""

import asyncio
import signal
import time

import pytest

from tests.faults.running import BEFORE, Fault, Patience, under_saves
from tests.resolvers.store.servers import embedded, passable_folder, processes_in
from tests.savers import Savers
from tests.service import Service, run_command

pytestmark = pytest.mark.slow


async def test_postgresql_is_frozen_for_20_seconds() -> None:
    async with under_saves() as fault:
        frozen = processes_in(fault.data)
        for process in frozen:
            process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.sleep(20)
        finally:
            since = time.monotonic()
            for process in frozen:
                process.send_signal(signal.SIGCONT)
        assert set(fault.savers.errors) <= {"TIMEOUT", "UNAVAILABLE"}
        await fault.goes_on(since, what="SIGSTOP of PostgreSQL for 20 s, after SIGCONT")


async def test_a_server_of_ones_own_is_away_for_10_seconds() -> None:
    with passable_folder() as folder:
        server = embedded(folder / "data")
        dsn = await server.start()
        result = await asyncio.to_thread(run_command, "migrate", "--database-url", dsn)
        assert result.returncode == 0
        with Service("--database-url", dsn) as service:
            async with Savers(service.url) as savers:
                await savers.have_saved(BEFORE)
                await server.stop()
                await asyncio.sleep(10)
                await server.start()
                since = time.monotonic()
                fault = Fault(service, folder / "data", savers, Patience(4))
                await fault.goes_on(since, what="a server of one's own away for 10 s")
                assert set(savers.errors) <= {"UNAVAILABLE"}
        await server.stop()
