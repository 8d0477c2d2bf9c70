"""The one way to run a statement: SQLAlchemy Core writes it, asyncpg runs it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self, TypeVar

import asyncpg
import orjson
from sqlalchemy import Table, select
from sqlalchemy.sql.expression import ClauseElement

from resolvers.store.clusters import IS_CLUSTER
from resolvers.store.connections import Busy, Connection, Connections, Plan, Usage
from resolvers.store.instants import EPOCH_2000, Instant
from resolvers.store.packing import Packed
from resolvers.store.statements import Statement, compile_statement
from resolvers.store.tallies import counted
from resolvers.store.time_limits import Overdue, TimeLimits
from resolvers.store.wakeups import CHANNEL, NOTIFY_SECONDS, WakeUps

logger = logging.getLogger("backtest_graph.statements")

Row = asyncpg.Record
Result = TypeVar("Result")

CONNECT_SECONDS = 5.0
"""How long a request waits for a server that is starting or was restarted."""

_LOST_STATES = ("08", "57P01", "57P02", "57P03", "53300")
_NO_ROOM_STATES = ("53100", "53200", "58030")
"""The disk or the memory of the server is full, or its disk fails: a client can do nothing about it but wait."""
LOST = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a lost connection can raise, among other things: `_is_lost` tells."""
OVERDUE = (TimeoutError, asyncpg.QueryCanceledError)
"""What too long a statement raises: a server that hangs, and one that stops it by itself."""
IN_THE_WAY = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""What a transaction raises that the server gave up for another one."""


NO_LIMITS = TimeLimits()
"""What takes its time may take it: imports, migrations and the demo."""


class Unavailable(Exception):
    """The database cannot be reached right now."""


class InTheWay(Unavailable):
    """The server gave up a transaction for another one: it may be tried again."""


class Database:
    """The connections to one PostgreSQL database."""

    def __init__(self, connections: Connections, limits: TimeLimits = NO_LIMITS) -> None:
        self._connections = connections
        self._limits = limits
        self._read_seconds = limits.reading
        self.is_cluster = False
        """Whether the tables may be distributed: see `resolvers.store.clusters`."""
        self._wake_ups = WakeUps(self._notify)

    @classmethod
    async def connect(cls, dsn: str, *, connections: int = 10, limits: TimeLimits = NO_LIMITS) -> Self:
        """Open a database; times are int64 microseconds and jsonb is Python data on each of its connections.

        Raises:
            Unavailable: no server answers under the address.
        """
        connect = partial(_connect, plain(dsn), limits)
        database = cls(Connections(connect, connections, limits.wait), limits)
        [row] = await database.fetch(select(IS_CLUSTER.label("is_cluster")), plan=Plan.ONCE)
        database.is_cluster = row["is_cluster"]
        return database

    async def close(self) -> None:
        """Close the connections, those that still work within a few seconds and then the rest."""
        try:
            await asyncio.wait_for(self._finish(), 3)
        except TimeoutError:
            self._connections.terminate()

    def usage(self) -> Usage:
        """Return how the connections are used now."""
        return self._connections.usage()

    def wake_listeners(self) -> None:
        """Have whoever listens for changes look, soon after one was committed."""
        self._wake_ups.ask()

    async def open_connection(self) -> Connection:
        """Open a connection beside the others, for the caller to close; raises what a lost connection can raise."""
        return await self._connections.open_another()

    async def fetch(self, statement: Statement | ClauseElement, *, plan: Plan = Plan.EACH_TIME) -> list[Row]:
        """Run one reading statement and return its rows; where the connection is lost it is tried again.

        Raises:
            Overdue: it took longer than a question may.
            Unavailable: the server did not come back in time, or no connection to it was free.
        """
        ready = _ready(statement)
        text = ready.cluster_text if self.is_cluster else ready.text
        return await _until_reached(partial(self._fetch, text, ready.arguments, plan))

    async def fetch_one(self, statement: ClauseElement) -> Row | None:
        """Run one reading statement and return its first row, if any."""
        rows = await self.fetch(statement)
        return rows[0] if rows else None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """Commit what is done inside whole, or nothing of it.

        Raises:
            InTheWay: it was given up for another one, and nothing of it is stored.
            Overdue: it took longer than a change may, and nothing of it is stored.
            Unavailable: the connection was lost; whether a commit under way took place is not known then.
        """
        lent, connection = await _until_reached(self._begin)
        transaction = Transaction(connection, self._limits.saving, is_cluster=self.is_cluster)
        error: BaseException | None = None
        try:
            async with asyncio.timeout(self._limits.whole):
                yield transaction
                transaction.is_ending = True
                await counted("COMMIT", connection.execute("COMMIT", timeout=self._limits.saving))
            if transaction.is_news:
                self.wake_listeners()
        except BaseException as raised:
            error = raised
            await self._roll_back(connection, error)
            self._tell(error, transaction)
            raise
        finally:
            lent.give_back(error)

    async def _fetch(self, text: str, arguments: Sequence[object], plan: Plan) -> list[Row]:
        async with self._lent(plan) as connection:
            logger.debug("%s", text)
            try:
                return await counted(text, connection.fetch(text, *arguments, timeout=self._read_seconds))
            except OVERDUE as error:
                raise Overdue(_gave_up(self._limits.read, "to answer.")) from error

    async def _notify(self) -> None:
        async with self._lent(Plan.ONCE) as connection:
            await connection.execute(f"NOTIFY {CHANNEL}", timeout=NOTIFY_SECONDS)

    async def _finish(self) -> None:
        await self._wake_ups.flush()
        await self._connections.close()

    def _lent(self, plan: Plan) -> "_Lent":
        return _Lent(self._connections, Plan.EACH_TIME if self.is_cluster and plan is Plan.ONCE else plan)

    async def _begin(self) -> "tuple[_Lent, Connection]":
        """Return a connection with a transaction begun."""
        lent = self._lent(Plan.AS_POSTGRES_LIKES)
        connection = await lent.take()
        try:
            await counted("BEGIN", connection.execute(self._limits.begin, timeout=CONNECT_SECONDS))
        except BaseException as error:
            lent.give_back(error)
            raise
        return lent, connection

    async def _roll_back(self, connection: Connection, error: BaseException) -> None:
        """Give up a transaction on a connection that still works; the server does it for one that is closed."""
        is_given_up = isinstance(error, (asyncio.CancelledError, TimeoutError, GeneratorExit))
        if is_given_up or connection.is_closed() or not connection.is_in_transaction():
            return
        try:
            await counted("ROLLBACK", connection.execute("ROLLBACK", timeout=CONNECT_SECONDS))
        except LOST as failure:
            logger.debug("ROLLBACK failed: %s", failure)
            connection.terminate()

    def _tell(self, error: BaseException, transaction: "Transaction") -> None:
        """Raise what is to be told of a transaction that failed for want of time or of a connection."""
        if isinstance(error, OVERDUE):
            if transaction.is_ending and isinstance(error, TimeoutError):
                raise Unavailable("The database did not confirm the change: it may have taken place.") from error
            raise Overdue(_gave_up(self._limits.save, "for the change: nothing of it is stored.")) from error
        if isinstance(error, IN_THE_WAY):
            raise InTheWay("Others change the same runs: nothing of this was stored.") from error
        _refuse_for_room(error)
        if isinstance(error, LOST) and _is_lost(error):
            raise Unavailable("The connection to the database was lost.") from error


class _Lent:
    """Lends a connection; written out, for a generator would take as long as the rest of a small question."""

    __slots__ = ("_connection", "_connections", "_plan")

    _connection: Connection

    def __init__(self, connections: Connections, plan: Plan) -> None:
        self._connections = connections
        self._plan = plan

    async def __aenter__(self) -> Connection:
        return await self.take()

    async def take(self) -> Connection:
        """Begin the use of a connection."""
        try:
            self._connection = await self._connections.take(self._plan)
        except Busy as error:
            raise Unavailable(str(error)) from error
        return self._connection

    async def __aexit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self.give_back(error)

    def give_back(self, error: BaseException | None) -> None:
        """End the use of the connection, by an error or without one."""
        if error is None:
            self._connections.give(self._connection)
            return
        # What is cancelled may be in the middle of an answer that nobody reads.
        if isinstance(error, asyncpg.InternalClientError):
            self._connection.terminate()
        is_cancelled = isinstance(error, asyncio.CancelledError)
        is_hung = isinstance(error, TimeoutError) or isinstance(error.__cause__, TimeoutError)
        self._connections.give(self._connection, is_unfinished=is_cancelled, is_hung=is_hung)


class Transaction:
    """Statements on one connection that are committed together."""

    def __init__(self, connection: Connection, seconds: float | None, *, is_cluster: bool = False) -> None:
        self._connection = connection
        self._seconds = seconds
        self._is_cluster = is_cluster
        self.is_ending = False
        self.is_news = False
        """Whether listeners are woken after the commit."""

    async def fetch(self, statement: Statement | ClauseElement) -> list[Row]:
        """Run one statement and return its rows."""
        ready = _ready(statement)
        text = ready.cluster_text if self._is_cluster else ready.text
        logger.debug("%s", text)
        fetching = self._connection.fetch(text, *ready.arguments, timeout=self._seconds)
        return await counted(text, fetching)

    async def fetch_many(self, statement: ClauseElement, rows: Sequence[dict[str, object]]) -> list[Row]:
        """Run one statement for each row of values, in one round trip, and return the rows they return."""
        compiled = compile_statement(statement)
        logger.debug("%s", compiled.text)
        values = [[row[name] for name in compiled.names] for row in rows]
        fetching = self._connection.fetchmany(compiled.text, values, timeout=self._seconds)
        return await counted(compiled.text, fetching)

    async def copy(self, table: Table, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Add rows by COPY."""
        logger.debug("COPY %s (%s)", table.name, ", ".join(columns))
        instants = [place for place, name in enumerate(columns) if isinstance(table.c[name].type, type(Instant))]
        records = _since_2000(rows, instants) if instants else rows
        copying = self._connection.copy_records_to_table(
            table.name, records=records, columns=list(columns), timeout=self._seconds
        )
        await counted(f"COPY {table.name}", copying)

    async def copy_packed(self, table: Table, packed: Packed) -> None:
        """Add rows by COPY that are packed already."""
        logger.debug("COPY %s (%s)", table.name, ", ".join(packed.columns))
        parts, columns = packed.parts(), packed.columns
        copying = self._connection.copy_to_table(
            table.name, source=parts, columns=columns, format="binary", timeout=self._seconds
        )
        await counted(f"COPY {table.name}", copying)


