"""Answers compressed for clients that take it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.encodings import ENCODERS, choose_encoding

LEAST = 1024
"""Shorter bodies go as they are: they fit one packet, and compressing costs more than sending."""
MOST_AT_ONCE = 256 * 1024
"""Compressing this many bytes takes 0.4 ms; for more a thread does it, and other requests go on."""

_VARY = (b"vary", b"Accept-Encoding")
_COMPRESSED = (b"application/json", b"application/graphql-response+json", b"text/", b"application/javascript")
_EVENTS = b"text/event-stream"


class Compression:
    """Compresses a body that comes whole; one in parts is a stream of events, or a file, and goes on as it comes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application."""
        if scope["type"] == "http":
            accepted = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
            send = _Answer(send, choose_encoding(accepted.decode("latin-1")) if accepted else None).send
        await self._app(scope, receive, send)


@dataclass(slots=True)
class _Answer:
    """Holds the head of an answer back until its body shows whether it is compressed."""

    forward: Send
    encoding: str | None
    head: Message | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_text(message["headers"]):
            self.head = message
            return
        if self.head is not None:
            head, self.head = self.head, None
            message = await self._encode(head, message)
            await self.forward(head)
        await self.forward(message)

    async def _encode(self, head: Message, message: Message) -> Message:
        """Return the body to be sent, and make the head say what it is."""
        body: bytes = message.get("body", b"")
        if len(body) < LEAST or message.get("more_body", False):
            return message
        head["headers"] = headers = [*head["headers"], _VARY]
        if self.encoding is None:
            return message
        encoded = await compress(body, ENCODERS[self.encoding])
        headers[:] = [each for each in headers if each[0] != b"content-length"]
        headers += [(b"content-length", b"%d" % len(encoded)), (b"content-encoding", self.encoding.encode())]
        return {**message, "body": encoded}


async def compress(body: bytes, encoder: Callable[[bytes], bytes]) -> bytes:
    """Return the encoded body; whoever else asks does not wait for a long one."""
    return encoder(body) if len(body) <= MOST_AT_ONCE else await asyncio.to_thread(encoder, body)


def _is_text(headers: list[tuple[bytes, bytes]]) -> bool:
    """Tell whether a body is worth it: not a picture, not encoded already, and no stream of events."""
    found = dict(headers)
    kind = found.get(b"content-type", b"")
    return kind.startswith(_COMPRESSED) and not kind.startswith(_EVENTS) and b"content-encoding" not in found
