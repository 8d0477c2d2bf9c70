"""What is in a database, to compare before and after."""

import asyncpg

from resolvers.store.database import Database
from resolvers.store.tables import metadata
from tests.random_runs import random_runs, store_runs

Contents = dict[str, list[str]]
UNTIL = 1_700_000_000_000_000
TOKEN = """
INSERT INTO tokens VALUES ('01890a5d-ac96-774b-bcce-b302099a8057', 'ci', '\\x00ff', '{read,write}', now(), null, null)
"""


async def contents(dsn: str) -> Contents:
    """Return every row of every table as PostgreSQL writes it, which is exact for floats, too."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = [*metadata.tables, "alembic_version"]
        return {name: [row[0] for row in await connection.fetch(_all(name))] for name in tables}
    finally:
        await connection.close()


async def fill(dsn: str, runs: int = 50, *, seed: int = 1) -> Contents:
    """Store runs with what is awkward, trades of each and a token; return the contents."""
    database = await Database.connect(dsn, connections=1)
    await store_runs(database, random_runs(runs, until=UNTIL, seed=seed))
    await database.close()
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO trades (backtest_id, number, direction, entry_time, entry_price, exit_reason, other_metrics)"
        " SELECT id, n, 'LONG', created_at, random(), E'a\\\\.\\n\\\\.\\n\\t', '{}'"
        " FROM backtests, generate_series(1, 40) AS n"
    )
    await connection.execute("DELETE FROM tokens")
    await connection.execute(TOKEN)
    await connection.close()
    return await contents(dsn)


def _all(table: str) -> str:
    return f"SELECT t::text AS row FROM {table} AS t ORDER BY t::text"
