"""The body of a request: read up to a limit, and out of its encoding."""

import asyncio
from collections.abc import Mapping

from starlette.types import Receive

from api.http.compression import MOST_AT_ONCE
from api.http.encodings import ENCODERS, Undecodable, decode


class BadRequest(Exception):
    """The request cannot be understood, or is refused as it is.

    is_answered: it is a request after all, whose errors `application/json` carries with status 200.
    """

    def __init__(
        self,
        message: str,
        status: int = 400,
        headers: dict[str, str] | None = None,
        *,
        code: str = "BAD_USER_INPUT",
        is_answered: bool = False,
        limit: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        self.code = code
        self.is_answered = is_answered
        self.limit = limit

    @property
    def formatted(self) -> dict[str, object]:
        """The error as GraphQL shows it."""
        limit = {} if self.limit is None else {"limit": self.limit}
        return {"message": str(self), "extensions": {"code": self.code, **limit}}


async def read_body(receive: Receive, headers: Mapping[str, str], limit: int) -> bytes:
    """Return the body as it was before it was encoded.

    Raises:
        BadRequest: it is longer than the limit, in whichever form, or its encoding is unknown or damaged.
    """
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding and encoding not in ENCODERS and encoding != "identity":
        raise BadRequest(f"The encoding {encoding} is not taken.", 415, {"Accept-Encoding": ", ".join(ENCODERS)})
    body = await _receive(receive, headers.get("content-length", ""), limit)
    return await _decode(body, encoding, limit) if encoding in ENCODERS else body


async def _receive(receive: Receive, length: str, limit: int) -> bytes:
    if length.isdecimal() and int(length) > limit:
        raise _too_long(limit)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BadRequest("The client left before its request was whole.")
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_long(limit)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


async def _decode(body: bytes, encoding: str, limit: int) -> bytes:
    try:
        if len(body) <= MOST_AT_ONCE // 16:
            content = decode(body, encoding, limit=limit)
        else:
            content = await asyncio.to_thread(decode, body, encoding, limit=limit)
    except Undecodable as error:
        raise BadRequest(f"The body is not {encoding}: {error}.") from error
    if len(content) > limit:
        raise _too_long(limit)
    return content


def _too_long(limit: int) -> BadRequest:
    return BadRequest(f"The request is longer than {limit:,} bytes.", 413, limit=limit)
