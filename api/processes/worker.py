"""One of several processes that answer on one socket; `api.processes.workers` starts it."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from socket import socket
from typing import Any

import orjson
import uvloop

from api.observation.logs import logging_to_stderr
from api.processes.serving import serve_here
from api.processes.workers import READY
from api.settings import Settings
from api.storage import connect
from resolvers.store.database import Unavailable

ORDERS, ANSWERS = 0, 1
"""Descriptors: where the order comes from, and where it is told that the worker listens."""


def main() -> None:
    """Work as the order says, until it ends or SIGTERM comes."""
    order = sys.stdin.buffer.readline()
    if not order:  # the service ended before it gave one
        return
    dsn, descriptors, values = orjson.loads(order)
    paths = {name: Path(values[name]) for name in ("data_dir", "documents") if values[name] is not None}
    settings = Settings(**values | paths)
    with logging_to_stderr(settings), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_work(dsn, [socket(fileno=each) for each in descriptors], settings))
        except Unavailable as error:
            raise SystemExit(str(error)) from error


async def _work(dsn: str, sockets: list[socket], settings: Settings) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_reader(ORDERS, _end, stop)
    async with connect(dsn, settings, limits=settings.time_limits) as database:
        await serve_here(settings, database, stop, hurry, started=_tell, sockets=sockets)


def _end(stop: asyncio.Event) -> None:
    """Stop once nobody can give orders any more."""
    if not os.read(ORDERS, 1):
        asyncio.get_running_loop().remove_reader(ORDERS)
        stop.set()


def _tell(_sockets: Any) -> None:
    os.write(ANSWERS, READY)


if __name__ == "__main__":
    main()
