"""One listening connection for all who listen in this process, as long as somebody does."""

import asyncio
import logging
from collections.abc import Sequence
from time import monotonic

import asyncpg

from resolvers.changes import KEPT
from resolvers.deflation import refresh_deflated
from resolvers.filters import Conditions, read_backtest_filter
from resolvers.live.batches import Batch
from resolvers.live.looks import Change, Moment, find_changes, find_matches, find_moment
from resolvers.live.subscribers import Interrupted, Subscriber
from resolvers.store.database import CONNECT_SECONDS, LOST, Database, Transaction, Unavailable
from resolvers.store.listening import Listening, Lost
from resolvers.store.time_limits import Overdue

logger = logging.getLogger("backtest_graph.live")

LOOK_SECONDS = 1.0
"""How long a change waits whose wake-up was lost."""
LONGEST_LOOK_SECONDS = 10.0
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 0.1, 2.0

Arrival = tuple[Subscriber, "asyncio.Future[None]"]


class Live:
    """The subscribers of this process, and the task that looks for them."""

    def __init__(self, database: Database, *, most_waiting: int = 1_000) -> None:
        self._database = database
        self._most_waiting = most_waiting
        self._subscribers: set[Subscriber] = set()
        self._arriving: list[Arrival] = []
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._last: Moment | None = None
        self._looked_at = 0.0

    @property
    def subscribers(self) -> int:
        """How many listen."""
        return len(self._subscribers)

    async def subscribe(self, conditions: Conditions) -> Subscriber:
        """Return the changes from now on of runs that match.

        Raises:
            BadUserInput: the filter makes no sense.
            Unavailable: the database cannot be reached.
        """
        subscriber = Subscriber(read_backtest_filter(conditions), most_waiting=self._most_waiting, leave=self._forget)
        arrived = asyncio.get_running_loop().create_future()
        self._arriving.append((subscriber, arrived))
        self._woken.set()
        if self._task is None:
            self._task = asyncio.create_task(self._follow())
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await arrived
        except BaseException as error:
            self._forget(subscriber)
            if isinstance(error, TimeoutError):
                raise Unavailable("The database cannot be reached.") from None
            raise
        finally:
            self._arriving = [each for each in self._arriving if each[0] is not subscriber]
        return subscriber

    async def close(self) -> None:
        """End the task; whoever still listens hears nothing more."""
        for subscriber in tuple(self._subscribers):
            subscriber.close()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _forget(self, subscriber: Subscriber) -> None:
        self._subscribers.discard(subscriber)
        if not self._subscribers:
            self._woken.set()

    async def _follow(self) -> None:
        """Look until nobody listens any more; after a lost connection go on from the last look."""
        pause = FIRST_RETRY_SECONDS
        try:
            while self._subscribers or self._arriving:
                try:
                    async with Listening.to(self._database, self._woken.set) as listening:
                        while self._subscribers or self._arriving:
                            await self._look(listening)
                            pause = FIRST_RETRY_SECONDS
                            await self._wait()
                except (Lost, TimeoutError, *LOST) as error:
                    logger.warning("Listening for changes again in %.1f s: %s", pause, error or type(error).__name__)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LAST_RETRY_SECONDS)
        except Exception as error:  # nobody waits for this task: whoever waits for changes is to learn of it
            for subscriber in (*self._subscribers, *(each for each, _ in self._arriving)):
                subscriber.end(error)
            raise
        finally:
            self._task = self._last = None

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return

    async def _look(self, listening: Listening) -> None:
        """Tell what was committed since the last look, and from then on tell those who came meanwhile, too."""
        self._woken.clear()
        arriving = tuple(self._arriving)
        async with listening.reading(seconds=LONGEST_LOOK_SECONDS) as reading:
            now = await find_moment(reading)
            goes_on = self._last is not None and self._goes_on(self._last, now)
            changes = await find_changes(reading, self._last) if goes_on and self._last else []
            told = await self._find(reading, changes, [each for each in self._subscribers if not each.said.is_deflated])
        told += await self._find_deflated(listening, changes)
        self._last, self._looked_at = now, monotonic()
        batch = Batch(self._database)
        for subscriber, matches in told:
            subscriber.tell(batch, matches)
        for subscriber, arrived in arriving:
            if not arrived.done():
                self._subscribers.add(subscriber)
                arrived.set_result(None)

    def _goes_on(self, last: Moment, now: Moment) -> bool:
        """Tell whether all changes since the last look are there; if not, whoever listens has to ask anew."""
        if last.precedes(now) and monotonic() - self._looked_at < KEPT.total_seconds():
            return True
        logger.warning("The database is not the one of the last look, or that was too long ago")
        for subscriber in tuple(self._subscribers):
            subscriber.end(Interrupted("Changes may have been missed: subscribe again."))
        return False

    async def _find(
        self, reading: Transaction, changes: Sequence[Change], subscribers: Sequence[Subscriber]
    ) -> list[tuple[Subscriber, Sequence[Change]]]:
        """Return what subscribers are to be told; those with the same filter share one statement."""
        if not changes:
            return []
        matches: dict[str, Sequence[Change]] = {"": changes}
        for subscriber in subscribers:
            if subscriber.key not in matches:
                matches[subscriber.key] = await self._match(reading, changes, subscriber)
        return [(each, matches[each.key]) for each in subscribers if each in self._subscribers]

    async def _find_deflated(
        self, listening: Listening, changes: Sequence[Change]
    ) -> list[tuple[Subscriber, Sequence[Change]]]:
        """Return the same for filters that take deflated Sharpe ratios, once these know of the changes."""
        subscribers = [each for each in self._subscribers if each.said.is_deflated]
        if not changes or not subscribers:
            return []
        try:
            await refresh_deflated(self._database)
        except (Overdue, Unavailable, asyncpg.PostgresError) as error:
            for each in subscribers:
                each.end(error)
            return []
        async with listening.reading(seconds=LONGEST_LOOK_SECONDS) as reading:
            return await self._find(reading, changes, subscribers)

    async def _match(self, reading: Transaction, changes: Sequence[Change], subscriber: Subscriber) -> Sequence[Change]:
        """Return the changes that match the filter of a subscriber; a filter that cannot be computed ends it."""
        try:
            return await find_matches(reading, changes, subscriber.said)
        except (asyncpg.DataError, asyncpg.QueryCanceledError) as error:
            for each in [each for each in self._subscribers if each.key == subscriber.key]:
                each.end(error)
            raise Lost("A filter could not be computed") from error
