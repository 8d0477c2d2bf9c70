"""Whether the process runs, and whether it can answer."""

import asyncio
import logging

from sqlalchemy import literal, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from resolvers.store.database import Database

logger = logging.getLogger("backtest_graph.readiness")

MOST_SECONDS = 1.0
"""How long the database may take to answer."""
KEPT_SECONDS = 1.0
"""How long an answer of the database counts: however many ask, it is asked once in this time."""
RETRY_SECONDS = 2


class Readiness:
    """Whether the database answers, and the service is not stopping.

    One question is under way at a time, and one that is not answered goes on: a database that hangs holds one
    connection, however often somebody asks.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._asked: asyncio.Task[bool] | None = None
        self._answered_at = 0.0
        self.is_stopping = False

    async def why_not(self) -> str | None:
        """Return None where requests can be answered, else the reason why they cannot."""
        if self.is_stopping:
            return "The service is stopping."
        asked = self._ask()
        await asyncio.wait([asked], timeout=MOST_SECONDS)
        return None if asked.done() and asked.result() else "The database does not answer."

    def cancel(self) -> None:
        """Give up the question that is under way."""
        if self._asked is not None:
            self._asked.cancel()

    def _ask(self) -> "asyncio.Task[bool]":
        loop = asyncio.get_running_loop()
        if self._asked is None or (self._asked.done() and loop.time() - self._answered_at > KEPT_SECONDS):
            self._asked = loop.create_task(self._answers())
        return self._asked

    async def _answers(self) -> bool:
        try:
            await self._database.fetch(select(literal(1)))
        except Exception as error:  # noqa: BLE001 - whatever went wrong, it did not answer
            logger.warning("The database does not answer: %s", error)
            return False
        finally:
            self._answered_at = asyncio.get_running_loop().time()
        return True


async def health(_request: Request) -> Response:
    """Answer 200 as long as the process runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Answer 200 if the database answers within a second, else 503."""
    reason = await request.app.state.readiness.why_not()
    if reason is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "unavailable", "reason": reason}, 503, {"Retry-After": str(RETRY_SECONDS)})
