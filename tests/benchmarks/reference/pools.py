"""The connections of the reference, and how it writes JSON."""

from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson
from starlette.requests import Request
from starlette.responses import Response

from resolvers.store.instants import EPOCH_2000

APPLICATION = "reference"
WRITTEN = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


@dataclass(frozen=True, slots=True)
class Pools:
    """Two pools: one with times as datetimes, asyncpg's own way, one with times as int64 microseconds."""

    plain: "asyncpg.Pool[asyncpg.Record]"
    integers: "asyncpg.Pool[asyncpg.Record]"

    @classmethod
    async def connect(cls, dsn: str) -> "Pools":
        """Open both."""
        return cls(await _open(dsn, _read_json), await _open(dsn, _read_integers))

    async def close(self) -> None:
        """Close both."""
        await self.plain.close()
        await self.integers.close()


def pools_of(request: Request) -> Pools:
    """Return the pools of the application."""
    pools: Pools = request.app.state.pools
    return pools


def write(data: Any) -> Response:
    """Return an answer in the form of GraphQL's; asyncpg's UUIDs are the one thing that orjson does not know."""
    return Response(orjson.dumps({"data": data}, default=str, option=WRITTEN), media_type="application/json")


async def _open(dsn: str, init: Any) -> "asyncpg.Pool[asyncpg.Record]":
    settings = {"application_name": APPLICATION, "timezone": "UTC", "jit": "off"}
    return await asyncpg.create_pool(dsn, min_size=1, max_size=10, init=init, server_settings=settings)


async def _read_json(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        format="binary",
        encoder=lambda value: b"\x01" + orjson.dumps(value),
        decoder=lambda data: orjson.loads(data[1:]),
    )


async def _read_integers(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    await _read_json(connection)
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda microseconds: (microseconds - EPOCH_2000,),
        decoder=lambda parts: parts[0] + EPOCH_2000,
    )
