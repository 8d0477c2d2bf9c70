"""What is known of a request, or of one of the operations of a WebSocket, when it is finished."""

from contextvars import ContextVar
from hashlib import sha256
from time import perf_counter
from typing import Any

from resolvers.store.tallies import Tally

OURS = frozenset({"INTERNAL", "TIMEOUT", "UNAVAILABLE"})
"""Codes of what went wrong on our side; all others are refusals."""
LONGEST_NAME = 100


class Work:
    """A request, or one of the operations of a WebSocket: filled as it goes on, told once at its end.

    status is that of HTTP, or the code that a WebSocket was closed with; started and the return values of `seconds` are
    of `perf_counter`.
    """

    __slots__ = (
        "bytes_out", "codes", "cost", "is_complete", "is_gone", "kind", "method", "name", "path", "query",
        "request_id", "started", "status", "tally", "trace", "transport", "type", "user",
    )  # fmt: skip

    def __init__(self, kind: str, transport: str, request_id: str) -> None:
        self.kind = kind
        self.transport = transport
        self.request_id = request_id
        self.started = perf_counter()
        self.tally = Tally()
        self.method: str | None = None
        self.path: str | None = None
        self.status: int | None = None
        self.type = self.name = self.query = self.user = None  # type: str | None
        self.cost: int | None = None
        self.codes: list[str] = []
        self.bytes_out = 0
        self.is_complete = self.is_gone = False
        self.trace: Any = None

    def seconds(self) -> float:
        """Return how long it has taken until now."""
        return perf_counter() - self.started

    def outcome(self) -> str:
        """Return ok, refused, or error where the fault is ours."""
        status = self.status if self.transport != "ws" and self.status else 200
        if status >= 500 or not OURS.isdisjoint(self.codes):  # noqa: PLR2004 - as HTTP has it
            return "error"
        return "refused" if self.codes or status >= 400 else "ok"  # noqa: PLR2004

    @property
    def document(self) -> str | None:
        """The begin of the SHA-256 of the query's text, None without one; computed for those who tell it."""
        return None if self.query is None else sha256(self.query.encode(errors="surrogatepass")).hexdigest()[:16]

    def describe(self, query: str, context: Any) -> None:
        """Take over what is known of an operation that was executed."""
        self.query = query
        self.type, self.name = context.operation_type, context.operation_name[:LONGEST_NAME]
        self.user = context.caller.name
        self.cost = getattr(context, "cost", None)

    def note_errors(self, errors: Any) -> None:
        """Take over the codes of GraphQL errors."""
        self.codes = [str((error.extensions or {}).get("code", "BAD_USER_INPUT")) for error in errors or ()]


current: ContextVar[Work | None] = ContextVar("work", default=None)
"""The request that this task works for."""
