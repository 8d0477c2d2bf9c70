"""Answers as server-sent events, by the protocol graphql-sse with a connection for each operation."""

import asyncio
import logging

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult

from api.http.bodies import BadRequest
from api.live.answers import write_json, write_result
from api.operations import ANSWERED_ONCE, READING, Operation, answer
from api.service import Service
from resolvers.callers import Caller
from resolvers.errors import Unauthenticated
from schema.bulk import Answers, Ended

logger = logging.getLogger("backtest_graph.live")

EVENTS = "text/event-stream"
PAUSE_SECONDS = 12.0
"""After so long without an event a comment is sent, lest something on the way takes the connection for dead."""
SEND_SECONDS = 10.0
"""How long a client may leave what is sent to it unread."""
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
COMMENT = b":\n\n"
COMPLETE = b"event: complete\ndata:\n\n"


def wants_events(accept: str) -> bool:
    """Tell whether a client takes an answer as events."""
    return EVENTS in accept.lower()


async def stream(request: Request, operation: Operation, caller: Caller, authorization: str | None) -> Response:
    """Answer an operation by events; raises BadRequest."""
    service: Service = request.app.state.service
    if service.audience.is_full:
        raise BadRequest("Too many are connected: try again later.", 503, {"Retry-After": "10"})
    allowed = ANSWERED_ONCE if request.method == "POST" else READING
    answers: ExecutionResult | Answers
    try:
        answers = await answer(service, operation, caller=caller, allowed=allowed)
    except InvalidOperationTypeError as error:
        raise BadRequest(error.as_http_error_reason(request.method), 405, {"Allow": "POST"}) from error
    except Ended as error:
        answers = ExecutionResult(data=None, errors=error.errors)
    return EventStream(service, answers, authorization)


class EventStream(Response):
    """The answers of one operation; it ends when they do, or the client leaves, or the service stops."""

    media_type = EVENTS

    def __init__(self, service: Service, answers: ExecutionResult | Answers, authorization: str | None) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._service = service
        self._answers = answers
        self._authorization = authorization
        self._working: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send the answers."""
        self._service.audience.add(self)
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            works = (self._tell(send), self._pause(send), self._check(send), _wait_until_left(receive))
            self._working = {asyncio.ensure_future(work) for work in works}
            done, _ = await asyncio.wait(self._working, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                self._look_at(task)
        finally:
            for task in self._working:
                task.cancel()
            await asyncio.gather(*self._working, return_exceptions=True)
            if isinstance(self._answers, Answers):
                await self._answers.aclose()
            self._service.audience.remove(self)

    def stop(self) -> None:
        """End it, since the service stops: without the last event, so that the client asks again."""
        for task in self._working:
            task.cancel()

    def _look_at(self, task: "asyncio.Task[None]") -> None:
        error = None if task.cancelled() else task.exception()
        if isinstance(error, TimeoutError | OSError):
            logger.debug("A client did not read its events: %r", error)
        elif error:
            raise error

    async def _tell(self, send: Send) -> None:
        if isinstance(self._answers, ExecutionResult):
            await _send(send, _next(self._answers))
        else:
            try:
                async for each in self._answers:
                    await _send(send, _next(each))
            except Ended as error:
                await _send(send, _next(ExecutionResult(data=None, errors=error.errors)))
        await _send(send, COMPLETE, is_last=True)

    async def _pause(self, send: Send) -> None:
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            await _send(send, COMMENT)

    async def _check(self, send: Send) -> None:
        """Wait until the caller is one no more, and say so."""
        await self._service.access.wait_until_refused(self._authorization)
        refusal = GraphQLError("What was shown is not valid any more.", extensions={"code": Unauthenticated.code})
        await _send(send, _next(ExecutionResult(data=None, errors=[refusal])) + COMPLETE, is_last=True)


async def _wait_until_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, body: bytes, *, is_last: bool = False) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": body, "more_body": not is_last})


def _next(result: ExecutionResult) -> bytes:
    return b"event: next\ndata: " + write_json(write_result(result)) + b"\n\n"
