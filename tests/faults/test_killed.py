"""kill -9 of each process there is, under saves."""

import asyncio
import os
import time
from pathlib import Path

import psutil
import pytest

from tests.api.processes.test_workers import workers_of
from tests.faults.running import backends, under_saves
from tests.resolvers.store.servers import is_running, postmaster

pytestmark = pytest.mark.slow


async def test_the_service_is_killed() -> None:
    async with under_saves() as fault:
        fault.service.kill()
        assert is_running(fault.data)
        with fault.started_again() as since:
            await fault.goes_on(since, what="kill -9 of the service")
    assert not is_running(fault.data)


async def test_one_of_two_services_on_a_data_folder_is_killed() -> None:
    async with under_saves() as fault:
        with fault.started_again():
            fault.service.kill()
            await fault.goes_on(time.monotonic(), what="kill -9 of one of two services on a data folder")
    assert not is_running(fault.data)


async def test_one_of_two_workers_is_killed() -> None:
    async with under_saves("--workers", "2") as fault:
        since = time.monotonic()
        workers_of(fault.service.process.pid)[0].kill()
        await fault.goes_on(since, what="kill -9 of one of two workers")


async def test_both_workers_are_killed() -> None:
    async with under_saves("--workers", "2") as fault:
        since = time.monotonic()
        for worker in workers_of(fault.service.process.pid):
            worker.kill()
        await fault.goes_on(since, what="kill -9 of both workers", seconds=10)


async def test_the_parent_of_two_workers_is_killed() -> None:
    async with under_saves("--workers", "2") as fault:
        fault.service.kill()
        with fault.started_again("--workers", "2") as since:
            await fault.goes_on(since, what="kill -9 of the parent of two workers")
    assert not is_running(fault.data)


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_the_postmaster_is_killed(workers: str) -> None:
    async with under_saves("--workers", workers) as fault:
        since = time.monotonic()
        postmaster(fault.data).kill()
        await fault.goes_on(since, what=f"kill -9 of the postmaster, {workers} workers")


async def test_one_backend_is_killed() -> None:
    async with under_saves() as fault:
        since = time.monotonic()
        backends(fault.data)[0].kill()
        await fault.goes_on(since, what="kill -9 of one backend")


async def test_the_service_and_the_postmaster_are_killed() -> None:
    async with under_saves() as fault:
        fault.service.kill()
        postmaster(fault.data).kill()
        with fault.started_again() as since:
            await fault.goes_on(since, what="kill -9 of service and postmaster")


async def test_a_pid_file_is_left_whose_pid_nobody_has() -> None:
    async with under_saves() as fault:
        fault.service.kill()
        dead = postmaster(fault.data)
        dead.kill()
        assert str(dead.pid) in pid_file(fault.data).read_text()
        psutil.wait_procs([dead], timeout=10)
        with fault.started_again() as since:
            await fault.goes_on(since, what="a pid file whose pid nobody has")


async def test_a_pid_file_is_left_whose_pid_was_given_to_another_program() -> None:
    async with under_saves() as fault:
        fault.service.kill()
        postmaster(fault.data).kill()
        owner = (fault.data / "postgres").stat().st_uid if os.geteuid() == 0 else None
        other = await asyncio.create_subprocess_exec("sleep", "600", cwd="/", user=owner)
        try:
            lines = pid_file(fault.data).read_text().splitlines()
            pid_file(fault.data).write_text("\n".join([str(other.pid), *lines[1:]]) + "\n")
            with fault.started_again() as since:
                await fault.goes_on(since, what="a pid file whose pid is another program's")
            assert other.returncode is None
        finally:
            other.kill()
            await other.wait()


def pid_file(data: Path) -> Path:
    return data / "postgres" / "postmaster.pid"
