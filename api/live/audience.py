"""Who is connected for longer than one answer."""

import asyncio
from typing import Protocol

STOP_SECONDS = 1.0
"""How long all together have to say goodbye when the service stops."""


class Listener(Protocol):
    """A socket, or a stream of events."""

    def stop(self) -> None:
        """End it, since the service stops."""


class Audience:
    """At most so many listeners; all are sent away at the stop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._listeners: set[Listener] = set()
        self._empty = asyncio.Event()
        self.is_stopped = False

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def is_full(self) -> bool:
        """Whether nobody else is taken."""
        return self.is_stopped or len(self._listeners) >= self._most

    def add(self, listener: Listener) -> None:
        """Count somebody in."""
        self._empty.clear()
        self._listeners.add(listener)

    def remove(self, listener: Listener) -> None:
        """Count somebody out."""
        self._listeners.discard(listener)
        if not self._listeners:
            self._empty.set()

    async def stop(self) -> None:
        """Send all away, and wait a moment for them to leave; nobody is taken any more."""
        self.is_stopped = True
        for listener in tuple(self._listeners):
            listener.stop()
        if self._listeners:
            await asyncio.wait([asyncio.ensure_future(self._empty.wait())], timeout=STOP_SECONDS)
