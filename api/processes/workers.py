"""Several processes that answer on one socket: started, watched, started again and stopped together.

uvicorn's own supervisor is not used: it restarts a worker that cannot start for ever, its workers outlive a parent that
is killed, and it blocks the loop that watches the embedded PostgreSQL.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from socket import socket
from typing import Any

import orjson

from api.observation.shared_metrics import FOLDER, forget_worker
from api.settings import Settings, environment_with
from api.storage import Say

READY = b"ready\n"
"""What a worker writes once it listens."""
MOST_ENDS, WITHIN_SECONDS = 5, 60.0
"""So many workers that end in this time are a crash loop."""


class Crashing(Exception):
    """Workers end again and again."""


class Workers:
    """Keeps the workers of the settings alive.

    A worker reads its order from a pipe and stops when that ends, so it never outlives this process.
    """

    def __init__(
        self, settings: Settings, dsn: str, sockets: Sequence[socket], say: Say, metrics: Path, *, patience: float
    ) -> None:
        self._count = settings.workers
        self._sockets = sockets
        self._descriptors = [each.fileno() for each in sockets]
        self._order = orjson.dumps([dsn, self._descriptors, asdict(settings)], default=str) + b"\n"
        self._say = say
        self._metrics = metrics
        self._patience = patience
        self._processes: set[Process] = set()
        self._ends: deque[float] = deque(maxlen=MOST_ENDS)

    async def run(self, stop: asyncio.Event, hurry: asyncio.Event, *, started: Callable[[], None]) -> None:
        """Start the workers and keep them until `stop`; `hurry` cuts short what is under way then.

        Raises:
            Crashing: they end faster than it makes sense to start them again.
        """
        ready = [asyncio.Event() for _ in range(self._count)]
        keepers = asyncio.gather(*(self._keep(each) for each in ready))
        all_ready = asyncio.gather(*(each.wait() for each in ready))
        stopping, hurrying = asyncio.ensure_future(stop.wait()), asyncio.ensure_future(hurry.wait())
        try:
            await _wait_for_one(keepers, stopping, all_ready)
            if all_ready.done():
                started()
            await _wait_for_one(keepers, stopping)
        finally:
            crash = keepers.exception() if keepers.done() else None
            for each in (keepers, all_ready, stopping):
                each.cancel()
            await asyncio.gather(keepers, all_ready, return_exceptions=True)
            await self._stop(hurrying)
            hurrying.cancel()
        if crash:
            raise crash

    async def _keep(self, ready: asyncio.Event) -> None:
        """Keep one worker alive."""
        while True:
            process = await self._start()
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            if await process.stdout.readline() == READY:
                ready.set()
            status = await process.wait()
            self._processes.discard(process)
            forget_worker(self._metrics, process.pid)
            self._note_end(process.pid, status)

    async def _start(self) -> Process:
        """Start a worker; a session of its own keeps Ctrl-C from it, which is for this process to hear."""
        command = (
            sys.executable,
            "-P",
            "-m",
            "api.processes.worker",
        )  # -P: our api, whatever stands in the current folder
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=self._descriptors,
            start_new_session=True,
            env=environment_with({FOLDER: str(self._metrics)}),
        )
        self._processes.add(process)
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.write(self._order)
        return process

    def _note_end(self, pid: int, status: int) -> None:
        why = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        self._ends.append(now := asyncio.get_running_loop().time())
        if len(self._ends) == MOST_ENDS and now - self._ends[0] < WITHIN_SECONDS:
            raise Crashing(f"{MOST_ENDS} workers ended within {WITHIN_SECONDS:.0f} s; the last one {why}.")
        self._say(f"Worker {pid} {why}; another one is started")

    async def _stop(self, hurrying: "asyncio.Future[Any]") -> None:
        """End the pipes, which workers take as the order to stop, and kill who does not.

        The sockets are closed here, too: as long as one process has them, clients are let in that nobody answers.
        """
        for listening in self._sockets:
            listening.close()
        for process in self._processes:
            if process.stdin is not None:
                process.stdin.close()
        ended = [asyncio.ensure_future(process.wait()) for process in self._processes]
        await _wait_for_one(asyncio.gather(*ended), hurrying, seconds=self._patience + 2)
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*ended)


async def _wait_for_one(*futures: "asyncio.Future[Any]", seconds: float | None = None) -> None:
    await asyncio.wait(futures, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
