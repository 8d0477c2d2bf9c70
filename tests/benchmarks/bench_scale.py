"""What a page costs at 5,000 and at 100,000 runs: `python -m tests.benchmarks.bench_scale`.

Both databases live in one embedded server. Rounds take turns, so that a busy machine slows both sizes alike. Times are
those of the resolvers, from the question to the rows; HTTP and GraphQL cost the same at any size and are left out.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping

import asyncpg
import click

from migrations.history import upgrade
from resolvers.backtests import list_backtests
from resolvers.pages import Page, Wanted
from resolvers.paging import MOST, PAGE, PageRequest
from resolvers.rankings import rank_backtests
from resolvers.store.database import Database
from resolvers.store.embedded import EmbeddedPostgres
from tests.benchmarks.generate import generate_runs
from tests.resolvers.store.servers import passable_folder

SMALL, LARGE = 5_000, 100_000
WARM, ROUNDS = 20, 200
GOAL = 1.3

Ask = Callable[[Database, PageRequest], Awaitable[Page]]
Question = Callable[[], Awaitable[Page]]
Seconds = list[float]


def _list(symbol: str | None = None, wanted: Wanted = Wanted()) -> Ask:  # noqa: B008 - frozen
    conditions = {"symbol": {"eq": symbol}} if symbol else {}
    return lambda database, request: list_backtests(
        database, conditions=conditions, order=(), request=request, wanted=wanted
    )


def _ranking(by: str, symbol: str | None = None, *, with_ranks: bool = True, wanted: Wanted = Wanted()) -> Ask:  # noqa: B008
    conditions = {"symbol": {"eq": symbol}} if symbol else {}

    async def ask(database: Database, request: PageRequest) -> Page:
        ranking = await rank_backtests(
            database,
            by=by,
            conditions=conditions,
            min_trades=10,
            request=request,
            wanted=wanted,
            with_ranks=with_ranks,
        )
        return ranking.page

    return ask


FIRST_PAGES: Mapping[str, Ask] = {
    "list, newest": _list(),
    "list, newest of a symbol": _list("SYM001"),
    "ranking, Sharpe": _ranking("sharpe_ratio"),
    "ranking, return": _ranking("total_return"),
    "ranking, drawdown": _ranking("max_drawdown"),
    "ranking, profit factor": _ranking("profit_factor"),
    "ranking, Sharpe of a symbol": _ranking("sharpe_ratio", "SYM001"),
}
DEEP_PAGES: Mapping[str, Ask] = {
    "list": _list(),
    "ranking without ranks": _ranking("sharpe_ratio", with_ranks=False),
    "ranking with ranks": _ranking("sharpe_ratio"),
}
COUNTED: Mapping[str, Ask] = {
    "list, counted": _list(wanted=Wanted(total_count=True)),
    "ranking, counted": _ranking("sharpe_ratio", wanted=Wanted(total_count=True)),
}


async def main() -> None:
    """Make both databases, measure and print."""
    with passable_folder() as folder:
        async with EmbeddedPostgres(folder / "data", say=lambda _: None) as server:
            small = await _database(server.dsn, "small", SMALL)
            large = await _database(server.dsn, "large", LARGE)
            try:
                await _compare(small, large)
            finally:
                await small.close()
                await large.close()


async def _database(dsn: str, name: str, count: int) -> Database:
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    address, _, query = dsn.partition("?")
    dsn = f"{address.rpartition('/')[0]}/{name}?{query}"
    await upgrade(dsn)
    database = await Database.connect(dsn)
    began = time.perf_counter()
    await generate_runs(database, count)
    click.echo(f"{count:,} runs made in {time.perf_counter() - began:.1f} s")
    return database


async def _compare(small: Database, large: Database) -> None:
    _title(f"First page; the goal is a ratio of at most {GOAL}", f"{SMALL:,}", f"{LARGE:,}")
    for name, ask in FIRST_PAGES.items():
        _print(name, *await _take_turns(_first(ask, small), _first(ask, large)))
    _title("First page with totalCount, which counts all", f"{SMALL:,}", f"{LARGE:,}")
    for name, ask in COUNTED.items():
        _print(name, *await _take_turns(_first(ask, small), _first(ask, large)))
    _title("Page 200", f"{SMALL:,}", f"{LARGE:,}")
    for name, ask in DEEP_PAGES.items():
        _print(name, *await _take_turns(await _deep(ask, small, 200), await _deep(ask, large, 200)))
    _title(f"Pages 1 and 2,000 of {LARGE:,}", "page 1", "page 2,000")
    for name, ask in DEEP_PAGES.items():
        _print(name, *await _take_turns(_first(ask, large), await _deep(ask, large, 2_000)))


def _first(ask: Ask, database: Database) -> Question:
    return lambda: ask(database, PageRequest(PAGE))


async def _deep(ask: Ask, database: Database, number: int) -> Question:
    """Return the question for a page far behind, found by walking there."""
    cursor, left = None, (number - 1) * PAGE
    while left:
        page = await ask(database, PageRequest(min(MOST, left), after=cursor))
        cursor, left = page.cursors[-1], left - len(page.cursors)
    return lambda: ask(database, PageRequest(PAGE, after=cursor))


async def _take_turns(one: Question, other: Question) -> tuple[Seconds, Seconds]:
    """Measure two questions in turns, after each was asked a few times."""
    found: tuple[Seconds, Seconds] = ([], [])
    for _ in range(WARM + ROUNDS):
        for question, seconds in zip((one, other), found, strict=True):
            seconds.append(await _time(question))
    return found[0][WARM:], found[1][WARM:]


async def _time(question: Question) -> float:
    began = time.perf_counter()
    page = await question()
    seconds = time.perf_counter() - began
    if len(page.rows) != PAGE:
        raise ValueError(f"The page has {len(page.rows)} rows.")
    return seconds


def _title(title: str, one: str, other: str) -> None:
    click.echo(f"\n{title}.\n{'milliseconds, min / median':30}{one:>18}{other:>18}   ratio, min / median")


def _print(name: str, one: Seconds, other: Seconds) -> None:
    times = [(min(each) * 1000, statistics.median(each) * 1000) for each in (one, other)]
    cells = "".join(f"{least:>9.2f} /{median:>7.2f}" for least, median in times)
    least, median = (second / first for first, second in zip(*times, strict=True))
    click.echo(f"{name:30}{cells}{least:>10.2f} /{median:>6.2f}")


if __name__ == "__main__":
    asyncio.run(main())
