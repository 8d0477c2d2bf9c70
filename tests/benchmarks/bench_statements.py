"""What it costs to ask, without GraphQL and HTTP: `python -m tests.benchmarks.bench_statements`.

The same questions are asked with the statement written anew each time, with the statement kept, and by asyncpg alone
with its text and its values at hand. Ways take turns, so that a busy machine slows all alike. Times are those of this
process and of the wall, in microseconds; the database runs the same statements each way.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg
import click
from sqlalchemy import select

from migrations.history import upgrade
from resolvers import backtests, page_statements
from resolvers.backtest_lists import list_backtests
from resolvers.backtests import load_backtests
from resolvers.pages import Wanted
from resolvers.paging import PageRequest
from resolvers.rankings import rank_backtests
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.embedded import EmbeddedPostgres
from resolvers.store.statements import Shaped
from resolvers.store.tables import backtests as runs
from tests.benchmarks.generate import generate_runs
from tests.resolvers.store.servers import passable_folder

RUNS = 20_000
WARM, ROUNDS = 20, 200
ROW = frozenset(
    {
        *("id", "created_at", "symbol", "strategy", "status", "total_return", "sharpe_ratio", "sortino_ratio"),
        *("max_drawdown", "profit_factor", "win_rate", "total_trades"),
    }
)

Question = Callable[[Database], Awaitable[Any]]
Ask = Callable[[], Awaitable[Any]]


class Remembering(Database):
    """A database that remembers the last statement."""

    last: tuple[str, Sequence[object], Plan]

    async def _fetch(self, text: str, arguments: Sequence[object], plan: Plan) -> list[Row]:
        self.last = text, arguments, plan
        return await super()._fetch(text, arguments, plan)


def _questions(ids: Sequence[Any]) -> Mapping[str, Question]:
    rich = {"metrics": {"max_drawdown": {"gte": -0.3}, "sharpe_ratio": {"gt": 0.5}}, "tags": {"has_any": ["live"]}}
    page: dict[str, Any] = {"request": PageRequest(50), "wanted": Wanted(columns=ROW)}
    ranked: dict[str, Any] = {"by": "sharpe_ratio", "min_trades": 10, "with_ranks": False, **page}
    return {
        "one run by id": lambda database: load_backtests(database, ids[:1]),
        "50 newest runs": lambda database: list_backtests(database, conditions={}, order=(), **page),
        "50 best runs": lambda database: rank_backtests(database, conditions={}, **ranked),
        "50 best runs, four conditions": lambda database: rank_backtests(database, conditions=rich, **ranked),
    }


async def main() -> None:
    """Make a database, measure and print."""
    with passable_folder() as folder:
        async with EmbeddedPostgres(folder / "data", say=lambda _: None) as server:
            await upgrade(server.dsn)
            database = await Remembering.connect(server.dsn)
            await generate_runs(database, RUNS)
            try:
                await _compare(database, server.dsn)
            finally:
                await database.close()


async def _compare(database: Remembering, dsn: str) -> None:
    rows = await database.fetch(select(runs.c.id).limit(1))
    click.echo(f"{'microseconds, process / wall, medians':40}{'written anew':>16}{'kept':>16}{'asyncpg alone':>16}")
    for name, question in _questions([row["id"] for row in rows]).items():
        await question(database)
        text, arguments, plan = database.last
        settings = {"timezone": "UTC", "jit": "off", "plan_cache_mode": plan.value}
        connection = await asyncpg.connect(dsn, server_settings=settings)
        ways: tuple[Ask, ...] = (
            lambda question=question: _anew(question, database),  # type: ignore[misc]  # bound now, not at the call
            lambda question=question: question(database),  # type: ignore[misc]
            lambda connection=connection, text=text, arguments=arguments: connection.fetch(text, *arguments),  # type: ignore[misc]
        )
        _print(name, await _take_turns(ways))
        await connection.close()


async def _anew(question: Question, database: Database) -> None:
    for module in (backtests, page_statements):
        for each in vars(module).values():
            if isinstance(each, Shaped):
                each.forget()
    await question(database)


async def _take_turns(ways: Sequence[Ask]) -> list[tuple[float, float]]:
    """Measure the ways in turns, and return the median times of each."""
    found: list[list[tuple[float, float]]] = [[] for _ in ways]
    for _ in range(WARM + ROUNDS):
        for ask, times in zip(ways, found, strict=True):
            began = time.process_time(), time.perf_counter()
            await ask()
            times.append((time.process_time() - began[0], time.perf_counter() - began[1]))
    return [_medians(times[WARM:]) for times in found]


def _medians(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    process, wall = zip(*times, strict=True)
    return statistics.median(process) * 1e6, statistics.median(wall) * 1e6


def _print(name: str, times: Sequence[tuple[float, float]]) -> None:
    click.echo(f"{name:40}" + "".join(f"{process:>8.0f} /{wall:>6.0f}" for process, wall in times))


if __name__ == "__main__":
    asyncio.run(main())
