"""The service in this process, on a port of its own, for clients that talk for longer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from api.processes.serving import serve_here
from api.processes.sockets import address_of, bind
from api.settings import Settings
from resolvers.store.database import Database

Serve = Callable[[Settings], AbstractAsyncContextManager[str]]


@pytest.fixture(scope="session")
def serve(shared_database: Database) -> Serve:
    """Serve with other settings: `async with serve(settings) as url`; it stops as the service does."""

    @asynccontextmanager
    async def serve_with(settings: Settings) -> AsyncIterator[str]:
        stop, hurry, started = asyncio.Event(), asyncio.Event(), asyncio.Event()
        with bind("127.0.0.1", 0) as sockets:
            serving = asyncio.create_task(
                serve_here(settings, shared_database, stop, hurry, started=lambda _: started.set(), sockets=sockets)
            )
            await started.wait()
            try:
                yield f"http://{address_of(sockets[0])}"
            finally:
                stop.set()
                await asyncio.wait_for(serving, 8)

    return serve_with


@pytest.fixture(scope="module")  # and no longer: it forgets old changes by statements that others would count
async def url(serve: Serve, settings: Settings) -> AsyncIterator[str]:
    """The address of the service."""
    async with serve(settings) as address:
        yield address
