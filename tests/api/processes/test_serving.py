"""A stop finishes what is under way, and waits for nothing else."""

import asyncio
import signal

import asyncpg
import httpx
import pytest

from resolvers.store.sockets import socket_dsn
from tests.api.processes.test_workers import is_open
from tests.client import Client
from tests.operations import RUN, SAVE
from tests.resolvers.store.servers import becomes_true, is_running, passable_folder
from tests.service import Service

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.mark.parametrize("options", [(), ("--workers", "2")])
async def test_a_save_under_way_is_answered_and_nobody_is_let_in_meanwhile(options: tuple[str, ...]) -> None:
    with passable_folder() as folder, Service("--data-dir", str(folder / "data"), *options) as service:
        idle = [httpx.AsyncClient(base_url=service.url, timeout=60) for _ in range(4)]
        for each in idle:
            assert (await each.get("/health")).status_code == 200
        lock = await asyncpg.connect(socket_dsn(folder / "data" / "socket", "backtest_graph"))
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            await lock.execute("BEGIN; LOCK TABLE backtests IN ACCESS EXCLUSIVE MODE")
            saving = asyncio.ensure_future(Client(http).ask(SAVE, input=RUN))
            while not await lock.fetchval(WAITING):
                await lock.execute("SELECT pg_sleep(0.02)")
            service.process.send_signal(signal.SIGTERM)
            await becomes_true(lambda: not is_open(service))
            assert not saving.done()
            await lock.execute("ROLLBACK")
            payload = (await saving)["saveBacktest"]
        await lock.close()
        assert (payload["created"], payload["errors"]) == (True, [])
        assert await asyncio.to_thread(service.process.wait, 10) == 0
        assert not is_running(folder / "data")
        for each in idle:
            await each.aclose()
