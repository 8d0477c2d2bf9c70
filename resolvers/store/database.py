"""The one way to run a statement: SQLAlchemy Core writes it, asyncpg runs it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar, cast

import asyncpg
import orjson
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import Table, literal, select
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

logger = logging.getLogger("backtest_graph.statements")

Row = asyncpg.Record
Result = TypeVar("Result")

EPOCH_2000 = 946_684_800_000_000
"""2000-01-01 UTC, PostgreSQL's own zero, in microseconds since 1970-01-01 UTC."""

CONNECT_SECONDS = 5.0
"""How long a request waits for a server that is starting or was restarted."""

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]
_LOST_STATES = ("08", "57P01", "57P02", "57P03")
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What a lost connection can raise, among other things: `_is_lost` tells."""


class Unavailable(Exception):
    """The database cannot be reached right now."""


class Database:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @classmethod
    async def connect(cls, dsn: str, *, connections: int = 10) -> "Database":
        """Open the pool; times are int64 microseconds and jsonb is Python data on each of its connections.

        Raises:
            Unavailable: no server answers under the address.
        """
        pool = asyncpg.create_pool(
            _plain(dsn),
            min_size=0,
            max_size=connections,
            init=_set_codecs,
            server_settings={"application_name": "backtest-graph", "timezone": "UTC", "jit": "off"},
        )
        database = cls(await pool)
        await database.fetch(select(literal(1)))
        return database

    async def close(self) -> None:
        """Close the connections, those that still work within a few seconds and then the rest."""
        try:
            await asyncio.wait_for(self._pool.close(), 3)
        except TimeoutError:
            self._pool.terminate()

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """Run one reading statement and return its rows; where the connection is lost it is tried again.

        Raises:
            Unavailable: the server did not come back in time.
        """
        text, _, arguments = _compile(statement)
        return await _until_reached(lambda: self._fetch(text, arguments))

    async def fetch_one(self, statement: ClauseElement) -> Row | None:
        """Run one reading statement and return its first row, if any."""
        rows = await self.fetch(statement)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """Commit what is done inside whole, or nothing of it.

        Raises:
            Unavailable: the connection was lost; whether a commit under way took place is not known then.
        """
        connection, stack = await _until_reached(self._begin)
        try:
            async with stack:
                yield Transaction(connection)
        except LOST as error:
            if _is_lost(error):
                raise Unavailable("The connection to the database was lost.") from error
            raise

    async def _fetch(self, text: str, arguments: Sequence[object]) -> list[Row]:
        async with self._released(await self._pool.acquire()) as connection:
            logger.debug("%s", text)
            return await connection.fetch(text, *arguments)

    async def _begin(self) -> "tuple[PoolConnectionProxy[Any], AsyncExitStack]":
        """Return a connection with a transaction begun, and what ends both."""
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self._released(await self._pool.acquire()))
            await stack.enter_async_context(connection.transaction())
            return connection, stack.pop_all()

    @asynccontextmanager
    async def _released(self, connection: "PoolConnectionProxy[Any]") -> AsyncIterator["PoolConnectionProxy[Any]"]:
        try:
            yield connection
        finally:
            await self._release(connection)

    async def _release(self, connection: "PoolConnectionProxy[Any]") -> None:
        """Give a connection back; one that is lost has nothing to be reset."""
        try:
            await self._pool.release(connection)
        except LOST as error:
            if not _is_lost(error):
                raise


class Transaction:
    """Statements on one connection that are committed together."""

    def __init__(self, connection: PoolConnectionProxy) -> None:
        self._connection = connection

    async def fetch(self, statement: ClauseElement) -> list[Row]:
        """Run one statement and return its rows."""
        text, _, arguments = _compile(statement)
        logger.debug("%s", text)
        return await self._connection.fetch(text, *arguments)

    async def fetch_many(self, statement: ClauseElement, rows: Sequence[dict[str, object]]) -> list[Row]:
        """Run one statement for each row of values, in one round trip, and return the rows they return."""
        text, names, _ = _compile(statement)
        logger.debug("%s", text)
        return await self._connection.fetchmany(text, [[row[name] for name in names] for row in rows])

    async def copy(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add rows by COPY."""
        logger.debug("COPY %s (%s)", table.name, ", ".join(columns))
        await self._connection.copy_records_to_table(table.name, records=rows, columns=list(columns))


def _compile(statement: ClauseElement) -> tuple[str, list[str], list[object]]:
    """Return the text of a statement with the names and values of its parameters in their order."""
    compiled = cast("SQLCompiler", statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True}))
    names = list(compiled.positiontup or [])
    return str(compiled), names, [compiled.params[name] for name in names]


async def _until_reached(work: Callable[[], Awaitable[Result]]) -> Result:
    """Return what reading work gives, tried again while the server is away."""
    deadline = asyncio.get_running_loop().time() + CONNECT_SECONDS
    while True:
        try:
            return await work()
        except LOST as error:
            if not _is_lost(error):
                raise
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable("The database cannot be reached.") from error
            await asyncio.sleep(0.1)


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_LOST_STATES)
    return isinstance(error, OSError) or "connection" in str(error)


def _plain(dsn: str) -> str:
    """Return the address without SQLAlchemy's driver name, which asyncpg does not know."""
    scheme, separator, rest = dsn.partition("://")
    return scheme.partition("+")[0] + separator + rest


async def _set_codecs(connection: "asyncpg.Connection[Any]") -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda microseconds: (microseconds - EPOCH_2000,),
        decoder=lambda parts: parts[0] + EPOCH_2000,
    )
