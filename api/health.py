"""Whether the process runs, and whether it can answer."""

import asyncpg
from sqlalchemy import literal, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from resolvers.store.database import Unavailable
from resolvers.store.time_limits import Overdue


async def health(_request: Request) -> Response:
    """Answer 200 as long as the process runs."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> Response:
    """Answer 200 if the database answers, else 503."""
    try:
        await request.app.state.service.database.fetch(select(literal(1)))
    except (Unavailable, Overdue, asyncpg.PostgresError, OSError):
        return JSONResponse({"status": "unavailable", "reason": "The database does not answer."}, 503)
    return JSONResponse({"status": "ready"})
