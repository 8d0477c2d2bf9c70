"""The service on a real socket, in the process of the test."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any, Self

from api.processes.serving import serve_here
from api.settings import Settings
from resolvers.store.database import Database


@asynccontextmanager
async def serving(database: Database, settings: Settings, **changes: Any) -> AsyncIterator[int]:
    """Give the port of the service with some settings changed."""
    stop, hurry = asyncio.Event(), asyncio.Event()
    listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    service = asyncio.create_task(
        serve_here(
            replace(settings, port=0, log_level="error", **changes),
            database,
            stop,
            hurry,
            started=lambda sockets: listening.set_result(sockets[0].getsockname()[1]),
        )
    )
    try:
        yield await listening
    finally:
        stop.set()
        hurry.set()
        await service


class Connection:
    """A client that writes and reads bytes as it likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, **options: Any) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, **options))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def read_to_end(self) -> bytes:
        """Return what the service says until it closes the connection, or as much as came before it cut it off."""
        parts = []
        with suppress(ConnectionError):
            while part := await self.reader.read(2**16):
                parts.append(part)
        return b"".join(parts)

    async def drip(self, data: bytes, seconds: float) -> bytes:
        """Send a byte at a time for as long as the service listens, and return what it said."""
        told = asyncio.create_task(self.read_to_end())
        with suppress(ConnectionError):
            for place in range(len(data)):
                if told.done():
                    break
                await self.send(data[place : place + 1])
                await asyncio.sleep(seconds)
        return await told

    async def leave(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


def post(body: bytes, *, length: int | None = None, headers: bytes = b"") -> bytes:
    """Return a request as it is on the wire."""
    size = len(body) if length is None else length
    return (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n%s\r\n%s" % (size, headers, body)
    )
