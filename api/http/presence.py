"""Whether the client still waits: a question whose asker left is given up."""

import asyncio
from typing import Self, cast

from starlette.types import Receive

PATIENCE_SECONDS = 0.25
"""Most answers are there before that, so that for them one timer is all this costs."""


class ClientLeft(Exception):
    """The client closed its connection before the answer was ready."""


class Presence:
    """Gives up the work inside once the client is gone; only for what changes nothing."""

    __slots__ = ("_has_left", "_receive", "_task", "_timer", "_watch")

    _task: "asyncio.Task[object]"

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._has_left = False
        self._watch: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._task = cast("asyncio.Task[object]", asyncio.current_task(loop))
        self._timer = loop.call_later(PATIENCE_SECONDS, self._begin)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._timer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        is_cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        if self._has_left and is_cancelled and self._task.uncancel() == 0:  # else somebody else wants an end, too
            raise ClientLeft

    def _begin(self) -> None:
        self._watch = asyncio.get_running_loop().create_task(self._wait())

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        self._task.cancel()
