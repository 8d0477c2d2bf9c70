"""Applications with settings of access, in process, and tokens to show them."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from resolvers.callers import Scope
from resolvers.store.database import Database
from resolvers.tokens import create_token

COUNT = "{ backtests(first: 0) { totalCount } }"
NEW = "application/graphql-response+json"

Open = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
def opened(database: Database) -> Open:
    """What gives a client of an application with these settings."""

    @asynccontextmanager
    async def open_client(**given: Any) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(create_app(database, Settings(**given)))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", timeout=60) as http:
            yield http

    return open_client


async def new_token(database: Database, *scopes: Scope, expires_at: int | None = None) -> str:
    """Return the text of a token that is named after its scopes."""
    _, text = await create_token(database, name=" ".join(scopes) or "none", scopes=scopes, expires_at=expires_at)
    return text


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def ask(http: httpx.AsyncClient, query: str = COUNT, **headers: str) -> httpx.Response:
    """Send a question as a client of today does."""
    return await http.post("/graphql", json={"query": query}, headers={"accept": NEW, **headers})


def code_of(response: httpx.Response) -> str:
    """Return the code of the only error, where there is no data."""
    answer = response.json()
    assert "data" not in answer
    [error] = answer["errors"]
    code: str = error["extensions"]["code"]
    return code
