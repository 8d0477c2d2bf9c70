"""The measurements compare like with like: the service and the reference answer and store the same."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from resolvers.families import Family
from tests.benchmarks.binary_copy import read_numbers, read_words
from tests.benchmarks.calls import Call, graphql
from tests.benchmarks.children import MOST_TRADES, POINTS, make_curves, make_trades
from tests.benchmarks.databases import filled_database
from tests.benchmarks.equality import Unequal
from tests.benchmarks.generate import NEWEST, UNTIL, Batch, make_runs
from tests.benchmarks.measuring import Contender, Side, measure
from tests.benchmarks.processes import start_reference, start_service
from tests.benchmarks.report import Line, write_readme, write_table
from tests.benchmarks.run import check, find_sample, open_side
from tests.benchmarks.scale import DEEP_PAGES, RIVALS, check_page, find_page
from tests.benchmarks.trials import make_deflated, make_ledger
from tests.benchmarks.workloads import WORKLOADS, Sample, Sizes, Workload

RUNS = 300
BATCHES = 5_060
"""Runs of two batches, of which the second has the youngest ones."""
SMALL = Sizes(minutes=500, runs=3)
Sides = tuple[Side, Side, Sample]


@pytest.fixture(scope="module")
async def sides(dsn: str) -> AsyncIterator[Sides]:
    """The service and the reference over one filled database."""
    async with filled_database(dsn, "benchmark_test", RUNS) as own:
        servers = start_service(own), start_reference(own)
        async with open_side(servers[0], own) as service, open_side(servers[1], own) as reference:
            yield service, reference, await find_sample(own)


@pytest.mark.parametrize("name", WORKLOADS)
async def test_service_and_reference_do_the_same(sides: Sides, name: str) -> None:
    service, reference, sample = sides
    await check(WORKLOADS[name](sample, SMALL), service, reference)
    count = "SELECT count(*) FROM backtests"
    assert await service.connection.fetchval(count) == RUNS


async def test_another_answer_is_noticed(sides: Sides) -> None:
    service, reference, sample = sides
    one, other = sample.newest[:2]
    query = "query($id: ID!) { backtest(id: $id) { equityCurve { times values } } }"
    wrong = Workload(
        service=[graphql(query, id=one)], references={"packed": [Call(f"/runs/{other}/equity/packed")]}, goals={}
    )
    with pytest.raises(Unequal, match=r"packed .*: at \.backtest\.equityCurve\.times\[0\]: "):
        await check(wrong, service, reference)


async def test_other_rows_are_noticed(sides: Sides) -> None:
    service, reference, sample = sides
    saving = WORKLOADS["save one run, 50 trades + 252 points"](sample, SMALL)
    [label] = saving.references
    others = [*saving.references[label][1:], saving.references[label][0]]
    wrong = Workload(service=saving.service, references={label: others}, goals={}, tables=saving.tables)
    with pytest.raises(Unequal, match="backtests: at "):
        await check(wrong, service, reference)


async def test_a_page_far_behind_is_full_and_another_one(sides: Sides) -> None:
    service, _, _ = sides
    for pages in DEEP_PAGES.values():
        deep = find_page(service.client, pages, 4)
        content = service.client.send(deep)
        check_page(content)
        assert content != service.client.send(pages.call())


@pytest.mark.parametrize("name", RIVALS)
async def test_rankings_that_are_compared_are_full_and_in_different_orders(sides: Sides, name: str) -> None:
    service, _, _ = sides
    contents = [service.client.send(pages.call()) for pages in (RIVALS[name].pages, RIVALS[name].others)]
    for content in contents:
        check_page(content)
    assert contents[0] != contents[1]


async def test_processor_time_is_measured_and_written_down(sides: Sides, tmp_path: Path) -> None:
    service, reference, sample = sides
    workload = WORKLOADS["one run by id, 30 metrics"](sample, SMALL)
    one = Contender(service, workload.service)
    other = Contender(reference, workload.references["reference"])
    await measure([one, other], rounds=2, seconds=10)
    assert len(one.cpu) == len(other.latency) == 2
    assert 0 < min(other.cpu) < max(one.latency)
    table = write_table([Line.of("one run", "reference", 1e9, one, other)])
    assert "| one run | reference | ≤ 1e+09 | " in table
    assert " | yes | " in table
    readme = tmp_path / "README.md"
    readme.write_text(
        "# Title\n<!-- results of the benchmark -->\nold\n<!-- end of the results -->\nrest\n", encoding="utf-8"
    )
    write_readme(table, readme)
    expected = f"# Title\n<!-- results of the benchmark -->\n{table}<!-- end of the results -->\nrest\n"
    assert readme.read_text(encoding="utf-8") == expected


def test_the_same_runs_are_made_each_time() -> None:
    first, second = [[_bytes(batch) for batch in make_runs(BATCHES, until=UNTIL)] for _ in range(2)]
    assert first == second
    assert len(set(first)) == len(first) == 2
    assert [_bytes(batch) for batch in make_runs(BATCHES, until=UNTIL, seed=2)] != first


def test_the_youngest_runs_have_trades_and_a_curve() -> None:
    *_, last = make_runs(BATCHES, until=UNTIL)
    assert last.newest.sum() == NEWEST
    owners = make_trades(last)["backtest_id"].data
    counts = [int((owners == id).all(axis=1).sum()) for id in last.ids.data[last.newest]]
    assert min(counts) >= 20
    assert counts[-1] == MOST_TRADES
    lengths = [len(values) // 8 for _, _, values, _, _ in make_curves(last)]
    assert lengths.count(POINTS) == NEWEST


def test_all_runs_are_in_the_ledger_and_those_that_are_completed_have_a_deflated_sharpe_ratio() -> None:
    [batch] = make_runs(RUNS, until=UNTIL)
    runs = batch.columns
    states = zip(runs["id"].data.tolist(), read_words(runs["status"]), strict=True)
    completed = [id for id, status in states if status == "COMPLETED"]
    ledger, deflated = make_ledger(runs), make_deflated(runs)
    assert ledger["part"].data.tolist() == runs["id"].data.tolist()
    family = Family(read_words(runs["strategy"])[7], read_words(runs["symbol"])[7])
    assert ledger["family"].data[7].tobytes() == family.key.bytes
    assert deflated["backtest_id"].data.tolist() == completed
    ratios = read_numbers(deflated["deflated_sharpe_ratio"])
    assert 0 <= ratios.min() < 0.5 < ratios.max() <= 1


def _bytes(batch: Batch) -> bytes:
    """Return all that is made of a batch."""
    columns = [*batch.columns.values(), *make_trades(batch).values()]
    curves = [part for row in make_curves(batch) for part in (row[0].bytes, row[1], row[2], row[4])]
    return b"".join([*(column.data.tobytes() for column in columns), *curves])
