"""Tell the listeners of all processes that there is something to look at."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

import asyncpg

logger = logging.getLogger("backtest_graph.live")

CHANNEL = "backtest_changes"
SOON_SECONDS = 0.02
"""How long changes are collected before one wake-up tells of all of them."""
PAUSE_SECONDS = 0.2
"""Between two wake-ups: under steady saves each would cost as much as a small question."""
NOTIFY_SECONDS = 2.0


class WakeUps:
    """Sends wake-ups some time after they were asked for, one for all that were asked for meanwhile.

    Never inside of a transaction: NOTIFY takes a lock until after the commit, behind which all saves would queue up.
    A wake-up that cannot be sent loses nothing, since listeners also look by themselves.
    """

    def __init__(self, send: Callable[[], Awaitable[object]]) -> None:
        self._send = send
        self._timer: asyncio.TimerHandle | None = None
        self._sent_at = float("-inf")
        self._sendings: set[asyncio.Task[None]] = set()

    def ask(self) -> None:
        """Have a wake-up sent soon."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            at = max(loop.time() + SOON_SECONDS, self._sent_at + PAUSE_SECONDS)
            self._timer = loop.call_at(at, self._start)

    async def flush(self) -> None:
        """Send now what waits, and wait for it."""
        if self._timer is not None:
            self._timer.cancel()
            self._start()
        await asyncio.gather(*self._sendings)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer, self._sent_at = None, loop.time()
        sending = loop.create_task(self._try())
        self._sendings.add(sending)
        sending.add_done_callback(self._sendings.discard)

    async def _try(self) -> None:
        try:
            await self._send()
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            logger.debug("A wake-up was not sent: %s", error)
