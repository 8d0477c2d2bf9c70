"""One run of the measurements, from the empty server to the comparisons."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import click
import psutil

from resolvers.store.database import Database
from tests.benchmarks.calls import Call, Client
from tests.benchmarks.databases import LARGE, SMALL, filled_database, open_server
from tests.benchmarks.equality import check_answers, check_rows
from tests.benchmarks.measuring import Contender, Side, forget_saved, measure
from tests.benchmarks.processes import Server, start_reference, start_service
from tests.benchmarks.report import Line, Setting
from tests.benchmarks.scale import DEEP_PAGES, FIRST_PAGES, RIVALS, check_page, deep_page, find_page, small_size
from tests.benchmarks.workloads import READS, SAVES, Sample, Sizes, Workload, choose_sample

_SECONDS = 20.0
"""Time for the rounds of one question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is to be measured."""

    runs: int = 100_000
    rounds: int = 15
    only: Sequence[str] = ()
    database_url: str | None = None

    def chooses(self, name: str) -> bool:
        """Tell whether a question is to be measured."""
        return not self.only or any(part in name for part in self.only)


@dataclass(slots=True)
class Results:
    """The comparisons so far, and where they were made."""

    options: Options
    lines: list[Line] = field(default_factory=list)
    memory: int = 0
    """Bytes of the service's memory after the questions that save nothing."""

    async def compare(self, contenders: Sequence[Contender], *lines: tuple[str, str, float | None]) -> None:
        """Measure the first contender and the others, and keep and show a line for each of the others."""
        await measure(contenders, rounds=self.options.rounds, seconds=_SECONDS)
        one, *others = contenders
        for (question, against, goal), other in zip(lines, others, strict=True):
            line = Line.of(question, against, goal, one, other)
            self.lines.append(line)
            click.echo(" | ".join(line.cells()), err=True)

    def note_memory(self, server: Server) -> None:
        """See how much memory the service has."""
        self.memory = psutil.Process(server.process.pid).memory_info().rss


async def run(options: Options) -> tuple[Setting, list[Line]]:
    """Measure, and return where that was and the comparisons."""
    results = Results(options)
    async with open_server(options.database_url) as server, filled_database(server, LARGE, options.runs) as dsn:
        sample = await find_sample(dsn)
        async with open_side(start_service(dsn), dsn) as service:
            async with open_side(start_reference(dsn), dsn) as reference:
                await _compare_workloads(READS, sample, (service, reference), results)
                await _compare_pages(service, results)
                await _compare_rivals(service, results)
                await _compare_sizes(service, server, results)
                results.note_memory(service.server)
                await _compare_workloads(SAVES, sample, (service, reference), results)
            return await _describe(service, results), results.lines


async def find_sample(dsn: str) -> Sample:
    """Return the runs that are asked for."""
    database = await Database.connect(dsn)
    try:
        return await choose_sample(database)
    finally:
        await database.close()


@asynccontextmanager
async def open_side(server: Server, dsn: str) -> AsyncIterator[Side]:
    """Give a server with a client of it and a connection to its database; all end with it."""
    with server, Client(server.url) as client:
        connection = await asyncpg.connect(dsn)
        try:
            yield Side(server, client, connection)
        finally:
            await connection.close()


async def _compare_workloads(
    workloads: Mapping[str, Callable[[Sample, Sizes], Workload]],
    sample: Sample,
    sides: tuple[Side, Side],
    results: Results,
) -> None:
    service, reference = sides
    for name, make in workloads.items():
        if not results.options.chooses(name):
            continue
        workload = make(sample, Sizes())
        await check(workload, service, reference)
        lines = [(name, label, workload.goals[label]) for label in workload.references]
        others = [Contender(reference, calls) for calls in workload.references.values()]
        await results.compare([Contender(service, workload.service), *others], *lines)


async def check(workload: Workload, service: Side, reference: Side) -> None:
    """Compare the answers and, where runs are saved, what is stored; raises Unequal."""
    check_answers(workload, service.client, reference.client)
    saved = service.client.ids
    for start in range(0, len(reference.client.ids), max(len(saved), 1)):
        await check_rows(service.connection, saved, reference.client.ids[start : start + len(saved)], workload.tables)
    await forget_saved(service)
    await forget_saved(reference)


async def _compare_pages(service: Side, results: Results) -> None:
    """Compare a page far behind with the first one."""
    number = deep_page(results.options.runs)
    for name, pages in DEEP_PAGES.items():
        question = f"{name}: page {number:,}"
        if results.options.chooses(question) and number > 1:
            deep = find_page(service.client, pages, number)
            contenders = [_pages(service, deep), _pages(service, pages.call())]
            await results.compare(contenders, (question, "page 1", pages.goal))


async def _compare_rivals(service: Side, results: Results) -> None:
    """Compare first pages with those of another order."""
    for question, rival in RIVALS.items():
        if results.options.chooses(question):
            contenders = [_pages(service, rival.pages.call()), _pages(service, rival.others.call())]
            await results.compare(contenders, (question, rival.against, rival.pages.goal))


async def _compare_sizes(service: Side, server: str, results: Results) -> None:
    """Compare first pages with those of a database with fewer runs."""
    small = small_size(results.options.runs)
    chosen = {
        f"{name} of {results.options.runs:,} runs": pages
        for name, pages in FIRST_PAGES.items()
        if results.options.chooses(name)
    }
    if not chosen:
        return
    async with filled_database(server, SMALL, small) as dsn, open_side(start_service(dsn), dsn) as other:
        for question, pages in chosen.items():
            contenders = [_pages(service, pages.call()), _pages(other, pages.call())]
            await results.compare(contenders, (question, f"{small:,} runs", pages.goal))


def _pages(side: Side, call: Call) -> Contender:
    check_page(side.client.send(call))
    return Contender(side, [call])


async def _describe(service: Side, results: Results) -> Setting:
    trades = await service.connection.fetchval("SELECT count(*) FROM trades")
    version = await service.connection.fetchval("SHOW server_version")
    return Setting(runs=results.options.runs, trades=trades, postgres=version, megabytes=results.memory / 1e6)