def _ready(statement: Statement | ClauseElement) -> Statement:
    if isinstance(statement, Statement):
        return statement
    compiled = compile_statement(statement)
    return Statement(compiled.text, compiled.cluster_text, compiled.parameters)


def _since_2000(rows: Iterable[Sequence[Any]], places: Sequence[int]) -> Iterator[Sequence[object]]:
    """Yield the rows with the instants counted as PostgreSQL counts them, for no expression takes part in a COPY."""
    for row in rows:
        record = list(row)
        for place in places:
            if record[place] is not None:
                record[place] -= EPOCH_2000
        yield record


async def _until_reached(work: Callable[[], Awaitable[Result]]) -> Result:
    """Return what reading work gives, tried again while the server is away.

    It is tried twice at least: where a thousand requests come at once, this process may be busy with them for so long
    that the time for a connection is over while the server's answer waits to be read.
    """
    deadline = asyncio.get_running_loop().time() + CONNECT_SECONDS
    is_again = False
    while True:
        try:
            return await work()
        except LOST as error:
            _refuse_for_room(error)
            if not _is_lost(error):
                raise
            if is_again and asyncio.get_running_loop().time() > deadline:
                raise Unavailable("The database cannot be reached.") from error
            is_again = True
            await asyncio.sleep(0.1)


