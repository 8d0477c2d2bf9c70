"""The databases of the measurements: made, filled, and gone at the end."""

import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import click

from migrations.history import upgrade
from resolvers.store.database import Database
from resolvers.store.embedded import EmbeddedPostgres
from tests.benchmarks.fill import fill

_SETTINGS = {"autovacuum": "off"}
"""The fill vacuums; what comes later would disturb the measurements."""
LARGE, SMALL = "backtest_graph_bench_large", "backtest_graph_bench_small"


@asynccontextmanager
async def open_server(database_url: str | None) -> AsyncIterator[str]:
    """Give the address of a server: the given one, or an embedded one with its data on disk for so long."""
    if database_url is not None:
        yield database_url
        return
    with _passable_folder() as folder:
        async with EmbeddedPostgres(folder / "data", say=lambda _: None, settings=_SETTINGS) as server:
            yield server.dsn


@contextmanager
def _passable_folder() -> Iterator[Path]:
    """Make a folder on disk that the user of the server may pass."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        folder.chmod(0o755)
        yield folder


@asynccontextmanager
async def filled_database(server: str, name: str, runs: int) -> AsyncIterator[str]:
    """Make a database with so many runs on a server and give its address; it is dropped at the end."""
    await _execute(server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    # Parallel workers would take their processor time with them before it is read.
    await _execute(server, f"ALTER DATABASE {name} SET max_parallel_workers_per_gather = 0")
    dsn = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    try:
        await upgrade(dsn)
        await _fill(dsn, runs)
        yield dsn
    finally:
        await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _fill(dsn: str, runs: int) -> None:
    database, began, done = await Database.connect(dsn), time.perf_counter(), 0

    def tell(stored: int) -> None:
        nonlocal done
        done += stored
        if done % 100_000 == 0 or done == runs:
            click.echo(f"{done:,} runs after {time.perf_counter() - began:.0f} s", err=True)

    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    await fill(database, runs, until=int(today.timestamp()) * 1_000_000, say=tell)
    await database.close()


async def _execute(server: str, *statements: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()
