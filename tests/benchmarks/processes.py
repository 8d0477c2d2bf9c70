"""The processes that are measured: servers under test, their backends, and the processor time of both."""

import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import asyncpg
import psutil

from tests.service import COMMAND

_REFERENCE = (sys.executable, "-m", "tests.benchmarks.reference")
_BACKENDS = """
    SELECT pid FROM pg_stat_activity
    WHERE application_name = $1 AND datname = current_database() AND backend_type = 'client backend'
"""


class Server:
    """A server of its own process."""

    def __init__(self, words: Sequence[str | os.PathLike[str]], application: str) -> None:
        self.application = application
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=60)

    @cached_property
    def url(self) -> str:
        """Where it listens, as soon as it does."""
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            if line.startswith("Listening: "):
                return line.removeprefix("Listening: ").strip().removesuffix("/graphql")
            lines.append(line)
        raise RuntimeError("".join(lines))


def start_service(dsn: str, command: Sequence[str | os.PathLike[str]] = (COMMAND,)) -> Server:
    """Start the service over a database, as a user does."""
    words = (*command, "serve", "--port", "0", "--log-level", "warning", "--log-format", "text", "--database-url", dsn)
    return Server(words, "backtest-graph")


def start_reference(dsn: str) -> Server:
    """Start the reference over a database."""
    return Server((*_REFERENCE, "--database-url", dsn), "reference")


@dataclass(frozen=True, slots=True)
class Spent:
    """Processor time in seconds: of the server's process, and of each of its backends by their id."""

    process: float
    backends: Mapping[int, float]

    def since(self, earlier: "Spent") -> float | None:
        """Return the seconds spent since; None where a backend ended, since its time went with it."""
        if earlier.backends.keys() - self.backends.keys():
            return None
        backends = sum(seconds - earlier.backends.get(pid, 0.0) for pid, seconds in self.backends.items())
        return self.process - earlier.process + backends


async def read_spent(server: Server, connection: "asyncpg.Connection[Any]") -> Spent:
    """Return what a server and its backends on the connection's database have spent so far."""
    pids = [row["pid"] for row in await connection.fetch(_BACKENDS, server.application)]
    return Spent(_seconds(server.process.pid), {pid: _seconds(pid) for pid in pids})


def _seconds(pid: int) -> float:
    """Return the processor time of a process with all of its threads, to the nanosecond where the system tells it."""
    if platform.system() == "Linux":
        return time.clock_gettime(~pid << 3 | 2)  # as clock_getcpuclockid(3) makes it
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
