"""Saves through SQLAlchemy's ORM: an object a row and add_all, as most services over PostgreSQL do."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import MetaData, Table
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import registry, relationship
from starlette.requests import Request
from starlette.responses import Response

from resolvers.store.instants import Instant
from resolvers.store.tables import backtests, trades
from tests.benchmarks.reference.pools import APPLICATION, write
from tests.benchmarks.reference.saves import Run, Trade, read_runs


class StoredRun:
    """A row of backtests."""

    def __init__(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


class StoredTrade:
    """A row of trades."""

    def __init__(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


def _with_datetimes(table: Table, metadata: MetaData) -> Table:
    """Return a table as the ORM would have it: with datetimes, and not with the service's integers."""
    copied = table.to_metadata(metadata)
    for column in copied.c:
        if isinstance(column.type, type(Instant)):
            column.type = TIMESTAMP(timezone=True)
    return copied


_mapped = registry()
_runs, _trades = [_with_datetimes(table, _mapped.metadata) for table in (backtests, trades)]
_mapped.map_imperatively(StoredTrade, _trades)
_mapped.map_imperatively(StoredRun, _runs, properties={"trades": relationship(StoredTrade)})


class Orm:
    """An engine and the sessions over it."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self.sessions = async_sessionmaker(engine)

    @classmethod
    def connect(cls, dsn: str) -> "Orm":
        """Return an engine, which connects when it is used."""
        url = dsn.replace("postgresql://", "postgresql+asyncpg://", 1)
        return cls(create_async_engine(url, connect_args={"server_settings": {"application_name": APPLICATION}}))

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


async def add_all(request: Request) -> Response:
    """Store many runs with their trades, an object for each row."""
    orm: Orm = request.app.state.orm
    runs, now = read_runs(await request.body()), datetime.now(UTC)
    async with orm.sessions() as session, session.begin():
        session.add_all(_stored_run(run, now) for run in runs)
    ids = [{"id": run.id} for run in runs]
    return write({"saveBacktests": {"createdCount": len(runs), "backtests": ids, "warnings": [], "errors": []}})


def _stored_run(run: Run, now: datetime) -> StoredRun:
    columns = msgspec.structs.asdict(run)
    for name in ("trades", "equity_curve", "drawdown_curve", "metrics", "created_at"):
        del columns[name]
    columns |= msgspec.structs.asdict(run.metrics)
    digest = hashlib.sha256(msgspec.json.encode(run)).digest()
    times = {"created_at": run.created_at or now, "updated_at": now}
    stored = [_stored_trade(number, trade) for number, trade in enumerate(run.trades, 1)]
    return StoredRun(**columns, **times, trades=stored, data_points=0, content_hash=digest)


def _stored_trade(number: int, trade: Trade) -> StoredTrade:
    return StoredTrade(number=number, **msgspec.structs.asdict(trade))
