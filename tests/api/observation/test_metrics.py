"""Metrics: what was asked, saved and refused, in a number of series that clients cannot choose."""

import asyncio
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.observation import metrics as metrics_module
from api.observation.metrics import SUBSCRIBERS
from tests.client import Client
from tests.operations import RUN, SAVE
from tests.resolvers.store.servers import becomes_true, passable_folder
from tests.service import Service

TRADE = {"entryTime": "2024-01-02", "entryPrice": 1.0, "exitTime": "2024-01-03", "pnl": 1.0}
Samples = dict[tuple[str, ...], float]


async def scrape(http: httpx.AsyncClient) -> Samples:
    """Return each sample under its name and the values of its labels, in the order of their names."""
    answer = await http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name.removeprefix("backtest_graph_"), *(sample.labels[name] for name in sorted(sample.labels))): (
            sample.value
        )
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def growth(before: Samples, after: Samples) -> Samples:
    return {name: value - before.get(name, 0) for name, value in after.items() if value != before.get(name, 0)}


async def test_operations_are_counted_by_type_name_and_outcome(client: Client) -> None:
    before = await scrape(client.http)
    await client.ask("query Counted { backtests { totalCount } }")
    await client.refuse('query Counted { backtests(after: "x") { totalCount } }')
    await client.http.post("/graphql", content=b"{", headers={"content-type": "application/json"})
    grown = growth(before, await scrape(client.http))
    assert grown[("operations_total", "Counted", "ok", "query")] == 1
    assert grown[("operations_total", "Counted", "refused", "query")] == 1
    assert grown[("operation_seconds_count", "query")] == 2
    assert grown[("errors_total", "BAD_CURSOR")] == 1
    assert grown[("errors_total", "HTTP_400")] == 1
    assert grown[("statements_total",)] >= 1
    assert grown[("database_seconds_total",)] > 0


async def test_saves_are_counted_with_their_trades(client: Client) -> None:
    before = await scrape(client.http)
    given = RUN | {"id": str(uuid4()), "trades": [TRADE] * 3}
    for each in (given, given, given | {"notes": "other"}):
        await client.ask(SAVE, input=each)
    grown = growth(before, await scrape(client.http))
    assert {name[1]: value for name, value in grown.items() if name[0] == "saved_runs_total"} == {
        "created": 1,
        "repeated": 1,
        "refused": 1,
    }
    assert grown[("saved_trades_total",)] == 3


async def test_the_pool_the_process_and_subscribers_are_told(client: Client) -> None:
    SUBSCRIBERS.inc()
    shown = await scrape(client.http)
    SUBSCRIBERS.dec()
    assert shown[("database_connections", "open")] >= shown[("database_connections", "lent")] >= 0
    assert shown[("database_connections", "waiting")] == 0
    assert shown[("requests_in_flight",)] >= 1
    assert shown[("subscribers",)] == 1
    assert shown[("worker_resident_memory_bytes",)] > 10e6
    assert shown[("process_cpu_seconds_total",)] > 0


async def test_clients_cannot_make_series_without_end(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics_module, "_names", set())
    monkeypatch.setattr(metrics_module, "MOST_NAMES", 3)
    before = await scrape(client.http)
    for number in range(5):
        await client.ask(f"query Bounded{number} {{ __typename }}")
    await client.refuse("query BoundedRefused { nothing }")
    await client.ask(f"query {'Long' * 20} {{ __typename }}")
    grown = growth(before, await scrape(client.http))
    names = {name[1:3]: value for name, value in grown.items() if name[0] == "operations_total"}
    assert names == {
        ("Bounded0", "ok"): 1,
        ("Bounded1", "ok"): 1,
        ("Bounded2", "ok"): 1,
        ("other", "ok"): 3,
        ("other", "refused"): 1,
    }


def metric_folders(process: psutil.Process) -> set[Path]:
    name = "PROMETHEUS_MULTIPROC_DIR"
    return {Path(child.environ()[name]) for child in process.children() if name in child.environ()}


async def test_any_worker_tells_the_metrics_of_all_and_nothing_is_left() -> None:
    with passable_folder() as folder, Service("--data-dir", str(folder / "data"), "--workers", "2") as service:
        [files] = metric_folders(psutil.Process(service.process.pid))
        assert files.stat().st_mode & 0o777 == 0o700

        async def ask() -> None:
            async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
                await Client(http).ask("query Spread { __typename }")

        await asyncio.gather(*(ask() for _ in range(40)))
        for _ in range(4):
            async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
                shown = await scrape(http)
            assert shown[("operations_total", "Spread", "ok", "query")] == 40
        pids = {name[1] for name in shown if name[0] == "worker_resident_memory_bytes"}
        assert len(pids) == 2
        victim = min(pids)
        psutil.Process(int(victim)).kill()
        await becomes_true(lambda: not list(files.glob(f"gauge_live*_{victim}.db")))
        async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
            shown = await scrape(http)
        assert shown[("operations_total", "Spread", "ok", "query")] == 40
        assert victim not in {name[1] for name in shown if name[0] == "worker_resident_memory_bytes"}
        assert service.stop() == 0
        assert not files.exists()
