"""A client of the WebSockets that says what it is told to, right or wrong."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL = "graphql-transport-ws"
CHANGED = "subscription($filter: BacktestFilter) { backtestChanged(filter: $filter) { kind id backtest { symbol } } }"


class Talk:
    """A socket to the service."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, *messages: Any) -> None:
        """Send texts and bytes as they are, and all else as JSON."""
        for each in messages:
            await self.socket.send(each if isinstance(each, str | bytes) else orjson.dumps(each).decode())

    async def hear(self, seconds: float = 10) -> Any:
        """Return the next message."""
        async with asyncio.timeout(seconds):
            return orjson.loads(await self.socket.recv())

    async def begin(self) -> None:
        """Introduce oneself."""
        await self.say({"type": "connection_init"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, id: str = "1", query: str = CHANGED, **variables: Any) -> None:
        """Ask for something under an id."""
        await self.say({"type": "subscribe", "id": id, "payload": {"query": query, "variables": variables}})

    async def listen(self, id: str = "1", query: str = CHANGED, **variables: Any) -> None:
        """Subscribe, and wait until it holds."""
        await self.subscribe(id, query, **variables)
        await asyncio.sleep(0.15)

    async def until_closed(self, seconds: float = 10) -> tuple[int, str]:
        """Return the code and the reason that the service closes with."""
        async with asyncio.timeout(seconds):
            with pytest.raises(ConnectionClosed):
                await self._hear_all()
        return self.socket.close_code or 0, self.socket.close_reason or ""

    async def _hear_all(self) -> None:
        while True:
            await self.socket.recv()


@asynccontextmanager
async def talk(url: str, *protocols: str, begin: bool = False, is_small: bool = False) -> AsyncIterator[Talk]:
    """Open a socket to the service at an http address; a small one holds little that is not read, and uncompressed."""
    address = url.replace("http", "ws", 1) + "/graphql"
    chosen = [Subprotocol(each) for each in protocols or (PROTOCOL,)]
    options: dict[str, Any] = {"sock": _small_socket(url), "compression": None} if is_small else {"proxy": None}
    async with connect(address, subprotocols=chosen, max_size=2**26, **options) as connection:
        talking = Talk(connection)
        if begin:
            await talking.begin()
        yield talking


def _small_socket(url: str) -> socket.socket:
    host, port = url.removeprefix("http://").split(":")
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    small.connect((host, int(port)))
    return small
