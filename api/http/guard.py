"""HTTP connections with limits: on how slowly a client may send and read, how much a head holds, and on their number.

uvicorn's own protocol knows none of these. What is looked at for every request is two clocks; the rest is done by one
timer for all connections.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

MOST_HEADERS = 100
MOST_URL_BYTES = 32 * 1024
MOST_HEAD_BYTES = 128 * 1024
"""Of a head that comes in pieces; one that comes at once is never longer than what is read at a time, 256 kB."""
LINGER_SECONDS = 2.0
"""How long a connection that is ended with an answer is still read from, by nobody."""
WHOLE = 20
"""All of a body, or of an answer, may take as long as this many of the longest pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: for the head of a request, between two parts of its body, and between two parts of an answer."""

    head: float
    body: float
    send: float


class Guard:
    """Looks at all connections of a server from time to time."""

    def __init__(self, patience: Patience, *, most: int) -> None:
        self.patience = patience
        self.most = most
        self._interval = min(1.0, patience.head / 4, patience.body / 4, patience.send / 4)
        self._watched: set[GuardedProtocol] = set()
        self._timer: asyncio.TimerHandle | None = None

    def protocol(self, *arguments: Any, **named: Any) -> "GuardedProtocol":
        """Return the protocol of a new connection; uvicorn calls it in the place of its class."""
        return GuardedProtocol(self, *arguments, **named)

    def watch(self, protocol: "GuardedProtocol") -> None:
        """Look at a connection until it ends."""
        self._watched.add(protocol)
        if self._timer is None:
            self._timer = protocol.loop.call_later(self._interval, self._look, protocol.loop)

    def leave(self, protocol: "GuardedProtocol") -> None:
        """Look at a connection no more."""
        self._watched.discard(protocol)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for protocol in tuple(self._watched):
            protocol.look(now)
        self._timer = loop.call_later(self._interval, self._look, loop) if self._watched else None


class GuardedProtocol(HttpToolsProtocol):
    """A connection that is ended where its client takes too long; a time of 0.0 is none."""

    def __init__(self, guard: Guard, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._guard = guard
        self._is_surplus = False
        self._is_ended = False
        self._head_since = 0.0
        self._head_bytes = 0
        self._body_since = 0.0
        self._seen = 0.0
        self._unsent = 0
        self._unsent_since = 0.0
        self._sent_seen = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for a head; beyond the limit it is read only to be refused, and beyond twice that not even so."""
        super().connection_made(transport)
        if len(self.connections) > 2 * self._guard.most:
            transport.abort()
            return
        if len(self.connections) > self._guard.most:
            self._is_surplus = True
            self.app = _refuse_crowd
        self._head_since = self.loop.time()
        self._guard.watch(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._guard.leave(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read a part; the first one after an answer begins a head. What comes after the end is read by nobody."""
        if self._is_ended:
            return
        self._seen = self.loop.time()
        if not self._head_since and not self._body_since and self._is_idle():
            self._head_since = self._seen
            self._head_bytes = 0
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_since and self._head_bytes > MOST_HEAD_BYTES:
            self._end(431, "The head of the request is too long.", can_answer=self._is_idle())

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a field of the head; one behind the body was seen by no proxy, and is nobody's Host or token."""
        if not self._body_since:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Go on to the body, if the head is not too long."""
        self._head_since = 0.0
        if len(self.headers) > MOST_HEADERS or len(self.url) > MOST_URL_BYTES:
            self.app = _refuse_head
        super().on_headers_complete()
        self._body_since = self._seen

    def on_message_complete(self) -> None:
        """Leave the client alone while it waits."""
        self._body_since = 0.0
        self._head_bytes = 0
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over, unless there are too many, or a body comes, for which it would wait for ever."""
        self._guard.leave(self)
        if self._is_surplus:
            self._end(503, _CROWDED, can_answer=True)
        elif any(name in _OF_A_BODY and value != b"0" for name, value in self.headers):
            self._end(400, "A request for a WebSocket has no body.", can_answer=True)
        else:
            super().handle_websocket_upgrade()

    def look(self, now: float) -> None:
        """End the connection if its client takes too long."""
        patience = self._guard.patience
        if self._head_since and now - self._head_since > patience.head:
            self._end(
                408, "The head of the request took too long.", can_answer=self._is_idle() and bool(self._head_bytes)
            )
        elif self._body_since and self._is_body_late(now, patience.body):
            is_waiting = not self.pipeline and not self.cycle.response_started
            self._end(408, "The body of the request took too long.", can_answer=is_waiting)
        if self._is_reader_late(now, patience.send):
            self.transport.abort()

    def _is_idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _is_body_late(self, now: float, patience: float) -> bool:
        if self.flow.read_paused:  # it is us who do not read
            self._seen = now
        return now - self._seen > patience or now - self._body_since > WHOLE * patience

    def _is_reader_late(self, now: float, patience: float) -> bool:
        before, self._unsent = self._unsent, self.transport.get_write_buffer_size()
        if not before:
            self._unsent_since = now
        if not before or self._unsent < before:
            self._sent_seen = now
        return self._unsent > 0 and (now - self._sent_seen > patience or now - self._unsent_since > WHOLE * patience)

    def _end(self, status: int, message: str, *, can_answer: bool) -> None:
        self._head_since = self._body_since = 0.0
        if not can_answer:
            self.transport.close()
            return
        body = _refusal(status, message)
        head = b"content-type: application/json; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
        self.transport.write(STATUS_LINE[status] + head % len(body) + body)
        self._linger()

    def _linger(self) -> None:
        """Close the connection once its client has read the answer: one that still sends would lose it to a reset."""
        self._is_ended = True
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)


_OF_A_BODY = (b"content-length", b"transfer-encoding")
_CROWDED = "The service has more connections than it takes: try again soon."
_CODES = {408: "TIMEOUT", 503: "UNAVAILABLE"}


def _refusal(status: int, message: str) -> bytes:
    code = _CODES.get(status, "BAD_USER_INPUT")
    return orjson.dumps({"errors": [{"message": message, "extensions": {"code": code}}]})


def _refusing(status: int, message: str, **headers: str) -> Callable[..., Any]:
    """Return an application that answers every request with an error, the last one of its connection."""
    body = _refusal(status, message)
    return Response(body, status, {"Connection": "close", **headers}, "application/json; charset=utf-8")


_refuse_crowd = _refusing(503, _CROWDED, **{"Retry-After": "1"})
_refuse_head = _refusing(431, "The head of the request is too long, or has too many fields.")
