"""A disk that is full: saves are refused with a reason, reads go on, and nothing has to be started again."""

import asyncio
import re
import time
from collections import Counter

import httpx
import pytest

from tests.faults.disks import fill, make_read_only, small_disk
from tests.faults.running import under_saves
from tests.resolvers.store.servers import embedded
from tests.service import run_command

pytestmark = pytest.mark.slow
COUNT = "{ backtests(first: 0) { totalCount } }"
FULL_SECONDS = 8


async def test_saves_are_refused_while_the_disk_is_full_and_work_again_once_it_is_not() -> None:
    with small_disk(300) as disk:
        async with under_saves(data=disk / "data") as fault:
            ballast = fill(disk)
            answers = await read_for(FULL_SECONDS, fault.service.url)
            print(f"while the disk is full: reads {dict(answers)}, saves {dict(fault.savers.errors)}")  # noqa: T201
            assert set(answers) <= {"answered", "UNAVAILABLE"}
            assert answers["answered"]
            assert set(fault.savers.errors) == {"UNAVAILABLE"}
            ballast.unlink()
            await fault.goes_on(time.monotonic(), what="a full disk, after there was room again")
            assert set(fault.savers.errors) == {"UNAVAILABLE"}


async def read_for(seconds: float, url: str) -> Counter[str]:
    """Read all the time; return how often what was answered."""
    answers: Counter[str] = Counter()
    until = time.monotonic() + seconds
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        while time.monotonic() < until:
            answer = (await http.post("/graphql", json={"query": COUNT})).json()
            answers["answered" if "errors" not in answer else answer["errors"][0]["extensions"]["code"]] += 1
            await asyncio.sleep(0.05)
    return answers


def test_a_disk_that_is_full_at_the_start_is_told() -> None:
    with small_disk(20) as disk:
        result = run_command("serve", "--port", "0", "--data-dir", disk / "data")
        assert_told(result.returncode, result.stderr, r"disk of .* has \d+ MB left, and a new data folder needs 100: ")


async def test_a_disk_that_is_full_when_the_data_is_there_already_is_told() -> None:
    with small_disk(300) as disk:
        async with embedded(disk / "data"):
            pass
        fill(disk)
        result = await asyncio.to_thread(run_command, "serve", "--port", "0", "--data-dir", disk / "data")
        assert_told(result.returncode, result.stderr, "No space left on device")


async def test_a_disk_that_can_only_be_read_is_told() -> None:
    with small_disk(300) as disk:
        async with embedded(disk / "data"):
            pass
        make_read_only(disk)
        result = await asyncio.to_thread(run_command, "serve", "--port", "0", "--data-dir", disk / "data")
        assert_told(result.returncode, result.stderr, "Read-only file system.*--data-dir")


def assert_told(status: int, said: str, words: str) -> None:
    assert status == 1
    assert re.search(words, said), said
    assert "Traceback" not in said
