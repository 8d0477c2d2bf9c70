"""A connection of its own on which the server tells when there is something to look at."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from resolvers.store.connections import Connection
from resolvers.store.database import Database, Transaction
from resolvers.store.wakeups import CHANNEL

NAME = "backtest-graph listener"
"""What pg_stat_activity calls it."""
OPEN_SECONDS = 10.0


class Lost(Exception):
    """The connection is gone, or does not answer."""


class Listening:
    """A listening connection; what wakes it is told to a function, and so is its end."""

    def __init__(self, connection: Connection, wake: Callable[[], None]) -> None:
        self._connection = connection
        self._wake = wake

    @classmethod
    @asynccontextmanager
    async def to(cls, database: Database, wake: Callable[[], None]) -> AsyncIterator["Listening"]:
        """Listen as long as the block lasts; raises Lost, or what a lost connection can raise."""
        async with asyncio.timeout(OPEN_SECONDS):
            connection = await database.open_connection()
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                await connection.execute(f"SET application_name = '{NAME}'")
                await connection.add_listener(CHANNEL, lambda *_: wake())
            connection.add_termination_listener(lambda *_: wake())
            yield cls(connection, wake)
        finally:
            # With it the server forgets that it listened; there is nothing on it that would have to end in order.
            connection.terminate()

    @asynccontextmanager
    async def reading(self, *, seconds: float) -> AsyncIterator[Transaction]:
        """Read by several statements what was committed at one moment.

        Raises:
            Lost: the connection is closed.
            TimeoutError: it takes longer than so many seconds.
        """
        if self._connection.is_closed():
            raise Lost("The listening connection was closed.")
        async with asyncio.timeout(seconds), self._connection.transaction(isolation="repeatable_read", readonly=True):
            yield Transaction(self._connection, None)
