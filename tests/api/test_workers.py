"""Several workers on one socket: started once, replaced when they die, and gone when the service is."""

import asyncio
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from tests.client import Client
from tests.operations import RUN, SAVE, count_runs
from tests.resolvers.store.servers import becomes_true, is_running, passable_folder
from tests.service import Service, run_command


@contextmanager
def started(*options: str) -> Iterator[tuple[Service, Path]]:
    with passable_folder() as folder:
        data = folder / "data"
        with Service("--data-dir", str(data), "--workers", "2", *options) as service:
            yield service, data


def workers_of(service: Service) -> list[psutil.Process]:
    children = psutil.Process(service.process.pid).children()
    return [child for child in children if "api.worker" in child.cmdline()]


async def ask(service: Service, times: int = 20) -> set[int]:
    """Return the counts that many clients get, each over a connection of its own."""

    async def one() -> int:
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            return await count_runs(Client(http))

    return set(await asyncio.gather(*(one() for _ in range(times))))


def is_open(service: Service) -> bool:
    host, port = service.url.removeprefix("http://").split(":")
    with socket.socket() as client:
        return client.connect_ex((host, int(port))) == 0


async def test_workers_share_a_socket_and_a_database_and_a_dead_one_is_replaced() -> None:
    with started() as (service, data):
        first, second = workers_of(service)
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            await Client(http).ask(SAVE, input=RUN)
        assert await ask(service) == {1}
        assert sum(line.startswith("Listening:") for line in service.lines) == 1

        first.kill()
        assert await ask(service, times=4) == {1}  # the other one answers meanwhile
        await becomes_true(lambda: len(workers_of(service)) == 2 and first not in workers_of(service))
        assert second in workers_of(service)

        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(10) == 0
        assert not second.is_running()
        assert not is_running(data)
    assert any(line.startswith(f"Worker {first.pid} was killed by signal 9") for line in service.lines + read(service))


def read(service: Service) -> list[str]:
    assert service.process.stderr is not None
    return service.process.stderr.read().splitlines() if not service.process.stderr.closed else []


async def test_workers_end_with_a_killed_parent_and_the_next_start_takes_the_database_over() -> None:
    with started() as (service, data):
        workers = workers_of(service)
        service.kill()
        await becomes_true(lambda: not any(worker.is_running() for worker in workers))
        assert not is_open(service)
        assert is_running(data)
        with Service("--data-dir", str(data)) as again:
            assert await ask(again, times=1) == {0}
            assert again.stop() == 0
        assert not is_running(data)


async def test_workers_that_end_again_and_again_end_the_service(dsn: str) -> None:
    with Service("--workers", "2", "--database-url", dsn) as service:

        def kill_all() -> bool:
            if service.process.poll() is None:
                for worker in workers_of(service):
                    worker.kill()
            return service.process.poll() is not None

        await becomes_true(kill_all)
        assert service.stop() == 1
    assert service.lines[-1].startswith("Error: 5 workers ended within 60 s")


def test_more_connections_than_the_server_takes_are_refused_with_both_numbers(dsn: str) -> None:
    result = run_command("serve", "--port", "0", "--database-url", dsn, "--workers", "10")
    assert result.returncode == 1
    assert "10 x 10 connections may be opened, and PostgreSQL takes 47" in result.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_is_told_in_a_line(dsn: str, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as taken:
        try:
            taken.bind((host, 0))
        except OSError:
            pytest.skip("there is no IPv6 here")
        taken.listen()
        port = str(taken.getsockname()[1])
        result = run_command("serve", "--host", host, "--port", port, "--database-url", dsn, "--workers", "2")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == f"Error: {host} port {port}: address already in use."
