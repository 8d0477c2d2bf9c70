"""A client of the service over rows that stay for all tests of a module."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from api.app import create_app
from api.settings import Settings
from resolvers.store.database import Database
from tests.client import Client


@pytest.fixture(scope="module")
async def service(shared_database: Database, settings: Settings) -> AsyncIterator[Client]:
    """A client of the application, in process, over HTTP, that leaves the tables as they are and may ask for all."""
    transport = httpx.ASGITransport(create_app(shared_database, replace(settings, most_cost=10**12)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", timeout=60) as http:
        yield Client(http)
