"""Run the service until it is told to stop: in this process, or in workers that share its socket."""

import asyncio
import gc
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from socket import socket
from typing import cast

import uvicorn
from starlette.applications import Starlette

from api.access.rules import say_whether_somebody_can_ask
from api.app import create_app
from api.demo import load_demo
from api.http.guard import Guard
from api.observation.logs import logging_to_stderr
from api.observation.metrics import keep_observing
from api.observation.shared_metrics import metrics_folder
from api.observation.traces import check_traces
from api.processes.files import allow_connections
from api.processes.sockets import address_of, bind, give_up_stuck_clients
from api.processes.workers import Workers
from api.recomputing import say_whether_runs_wait
from api.settings import Settings
from api.storage import Say, check_connections, connect, open_current
from resolvers.changes import prune_often
from resolvers.deflation import SHARE, refresh_often
from resolvers.store.database import Database

STOP_SECONDS = 4
"""How long requests under way have to end at a clean stop."""

Started = Callable[[Sequence[socket]], None]


class _Server(uvicorn.Server):
    """Leaves the signals to us: uvicorn raises them again at its end, before the database is stopped."""

    def __init__(self, config: uvicorn.Config, started: Started) -> None:
        super().__init__(config)
        self._tell = started

    async def startup(self, sockets: list[socket] | None = None) -> None:
        """Listen, and tell."""
        await super().startup(sockets)
        listening = [each for server in self.servers for each in server.sockets]
        for each in listening:
            give_up_stuck_clients(each.fileno())
        self._tell(listening)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(settings: Settings, say: Say) -> None:
    """Serve until SIGINT or SIGTERM; a second one cuts short what is under way.

    Raises:
        TooManyConnections: the server of the database takes fewer connections than all workers may open.
        AddressTaken, Crashing: only with several workers.
        TracesUnavailable: traces are wanted and cannot be made.
    """
    check_traces(settings)
    with logging_to_stderr(settings, say) as say_there:
        await _serve(settings, say_there)


async def _serve(settings: Settings, say: Say) -> None:
    stop, hurry = _listen_to_signals()
    async with open_current(settings, say) as dsn:
        async with connect(dsn, settings) as database:
            await check_connections(database, settings)
            await say_whether_somebody_can_ask(database, settings, say)
            await say_whether_runs_wait(database, settings, say)
            if settings.demo:
                await load_demo(database, say)
        if settings.workers == 1:
            async with connect(dsn, settings, limits=settings.time_limits) as database:
                await serve_here(settings, database, stop, hurry, started=lambda sockets: _say_where(sockets, say))
            return
        with bind(settings.host, settings.port) as sockets, metrics_folder() as folder:
            workers = Workers(settings, dsn, sockets, say, folder, patience=STOP_SECONDS)
            await workers.run(stop, hurry, started=lambda: _say_where(sockets, say))


async def serve_here(
    settings: Settings,
    database: Database,
    stop: asyncio.Event,
    hurry: asyncio.Event,
    *,
    started: Started,
    sockets: Sequence[socket] | None = None,
) -> None:
    """Serve in this process, on the address of the settings or on sockets that are bound to it."""
    allow_connections(settings.most_connections)
    app = create_app(database, settings)
    server = _Server(_configure(settings, app), started)
    watch = asyncio.ensure_future(_stop_server(server, app, stop, hurry))
    pruning = asyncio.ensure_future(prune_often(database))
    deflating = asyncio.ensure_future(refresh_often(database, share=SHARE / settings.workers))
    observing = asyncio.ensure_future(keep_observing(database))
    loading = asyncio.ensure_future(_load_the_rest())
    try:
        await server.serve(None if sockets is None else list(sockets))
    finally:
        for each in (watch, pruning, deflating, observing, loading, app.state.readiness):
            each.cancel()
        # What they have begun in the database ends before it is closed, unless that does not answer.
        await asyncio.wait((pruning, deflating, observing), timeout=STOP_SECONDS)
        await app.state.service.live.close()
        if app.state.traces is not None:
            app.state.traces.close()


async def _load_the_rest() -> None:
    """Load what only some requests need, beside the first of them."""
    for name in ("pandas", "scipy.special"):
        await asyncio.to_thread(import_module, name)
    gc.collect()
    gc.freeze()  # what is loaded by now stays, and looking through it again costs large requests up to a sixth


def _configure(settings: Settings, app: Starlette) -> uvicorn.Config:
    guard = Guard(settings.patience, most=settings.most_connections)
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", guard.protocol),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,  # ours says more, and its costs as much as all else that HTTP needs
        lifespan="off",
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies_list),  # uvicorn's default believes whoever is on this machine
        forwarded_allow_ips=settings.trusted_proxies_list,
        timeout_graceful_shutdown=STOP_SECONDS,
        ws_max_size=settings.most_body_bytes,
    )


async def _stop_server(server: uvicorn.Server, app: Starlette, stop: asyncio.Event, hurry: asyncio.Event) -> None:
    await stop.wait()
    app.state.readiness.is_stopping = True
    await app.state.service.audience.stop()
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


def _say_where(sockets: Sequence[socket], say: Say) -> None:
    for listening in sockets:
        say(f"Listening: http://{address_of(listening)}/graphql")


def _set_next(stop: asyncio.Event, hurry: asyncio.Event) -> None:
    (hurry if stop.is_set() else stop).set()
