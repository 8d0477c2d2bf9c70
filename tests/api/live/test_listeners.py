"""Who listens hears what any process does, and nobody who listens badly is a burden."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import orjson
import psutil
import pytest

from api.live import sockets
from api.processes import sockets as listening
from api.settings import Settings
from resolvers.store.database import Database
from tests.api.live.conftest import Serve
from tests.api.live.talking import CHANGED, talk
from tests.client import Client
from tests.operations import RUN, SAVE_MANY, save_id
from tests.resolvers.live.test_following import listeners
from tests.resolvers.store.servers import passable_folder
from tests.samples import real_documents
from tests.service import Service, run_command


async def test_fifty_who_listen_hear_what_other_workers_and_the_command_line_save(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_bytes(orjson.dumps(real_documents("BACKTEST")[0]))
    async with AsyncExitStack() as stack:
        data = ("--data-dir", str(stack.enter_context(passable_folder()) / "data"))
        service = stack.enter_context(Service(*data, "--workers", "2"))
        talks = [await stack.enter_async_context(talk(service.url, begin=True)) for _ in range(50)]
        for each in talks:
            await each.subscribe()
        await asyncio.sleep(0.5)
        saved = []
        for _ in range(4):  # each over a connection of its own, which either worker may take
            async with httpx.AsyncClient(base_url=service.url, timeout=20) as http:
                saved.append(await save_id(Client(http)))
        for each in talks:
            told = [(await each.hear())["payload"]["data"]["backtestChanged"]["id"] for _ in saved]
            assert told == saved
        imported = await asyncio.to_thread(run_command, "import", tmp_path / "run.json", *data)
        assert imported.returncode == 0, imported.stderr
        for each in talks:
            change = (await each.hear())["payload"]["data"]["backtestChanged"]
            assert (change["kind"], change["backtest"]) == ("SAVED", {"symbol": "GOOG"})
        assert service.stop() == 0
        assert {await each.until_closed() for each in talks} == {(1001, "The service stops")}


async def test_who_does_not_read_is_sent_away_and_the_others_hear_on(
    url: str, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.3)
    long = CHANGED.replace("symbol", "notes")
    async with talk(url, begin=True, is_small=True) as deaf, httpx.AsyncClient(base_url=url, timeout=20) as http:
        await deaf.listen(query=long)
        deaf.socket.transport.pause_reading()
        runs = [RUN | {"notes": os.urandom(45_000).hex()} for _ in range(90)]  # more than all buffers hold
        await Client(http).ask(SAVE_MANY, inputs=runs)
        for _ in range(200):
            if not await listeners(database):
                break
            await asyncio.sleep(0.05)
        assert await listeners(database) == []  # nobody is told any more
        deaf.socket.transport.abort()  # else its end would wait for what it does not read
        async with talk(url, begin=True) as talking:
            await talking.listen()
            id = await save_id(Client(http))
            assert (await talking.hear())["payload"]["data"]["backtestChanged"]["id"] == id


async def test_a_connection_that_takes_nothing_is_ended_by_the_system(
    serve: Serve, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "SEND_SECONDS", 0.3)
    monkeypatch.setattr(listening, "STUCK_SECONDS", 1)
    async with (
        serve(settings) as url,
        httpx.AsyncClient(base_url=url, timeout=20) as http,
        talk(url, begin=True, is_small=True) as deaf,
    ):
        await deaf.listen(query=CHANGED.replace("symbol", "notes"))
        deaf.socket.transport.pause_reading()
        runs = [RUN | {"notes": os.urandom(45_000).hex()} for _ in range(90)]
        await Client(http).ask(SAVE_MANY, inputs=runs)
        _, port = deaf.socket.local_address[:2]
        for _ in range(200):
            if port not in connected():
                break
            await asyncio.sleep(0.05)
        assert port not in connected()
        deaf.socket.transport.abort()


def connected() -> set[int]:
    """Return the ports of those whose connection is open at this end of it."""
    connections = psutil.Process().net_connections("tcp")
    return {each.raddr.port for each in connections if each.raddr and each.status != psutil.CONN_NONE}
