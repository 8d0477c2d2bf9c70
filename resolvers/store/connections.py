"""The connections to a PostgreSQL server: opened when needed, used again, dropped when lost or idle for long.

asyncpg's own pool asks the server to reset a connection after each use and starts a task for it, which together cost
four times what a small question costs. Nothing is to be reset here: what runs on a connection leaves no state behind
(no SET but those of its opening and the one below, no LISTEN, no advisory lock, no cursor), a transaction ends with its
block, and a connection that was left in the middle of something is closed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

import asyncpg

IDLE_SECONDS = 300.0
END_SECONDS = 2.0
"""How long a server has to confirm that it stopped; then the connection is cut, which it notices within a second."""
SET_SECONDS = 5.0


class Busy(Exception):
    """All connections were lent for as long as one waits for them."""


class Plan(Enum):
    """When PostgreSQL plans a prepared statement; the values are those of its setting plan_cache_mode."""

    ONCE = "force_generic_plan"
    """For all values: where the same index answers whatever they are. Planning a page costs as much as reading it."""
    EACH_TIME = "force_custom_plan"
    """For these very values: where it depends on how many rows have them which index is best."""
    AS_POSTGRES_LIKES = "auto"


if TYPE_CHECKING:
    _Connection = asyncpg.Connection[asyncpg.Record]
else:
    _Connection = asyncpg.Connection


class Connection(_Connection):
    """A connection that knows how its statements are planned and since when it is idle."""

    plan = Plan.AS_POSTGRES_LIKES
    idle_since = 0.0


class Usage(NamedTuple):
    """How many connections are open, how many of these are lent, and how many users wait for one."""

    opened: int
    lent: int
    waiting: int


class Connections:
    """At most so many connections, each lent to one user at a time."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], most: int, wait: float | None = None) -> None:
        self._connect = connect
        self._most = most
        self._wait = wait
        self._places = asyncio.Semaphore(most)
        self._open: set[Connection] = set()
        self._opening = self._waiting = 0
        self._idle: list[Connection] = []
        self._endings: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._timer: asyncio.TimerHandle | None = None

    def usage(self) -> Usage:
        """Return how the connections are used now."""
        opened = len(self._open)
        return Usage(opened, opened - len(self._idle), self._waiting)

    async def take(self, plan: Plan) -> Connection:
        """Lend a connection whose statements are planned so; wait where all are lent.

        Raises:
            Busy: that took too long.
        """
        if self._places.locked():
            await self._wait_for_place()
        else:
            await self._places.acquire()
        try:
            return await self._take(plan)
        except BaseException:
            self._places.release()
            raise

    def give(self, connection: Connection, *, is_unfinished: bool = False, is_hung: bool = False) -> None:
        """Take a connection back; one whose work was given up is closed first, without a word where nobody answers."""
        if is_unfinished:
            ending = asyncio.get_running_loop().create_task(self._end(connection))
            self._endings.add(ending)
            ending.add_done_callback(self._endings.discard)
            return
        if is_hung or connection.is_closed() or connection.is_in_transaction():
            self._drop(connection)
        else:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
            self._watch()
        self._places.release()

    async def close(self) -> None:
        """Close all connections after their last use."""
        self._is_closed = True
        for _ in range(self._most):
            await self._places.acquire()
        connections, self._idle = self._idle, []
        try:
            await asyncio.gather(*(connection.close() for connection in connections))
        finally:
            self.terminate()
            for _ in range(self._most):  # whoever still waits is to learn that it is closed
                self._places.release()

    async def open_another(self) -> Connection:
        """Open a connection that is not one of these: the caller closes it."""
        return await self._connect()

    def terminate(self) -> None:
        """Close all connections at once, also those in use."""
        self._is_closed = True
        if self._timer:
            self._timer.cancel()
        for connection in tuple(self._open):
            self._drop(connection)

    async def _wait_for_place(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._wait):
                await self._places.acquire()
        except TimeoutError as error:
            raise Busy(f"All {self._most} connections to the database were busy for {self._wait:g} s.") from error
        finally:
            self._waiting -= 1

    async def _take(self, plan: Plan) -> Connection:
        if self._is_closed:
            raise asyncpg.InterfaceError("The database is closed.")
        connection = self._find(plan) or await self._add()
        if connection.plan is not plan:
            await self._change_plan(connection, plan)
        return connection

    async def _end(self, connection: Connection) -> None:
        """Have the server stop what it does for a connection, and close it."""
        try:
            # Whatever happens, it is closed; a request to stop needs a connection of its own, which may fail.
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await connection.close(timeout=END_SECONDS)
        finally:
            self._drop(connection)
            self._places.release()

    def _find(self, plan: Plan) -> Connection | None:
        """Return an idle connection, None where one is to be opened; the last used one is the most likely to work."""
        for place in range(len(self._idle) - 1, -1, -1):
            connection = self._idle[place]
            if connection.is_closed():
                self._drop(self._idle.pop(place))
            elif connection.plan is plan:
                return self._idle.pop(place)
        is_full = len(self._open) + self._opening >= self._most
        return self._idle.pop() if self._idle and is_full else None

    async def _add(self) -> Connection:
        self._opening += 1
        try:
            connection = await self._connect()
        finally:
            self._opening -= 1
        self._open.add(connection)
        return connection

    async def _change_plan(self, connection: Connection, plan: Plan) -> None:
        try:
            await connection.execute(f"SET plan_cache_mode = {plan.value}", timeout=SET_SECONDS)
        except BaseException:
            self._drop(connection)
            raise
        connection.plan = plan

    def _drop(self, connection: Connection) -> None:
        self._open.discard(connection)
        if not connection.is_closed():
            connection.terminate()

    def _watch(self) -> None:
        """See to it that connections which are idle for long are closed."""
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def _close_idle(self) -> None:
        self._timer = None
        latest = asyncio.get_running_loop().time() - IDLE_SECONDS
        for connection in [each for each in self._idle if each.idle_since <= latest]:
            self._idle.remove(connection)
            self._drop(connection)
        if self._idle:
            self._watch()