def _gave_up(limit: float | None, work: str) -> str:
    """Say why the database did not do its work; where it may take its time, somebody stopped it."""
    if limit is None:
        return "The database was told to stop: nothing of it is stored."
    return f"The database took longer than {limit:g} s {work}"


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, asyncpg.PostgresError):
        return str(error.sqlstate or "").startswith(_LOST_STATES)
    # What the server says as it dies leaves asyncpg in a state of which it knows nothing: an InternalClientError.
    return isinstance(error, (OSError, asyncpg.InternalClientError)) or "connection" in str(error)


def _refuse_for_room(error: BaseException) -> None:
    if isinstance(error, asyncpg.PostgresError) and error.sqlstate in _NO_ROOM_STATES:
        raise Unavailable("The database has no room left: nothing of this was stored.") from error


def plain(dsn: str) -> str:
    """Return the address without SQLAlchemy's driver name, which asyncpg does not know."""
    scheme, separator, rest = dsn.partition("://")
    return scheme.partition("+")[0] + separator + rest


async def _connect(dsn: str, limits: TimeLimits) -> Connection:
    async with asyncio.timeout(CONNECT_SECONDS):
        return await _open(dsn, limits)


async def _open(dsn: str, limits: TimeLimits) -> Connection:
    settings = {"application_name": "backtest-graph", "timezone": "UTC", "jit": "off", **limits.server_settings}
    connection: Connection = await asyncpg.connect(dsn, connection_class=Connection, server_settings=settings)
    await _have_gone_clients_noticed(connection)
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


async def _have_gone_clients_noticed(connection: Connection) -> None:
    """Have the server give up what it does for a connection that was closed.

    A request to stop takes a connection of its own, and may reach the server before the statement that it means: that
    statement would run on, for nobody.
    """
    try:
        await connection.execute("SET client_connection_check_interval = '1s'")
    except asyncpg.InvalidParameterValueError as error:
        logger.debug("A server on this platform cannot see that a client is gone: %s", error)
