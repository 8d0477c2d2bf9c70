"""Several workers on one socket: started once, replaced when they die, and gone when the service is."""

import asyncio
import signal
import socket
from pathlib import Path

import httpx
import psutil
import pytest

from api.processes.sockets import AddressTaken, address_of, bind
from api.processes.workers import Crashing, Workers
from api.settings import Settings
from api.storage import TooManyConnections, check_connections
from resolvers.store.database import Database
from tests.client import Client
from tests.operations import RUN, SAVE, count_runs
from tests.resolvers.store.servers import becomes_true, is_running, passable_folder
from tests.service import Service


def workers_of(pid: int) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(pid).children():
        try:
            found += [child] if "api.processes.worker" in child.cmdline() else []
        except psutil.NoSuchProcess:
            continue
    return found


async def ask(service: Service, times: int) -> set[int]:
    """Return the counts that many clients get, each over a connection of its own."""

    async def one() -> int:
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            return await count_runs(Client(http))

    return set(await asyncio.gather(*(one() for _ in range(times))))


def is_open(service: Service) -> bool:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


async def test_a_dead_worker_is_replaced_and_all_end_with_the_service() -> None:
    with passable_folder() as folder:
        options = ("--data-dir", str(folder / "data"), "--workers", "2")
        with Service(*options) as service:
            first, second = workers_of(service.process.pid)
            async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
                await Client(http).ask(SAVE, input=RUN)
            assert await ask(service, times=20) == {1}
            first.kill()
            assert await ask(service, times=4) == {1}  # by the other one
            await becomes_true(lambda: len(set(workers_of(service.process.pid)) - {first}) == 2)
            workers = workers_of(service.process.pid)
            assert second in workers
            service.kill()
            await becomes_true(lambda: not any(worker.is_running() for worker in workers))
            assert not is_open(service)
        assert is_running(folder / "data")
        await stops_clean(options, folder / "data")


async def stops_clean(options: tuple[str, ...], data: Path) -> None:
    """Start once more over a database that was left running, and stop."""
    with Service(*options) as service:
        workers = workers_of(service.process.pid)
        assert await ask(service, times=1) == {1}
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0
        assert sum(line.startswith("Listening: ") for line in service.lines) == 1
    assert not any(worker.is_running() for worker in workers)
    assert not is_running(data)


async def test_workers_that_end_again_and_again_end_the_service(tmp_path: Path) -> None:
    said: list[str] = []
    stop, hurry = asyncio.Event(), asyncio.Event()
    with bind("127.0.0.1", 0) as sockets:
        running = asyncio.ensure_future(
            Workers(Settings(workers=2), "postgresql://", sockets, said.append, tmp_path, patience=1).run(
                stop, hurry, started=lambda: said.append("started")
            )
        )
        while not running.done():
            for worker in workers_of(psutil.Process().pid):
                worker.kill()
            await asyncio.sleep(0.02)
        with pytest.raises(Crashing, match=r"5 workers ended within 60 s; the last one was killed by signal 9"):
            await running
    assert len(said) == 4
    assert not workers_of(psutil.Process().pid)


async def test_more_connections_than_the_server_takes_are_refused_with_both_numbers(database: Database) -> None:
    await check_connections(database, Settings(workers=4, database_connections=10))
    with pytest.raises(TooManyConnections, match=r"4 x \(11 \+ 1\) connections may be opened, and PostgreSQL takes 47"):
        await check_connections(database, Settings(workers=4, database_connections=11))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_socket_is_bound_once_and_a_port_that_is_taken_is_told(host: str) -> None:
    with bind(host, 0) as sockets:
        shown = host if host == "127.0.0.1" else f"[{host}]"
        port = sockets[0].getsockname()[1]
        assert [address_of(each) for each in sockets] == [f"{shown}:{port}"]
        with pytest.raises(AddressTaken, match=f"{host} port {port}: address already in use"), bind(host, port):
            pass
