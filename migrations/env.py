"""What Alembic runs: the revisions, on the connection that history.py or the alembic command hands it."""

import asyncio
import os

from alembic import context
from sqlalchemy import Connection

from migrations.history import engine_of
from resolvers.store.tables import metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, compare_type=True, transaction_per_migration=False
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_alone() -> None:
    """Serve the developer's `alembic revision --autogenerate`, which brings no connection."""
    async with engine_of(os.environ["BACKTEST_GRAPH_DATABASE_URL"]) as engine, engine.begin() as connection:
        await connection.run_sync(_run)


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    asyncio.run(_run_alone())
else:
    _run(given)
