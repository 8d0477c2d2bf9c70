"""Whether the client still waits: a question whose asker left is given up."""

import asyncio
from typing import Self, cast

from starlette.types import Receive

PATIENCE_SECONDS = 0.25
"""How often is looked who still waits: most answers are there before anybody is looked after."""


class ClientLeft(Exception):
    """The client closed its connection before the answer was ready."""


class Askers:
    """Those who wait for an answer in this process: one timer looks after all of them."""

    def __init__(self) -> None:
        self._waiting: dict[Presence, bool] = {}
        self._timer: asyncio.TimerHandle | None = None

    def wait(self, receive: Receive) -> "Presence":
        """Return the block in which somebody waits."""
        return Presence(self, receive)

    def add(self, presence: "Presence") -> None:
        """Look after somebody from the second look on."""
        self._waiting[presence] = False
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look)

    def discard(self, presence: "Presence") -> None:
        """Look after somebody no more."""
        self._waiting.pop(presence, None)

    def _look(self) -> None:
        self._timer = None
        for presence, is_known in tuple(self._waiting.items()):
            if is_known:
                del self._waiting[presence]
                presence.watch()
            else:
                self._waiting[presence] = True
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._look)


class Presence:
    """Gives up the work inside once the client is gone; only for what changes nothing."""

    __slots__ = ("_askers", "_has_left", "_receive", "_task", "_watch")

    _task: "asyncio.Task[object]"

    def __init__(self, askers: Askers, receive: Receive) -> None:
        self._askers = askers
        self._receive = receive
        self._has_left = False
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._task = cast("asyncio.Task[object]", asyncio.current_task())
        self._askers.add(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._askers.discard(self)
        if self._watch is not None:
            self._watch.cancel()
        is_cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        if self._has_left and is_cancelled and self._task.uncancel() == 0:  # else somebody else wants an end, too
            raise ClientLeft

    def watch(self) -> None:
        """Give the work up once the client has left."""
        self._watch = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        self._task.cancel()
