"""Run the service until it is told to stop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from socket import socket

import uvicorn
from starlette.applications import Starlette

from api.app import create_app
from api.demo import load_demo
from api.settings import Settings
from api.storage import Say, open_database

STOP_SECONDS = 4
"""How long requests under way have to end at a clean stop."""


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn raises them again at its end, before the database is stopped."""

    def __init__(self, config: uvicorn.Config, say: Say) -> None:
        super().__init__(config)
        self._say = say

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen, and say where."""
        await super().startup(sockets)
        for server in self.servers:
            for listening in server.sockets:
                self._say(f"Listening: http://{_address(listening)}/graphql")

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, say: Say) -> None:
    """Serve until SIGINT or SIGTERM; a second one cuts short what is under way."""
    stop, hurry = _listen_to_signals()
    async with open_database(settings, say) as database:
        if settings.demo:
            await load_demo(database, say)
        server = _Server(_configure(settings, create_app(database)), say)
        watch = asyncio.ensure_future(_stop_server(server, stop, hurry))
        try:
            await server.serve()
        finally:
            watch.cancel()


def _configure(settings: Settings, app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_level=settings.log_level,
        lifespan="off",
        timeout_graceful_shutdown=STOP_SECONDS,
    )


async def _stop_server(server: uvicorn.Server, stop: asyncio.Event, hurry: asyncio.Event) -> None:
    await stop.wait()
    server.should_exit = True
    await hurry.wait()
    server.force_exit = True


def _listen_to_signals() -> tuple[asyncio.Event, asyncio.Event]:
    """Return what the first signal sets, and what the second one sets."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _set_next, stop, hurry)
    return stop, hurry


def _address(listening: socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _set_next(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    (hurry if stop.is_set() else stop).set()
