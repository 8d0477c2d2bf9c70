"""Databases of their own on the server of the test run."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest

from migrations.history import upgrade

MakeDatabase = Callable[[], Awaitable[str]]


@pytest.fixture
async def make_database(dsn: str) -> AsyncIterator[MakeDatabase]:
    """What makes an empty database and returns its address."""
    connection = await asyncpg.connect(dsn)
    made: list[str] = []

    async def make() -> str:
        name = f"kept_{os.getpid()}_{time.monotonic_ns()}"
        await connection.execute(f"CREATE DATABASE {name}")
        made.append(name)
        return dsn.replace("/backtest_graph?", f"/{name}?")

    yield make
    for name in made:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def source(make_database: MakeDatabase) -> str:
    """The address of a database that is up to date and has no rows."""
    dsn = await make_database()
    await upgrade(dsn)
    return dsn
