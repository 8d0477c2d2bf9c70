"""The endpoint for WebSockets, by the protocol graphql-transport-ws.

Strawberry's own answers 15 of 44 checks of the protocol in another way.
"""

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.types import ExecutionResult

from api.access.access import authorization_of
from api.access.refusals import REASONS
from api.http.bodies import BadRequest
from api.http.parameters import read_operation
from api.live.answers import is_refused, write_errors, write_json, write_result
from api.live.messages import PROTOCOL, Malformed, Message, read_message
from api.operations import ANSWERED_ONCE, answer
from api.service import Service
from resolvers.callers import Caller
from resolvers.errors import Unauthenticated
from schema.bulk import Ended

logger = logging.getLogger("backtest_graph.live")

SEND_SECONDS = 10.0
"""How long a client may leave what is sent to it unread."""
LONGEST_SHOWN = 60
"""Characters of an id in the reason of a close, which has at most 123 bytes."""


@dataclass(frozen=True, slots=True)
class Closing:
    """Why a socket is closed: a code of the protocol, or of RFC 6455, and a reason."""

    code: int
    reason: str


GOING_AWAY = Closing(1001, "The service stops")
TOO_SLOW = Closing(1008, "What was sent was not read")
FAILED = Closing(1011, "Something went wrong on our side")
UNAVAILABLE = Closing(1013, "Nobody can be known right now: try again later")
FULL = Closing(1013, "Too many sockets are open: try again later")
MALFORMED = 4400
UNAUTHORIZED = Closing(4401, "Unauthorized")
FORBIDDEN = Closing(4403, "Forbidden")
NOT_INITIALISED = Closing(4408, "Connection initialisation timeout")
TAKEN = 4409
INITIALISED_TWICE = Closing(4429, "Too many initialisation requests")
OTHER_PROTOCOL = Closing(4406, "Subprotocol not acceptable")


class _Closed(Exception):
    """The client is to be sent away."""

    def __init__(self, closing: Closing) -> None:
        super().__init__(closing.reason)
        self.closing = closing


async def listen(websocket: WebSocket) -> None:
    """Talk with a client until one of the two closes the socket."""
    service: Service = websocket.app.state.service
    is_ours = PROTOCOL in websocket.scope["subprotocols"]
    await websocket.accept(PROTOCOL if is_ours else None)
    if not is_ours:
        await _close(websocket, OTHER_PROTOCOL)
    elif service.audience.is_full:
        await _close(websocket, GOING_AWAY if service.audience.is_stopped else FULL)
    else:
        await Conversation(websocket, service).run()


