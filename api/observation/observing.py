"""The middleware that sees every request, and the way to see an operation of any transport."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Protocol

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.observation import metrics
from api.observation.logs import log_work
from api.observation.request_ids import HEADER, choose_request_id
from api.observation.traces import Traces
from api.observation.work import Work, current
from resolvers.store.tallies import tally
from schema.context import Context

logger = logging.getLogger("backtest_graph.errors")

WENT_WRONG = "Something went wrong on our side; the service's log has more under the request id."
STOPPED = "The service stopped before the answer was ready: a change may have taken place."
EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
_NOTHING = nullcontext()

UNEXPECTED = 1011
"""The code by which a WebSocket is closed after an error of ours."""


class Observing:
    """Gives each request an id, tells of it when it is finished, and masks what nobody expected."""

    def __init__(self, app: ASGIApp, traces: Traces | None = None) -> None:
        self._app = app
        self._traces = traces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application."""
        if scope["type"] == "http":
            await self._answer(_Request(scope, receive, send), scope)
        elif scope["type"] == "websocket":
            await self._answer(_Socket(scope, receive, send), scope)
        else:
            await self._app(scope, receive, send)

    async def _answer(self, request: "_Request | _Socket", scope: Scope) -> None:
        work = request.work
        if self._traces is not None:
            work.trace = self._traces.of_headers(scope["headers"])
        scope["request_id"] = work.request_id
        current.set(work)
        tally.set(work.tally)
        metrics.begin()
        try:
            await self._app(scope, request.receive, request.send)
        except asyncio.CancelledError:  # the service stops, and has waited long enough
            work.codes = ["UNAVAILABLE"]
            if not await request.fail(503, STOPPED, "UNAVAILABLE"):
                raise
        except Exception as error:
            work.codes = ["INTERNAL"]
            logger.exception("An unexpected error in request %s", work.request_id)
            if not await request.fail(500, WENT_WRONG, "INTERNAL"):
                raise ConnectionError("The answer was broken off; the log has more.") from error
        except BaseException:
            work.is_gone = not work.is_complete
            raise
        finally:
            metrics.end()
            _finish(work)


def _finish(work: Work) -> None:
    metrics.count_work(work)
    log_work(work)


class _Request:
    """An HTTP request, with what is seen of it on its way in and out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.work = work = Work("request", "http", choose_request_id(_find_id(scope)))
        work.method, work.path = scope["method"], scope["path"][:200]
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.work.is_gone = not self.work.is_complete
        return message

    async def send(self, message: Message) -> None:
        work = self.work
        if message["type"] == "http.response.start":
            work.status = message["status"]
            message["headers"] = headers = [*message["headers"], (HEADER, work.request_id.encode())]
            if EVENTS in headers:
                work.transport = "sse"
        else:
            work.bytes_out += len(message.get("body", b""))
            work.is_complete = not message.get("more_body", False)
        await self._send(message)

    async def fail(self, status: int, message: str, code: str) -> bool:
        """Answer that something went wrong; False where an answer is under way already."""
        if self.work.status is not None:
            return False
        extensions = {"code": code, "requestId": self.work.request_id}
        body = orjson.dumps({"errors": [{"message": message, "extensions": extensions}]})
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})
        return True


class _Socket:
    """A WebSocket, with what is seen of it on its way in and out."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.work = work = Work("connection", "ws", choose_request_id(_find_id(scope)))
        work.path = scope["path"][:200]
        self._receive = receive
        self._send = send

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "websocket.disconnect" and self.work.status is None:
            self.work.status, self.work.is_gone = message.get("code"), True
        return message

    async def send(self, message: Message) -> None:
        work = self.work
        if message["type"] in {"websocket.accept", "websocket.http.response.start"}:
            message["headers"] = [*(message.get("headers") or ()), (HEADER, work.request_id.encode())]
            work.status = message.get("status")
        elif message["type"] == "websocket.close":
            work.status = message.get("code", 1000)
        else:
            work.bytes_out += len(message.get("text") or message.get("bytes") or b"")
        await self._send(message)

    async def fail(self, *_: object) -> bool:
        """Close the connection, unless it is closed."""
        if self.work.status is None:
            await self.send({"type": "websocket.close", "code": UNEXPECTED})
        return True


def _find_id(scope: Scope) -> bytes | None:
    for name, value in scope["headers"]:
        if name == HEADER:
            return bytes(value)
    return None


class Asked(Protocol):
    """An operation that is to be executed."""

    @property
    def query(self) -> str:
        """The text of the document."""


@contextmanager
def observed(operation: Asked, context: Context) -> Iterator[Work]:
    """See an operation from its begin to its end; tell the errors of its result by `work.note_errors`.

    An operation over HTTP, events included, is told with its request. One of a WebSocket is told by itself when it is
    finished; it is to run in a task of its own.
    """
    work = _work_of_operation()
    context.request_id = work.request_id
    try:
        with work.trace.span(work) if work.trace is not None else _NOTHING:
            try:
                yield work
            except Exception:
                work.codes = work.codes or ["BAD_USER_INPUT"]  # no such operation, or none of an allowed type
                raise
            finally:
                work.describe(operation.query, context)
    finally:
        if work.kind == "operation":
            _finish(work)


def _work_of_operation() -> Work:
    """Return the request that this task works for, or a new work for one of many operations of a connection."""
    found = current.get()
    if found is not None and found.kind == "request":
        return found
    request_id = found.request_id if found else choose_request_id(None)
    work = Work("operation", found.transport if found else "direct", request_id)
    if found:
        work.path, work.trace = found.path, found.trace
    tally.set(work.tally)
    return work
