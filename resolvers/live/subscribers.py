"""Who listens, and what waits for them."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Self

from resolvers.errors import QuestionError
from resolvers.filters import Said
from resolvers.live.batches import Batch, Event
from resolvers.live.looks import Change


class TooSlow(QuestionError):
    """Changes came faster than they were taken."""

    code = "TOO_SLOW"


class Interrupted(QuestionError):
    """Changes may have been missed: ask anew for what was shown, and subscribe again."""

    code = "UNAVAILABLE"


class Subscriber:
    """An iterator over events that ends with an error; it is left by `close`."""

    def __init__(self, said: Said, *, most_waiting: int, leave: Callable[["Subscriber"], None]) -> None:
        self.said = said
        self.key = repr((said.shape, said.values)) if said.shape else ""
        """What subscribers with the same filter have in common; empty without one."""
        self._most_waiting = most_waiting
        self._leave = leave
        self._waiting: deque[tuple[Batch, Sequence[Change], int]] = deque()
        self._woken = asyncio.Event()
        self._end: Exception | None = None
        self._is_closed = False

    def tell(self, batch: Batch, changes: Sequence[Change]) -> None:
        """Have changes wait; with too many that wait already it ends, and nothing waits any more."""
        if self._end or not changes:
            return
        if self.waiting >= self._most_waiting:
            self.end(TooSlow(f"More than {self._most_waiting:,} changes waited to be taken: subscribe again."))
            return
        self._waiting.append((batch, changes, 0))
        self._woken.set()

    @property
    def waiting(self) -> int:
        """How many changes wait."""
        return sum(len(changes) - place for _, changes, place in self._waiting)

    def end(self, reason: Exception) -> None:
        """End at once, with an error."""
        self._waiting.clear()
        self._end = reason
        self._woken.set()
        self._leave(self)

    def close(self) -> None:
        """Leave."""
        self._is_closed = True
        self._waiting.clear()
        self._woken.set()
        self._leave(self)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._end:
                raise self._end
            if self._is_closed:
                raise StopAsyncIteration
            self._woken.clear()
            await self._woken.wait()
        batch, changes, place = self._waiting[0]
        if place + 1 < len(changes):
            self._waiting[0] = (batch, changes, place + 1)
        else:
            self._waiting.popleft()
        return Event(batch, changes, place)

    async def aclose(self) -> None:
        """Leave, as a generator is left."""
        self.close()
