"""The one way to run a statement: SQLAlchemy Core writes it, asyncpg runs it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import asyncpg
import orjson
from sqlalchemy import Table, literal_column, select
from sqlalchemy.sql.expression import ClauseElement

from resolvers.store.connections import Connection, Connections, Plan, Usage
from resolvers.store.instants import EPOCH_2000, Instant
from resolvers.store.packing import Packed
from resolvers.store.statements import Statement, compile_statement
from resolvers.store.tallies import counted

logger = logging.getLogger("backtest_graph.statements")

Row = asyncpg.Record
Result = TypeVar("Result")

CONNECT_SECONDS = 5.0
"""How long a request waits for a server that is starting or was restarted."""

_LOST_STATES = ("08", "57P01", "57P02", "57P03")
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What a lost connection can raise, among other things: `_is_lost` tells."""


class Unavailable(Exception):
    """The database cannot be reached right now."""


class Database:
    """The connections to one PostgreSQL database."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    @classmethod
    async def connect(cls, dsn: str, *, connections: int = 10) -> Self:
        """Open a database; times are int64 microseconds and jsonb is Python data on each of its connections.

        Raises:
            Unavailable: no server answers under the address.
        """
        database = cls(Connections(partial(_connect, _plain(dsn)), connections))
        await database.fetch(select(literal_column("1")), plan=Plan.ONCE)
        return database

    async def close(self) -> None:
        """Close the connections, those that still work within a few seconds and then the rest."""
        try:
            await asyncio.wait_for(self._connections.close(), 3)
        except TimeoutError:
            self._connections.terminate()

    def usage(self) -> Usage:
        """Return how the connections are used now."""
        return self._connections.usage()

    async def fetch(self, statement: Statement | ClauseElement, *, plan: Plan = Plan.EACH_TIME) -> list[Row]:
        """Run one reading statement and return its rows; where the connection is lost it is tried again.

        Raises:
            Unavailable: the server did not come back in time.
        """
        ready = _ready(statement)
        return await _until_reached(partial(self._fetch, ready.text, ready.arguments, plan))

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

    async def _fetch(self, text: str, arguments: Sequence[object], plan: Plan) -> list[Row]:
        async with self._lent(plan) as connection:
            logger.debug("%s", text)
            return await counted(text, connection.fetch(text, *arguments))

    def _lent(self, plan: Plan) -> "_Lent":
        return _Lent(self._connections, plan)

    async def _begin(self) -> "tuple[Connection, AsyncExitStack]":
        """Return a connection with a transaction begun, and what ends both."""
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(self._lent(Plan.AS_POSTGRES_LIKES))
            await stack.enter_async_context(_Block(connection))
            return connection, stack.pop_all()


class _Lent:
    """Lends a connection; written out, for a generator would take as long as the rest of a small question."""

    __slots__ = ("_connection", "_connections", "_plan")

    _connection: Connection

    def __init__(self, connections: Connections, plan: Plan) -> None:
        self._connections = connections
        self._plan = plan

    async def __aenter__(self) -> Connection:
        self._connection = await self._connections.take(self._plan)
        return self._connection

    async def __aexit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # What is cancelled may be in the middle of an answer that nobody reads.
        is_cancelled = kind is not None and issubclass(kind, asyncio.CancelledError)
        self._connections.give(self._connection, is_unfinished=is_cancelled)


class _Block:
    """A transaction whose begin and end are counted: a commit waits for the disk."""

    __slots__ = ("_transaction",)

    def __init__(self, connection: Connection) -> None:
        self._transaction = connection.transaction()

    async def __aenter__(self) -> None:
        await counted("BEGIN", self._transaction.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await counted("COMMIT" if kind is None else "ROLLBACK", self._transaction.__aexit__(kind, error, trace))


class Transaction:
    """Statements on one connection that are committed together."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, statement: Statement | ClauseElement) -> list[Row]:
        """Run one statement and return its rows."""
        ready = _ready(statement)
        logger.debug("%s", ready.text)
        return await counted(ready.text, self._connection.fetch(ready.text, *ready.arguments))

    async def fetch_many(self, statement: ClauseElement, rows: Sequence[dict[str, object]]) -> list[Row]:
        """Run one statement for each row of values, in one round trip, and return the rows they return."""
        compiled = compile_statement(statement)
        logger.debug("%s", compiled.text)
        values = [[row[name] for name in compiled.names] for row in rows]
        return await counted(compiled.text, self._connection.fetchmany(compiled.text, values))

    async def copy(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add rows by COPY."""
        logger.debug("COPY %s (%s)", table.name, ", ".join(columns))
        instants = [place for place, name in enumerate(columns) if isinstance(table.c[name].type, type(Instant))]
        records = _since_2000(rows, instants) if instants else rows
        copying = self._connection.copy_records_to_table(table.name, records=records, columns=list(columns))
        await counted(f"COPY {table.name}", copying)

    async def copy_packed(self, table: Table, packed: Packed) -> None:
        """Add rows by COPY that are packed already."""
        logger.debug("COPY %s (%s)", table.name, ", ".join(packed.columns))
        parts, columns = packed.parts(), packed.columns
        copying = self._connection.copy_to_table(table.name, source=parts, columns=columns, format="binary")
        await counted(f"COPY {table.name}", copying)


def _ready(statement: Statement | ClauseElement) -> Statement:
    if isinstance(statement, Statement):
        return statement
    compiled = compile_statement(statement)
    return Statement(compiled.text, compiled.parameters)


def _since_2000(rows: Iterable[Sequence[Any]], places: Sequence[int]) -> Iterator[Sequence[object]]:
    """Yield the rows with the instants counted as PostgreSQL counts them, for no expression takes part in a COPY."""
    for row in rows:
        record = list(row)
        for place in places:
            if record[place] is not None:
                record[place] -= EPOCH_2000
        yield record


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


async def _connect(dsn: str) -> Connection:
    settings = {"application_name": "backtest-graph", "timezone": "UTC", "jit": "off"}
    connection: Connection = await asyncpg.connect(dsn, connection_class=Connection, server_settings=settings)
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )
    # What a timestamptz is on the wire, read without a call into Python for each; see Instant for its zero.
    await connection.set_builtin_type_codec("timestamptz", schema="pg_catalog", codec_name="int8", format="binary")
    return connection