class Conversation:
    """What is said over one socket."""

    def __init__(self, websocket: WebSocket, service: Service) -> None:
        self._websocket = websocket
        self._service = service
        self._headers = {name.lower(): value for name, value in reversed(websocket.headers.items())}
        self._end: asyncio.Future[Closing | None] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._caller: Caller | None = None
        self._is_initialised = False

    async def run(self) -> None:
        """Talk until the end, whoever brings it about; raises nothing that the client did."""
        self._service.audience.add(self)
        self._start(self._read())
        timer = asyncio.get_running_loop().call_later(
            self._service.settings.socket_init_seconds, self._close_uninitialised
        )
        try:
            closing = await self._end
        finally:
            timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._service.audience.remove(self)
        if closing:
            await _close(self._websocket, closing)

    def stop(self) -> None:
        """End it, since the service stops."""
        self._close(GOING_AWAY)

    def _close(self, closing: Closing | None) -> None:
        if not self._end.done():
            self._end.set_result(closing)

    def _close_uninitialised(self) -> None:
        if not self._is_initialised:
            self._close(NOT_INITIALISED)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        """Work beside the rest; what fails ends the whole."""
        task = asyncio.get_running_loop().create_task(self._work(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _work(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except _Closed as error:
            self._close(error.closing)
        except WebSocketDisconnect:
            self._close(None)
        except Exception:
            logger.exception("A socket is closed on an unexpected error")
            self._close(FAILED)

    async def _read(self) -> None:
        while True:
            received = await self._websocket.receive()
            if received["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(received.get("code", 1005))
            try:
                message = read_message(received.get("text"))
            except Malformed as error:
                raise _Closed(Closing(MALFORMED, str(error))) from error
            await self._take(message)

    async def _take(self, message: Message) -> None:
        match message.kind:
            case "connection_init":
                await self._initialise(message)
            case "ping":
                await self._send({"type": "pong"} | ({"payload": message.payload} if message.payload else {}))
            case "subscribe":
                await self._subscribe(message)
            case "complete":
                if task := self._operations.pop(message.id, None):
                    task.cancel()

    async def _initialise(self, message: Message) -> None:
        if self._is_initialised:
            raise _Closed(INITIALISED_TWICE)
        self._is_initialised = True
        try:
            authorization = authorization_of(message.payload, self._headers.get("authorization"))
            self._caller = await self._service.access.find_caller(authorization)
        except Unauthenticated as error:
            raise _Closed(FORBIDDEN) from error
        except REASONS as error:
            raise _Closed(UNAVAILABLE) from error
        self._start(self._check(authorization))
        await self._send({"type": "connection_ack"})

    async def _check(self, authorization: str | None) -> None:
        """Wait until the caller is one no more."""
        await self._service.access.wait_until_refused(authorization)
        raise _Closed(FORBIDDEN)

    async def _subscribe(self, message: Message) -> None:
        if self._caller is None:
            raise _Closed(UNAUTHORIZED)
        if message.id in self._operations:
            shown = message.id[:LONGEST_SHOWN].encode("ascii", "replace").decode()
            raise _Closed(Closing(TAKEN, f"Subscriber for {shown} already exists"))
        most = self._service.settings.most_socket_operations
        if len(self._operations) >= most:
            await self._refuse(message.id, f"At most {most} operations are executed at a time over one socket.")
            return
        self._operations[message.id] = self._start(self._execute(message, self._caller))

    async def _refuse(self, id: str, reason: str) -> None:
        errors = [GraphQLError(reason, extensions={"code": "QUERY_TOO_COMPLEX"})]
        await self._send({"type": "error", "id": id, "payload": write_errors(errors)})

    async def _execute(self, message: Message, caller: Caller) -> None:
        try:
            last = await self._answer(message, caller)
        except Ended as error:
            last = {"type": "error", "payload": write_errors(error.errors)}
        except BadRequest as error:
            last = {"type": "error", "payload": [error.formatted]}
        del self._operations[message.id]  # before the client can know that it may be used again
        await self._send(last | {"id": message.id})

    async def _answer(self, message: Message, caller: Caller) -> dict[str, Any]:
        """Send the answers of an operation, and return what is sent at its end."""
        operation = read_operation(message.payload, self._service)
        answers = await answer(self._service, operation, caller=caller, allowed=ANSWERED_ONCE)
        if isinstance(answers, ExecutionResult):
            if is_refused(answers):
                return {"type": "error", "payload": write_errors(answers.errors or ())}
            await self._send({"type": "next", "id": message.id, "payload": write_result(answers)})
            return {"type": "complete"}
        async with aclosing(answers):
            async for each in answers:
                await self._send({"type": "next", "id": message.id, "payload": write_result(each)})
        return {"type": "complete"}

    async def _send(self, message: Any) -> None:
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._websocket.send_text(write_json(message).decode())
        except TimeoutError:
            raise _Closed(TOO_SLOW) from None


async def _close(websocket: WebSocket, closing: Closing) -> None:
    """Close a socket; one whose client is gone, or does not read, is left to the server."""
    try:
        async with asyncio.timeout(1):
            await websocket.close(closing.code, closing.reason)
    except (TimeoutError, RuntimeError, WebSocketDisconnect):
        logger.debug("A client did not wait for the close %d", closing.code)
