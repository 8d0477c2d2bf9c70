"""Metrics for Prometheus.

With several workers prometheus_client keeps them in files of a folder, so that any worker tells those of all.
"""

import asyncio
from functools import cache
from typing import Any

import psutil
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from api.access.refusals import REASONS, find_admitted, refuse
from api.observation.work import Work
from resolvers.callers import Scope
from resolvers.store.database import Database
from resolvers.store.tallies import Tally

MOST_NAMES = 100
"""Names of operations that are told apart; they are the clients' choice, and each costs memory here and there."""
LONGEST_NAME = 64
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

_OPERATIONS = Counter(
    "backtest_graph_operations_total",
    "Operations by type, name (other: beyond the first 100 names of a worker) and outcome: ok, refused or error.",
    ("type", "operation", "outcome"),
)
_SECONDS = Histogram("backtest_graph_operation_seconds", "How long operations took.", ("type",), buckets=BUCKETS)
_REFUSALS = Counter("backtest_graph_errors_total", "Errors by code; HTTP_413 and such without a code.", ("code",))
_IN_FLIGHT = Gauge("backtest_graph_requests_in_flight", "Requests under way.", multiprocess_mode="livesum")
_STATEMENTS = Counter("backtest_graph_statements_total", "Statements that requests ran.")
_DATABASE_SECONDS = Counter("backtest_graph_database_seconds_total", "Time that statements of requests took.")
_CONNECTIONS = Gauge(
    "backtest_graph_database_connections",
    "Connections to the database: open, lent of these, and requests waiting for one.",
    ("state",),
    multiprocess_mode="livesum",
)
_SAVED = Counter("backtest_graph_saved_runs_total", "Runs saved: created, repeated or refused.", ("outcome",))
_TRADES = Counter("backtest_graph_saved_trades_total", "Trades of the runs that were created.")
_MEMORY = Gauge(
    "backtest_graph_worker_resident_memory_bytes", "Memory of each process that answers.", multiprocess_mode="liveall"
)
_CPU = Gauge(
    "backtest_graph_worker_cpu_seconds", "Processor time of each process that answers.", multiprocess_mode="liveall"
)
SUBSCRIBERS = Gauge("backtest_graph_subscribers", "Subscriptions that are open.", multiprocess_mode="livesum")
"""To be counted up and down by whoever keeps subscriptions."""

_names: set[str] = set()


def begin() -> None:
    """Count a request that begins."""
    _under_way.count += 1


def end() -> None:
    """Count a request that ends."""
    _under_way.count -= 1


class _UnderWay:
    """How many requests are under way: a gauge is set from it, which would take its lock twice a request."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


_under_way = _UnderWay()


async def keep_observing(database: Database) -> None:
    """Take over what no request changes, every second, for another worker may be asked for the metrics of all."""
    while True:
        observe_process(database)
        await asyncio.sleep(1)


def count_work(work: Work) -> None:
    """Count an operation that is finished, or a request that was refused before it had one."""
    outcome = work.outcome()
    if work.type is not None:
        _operations(work.type, _bounded(work.name or "", outcome), outcome).inc()
        _seconds(work.type).observe(work.seconds())
    for code in work.codes or ([f"HTTP_{work.status}"] if outcome != "ok" else ()):
        _errors(code).inc()
    tally = work.tally
    if tally.statements:
        _STATEMENTS.inc(tally.statements)
        _DATABASE_SECONDS.inc(tally.seconds)
    if work.type == "mutation":
        _count_saves(tally)


def _count_saves(tally: Tally) -> None:
    for name in ("created", "repeated", "refused"):
        if count := getattr(tally, name):
            _SAVED.labels(name).inc(count)
    if tally.trades:
        _TRADES.inc(tally.trades)


def observe_process(database: Database) -> None:
    """Take over how this process and its connections are now."""
    usage = database.usage()
    for state, count in (("open", usage.opened), ("lent", usage.lent), ("waiting", usage.waiting)):
        _CONNECTIONS.labels(state).set(count)
    _IN_FLIGHT.set(_under_way.count)
    process = _process()
    _MEMORY.set(process.memory_info().rss)
    used = process.cpu_times()
    _CPU.set(used.user + used.system)


async def metrics(request: Request) -> Response:
    """Answer with all metrics, in Prometheus' text format."""
    service = request.app.state.service
    try:
        await find_admitted(request, Scope.ADMIN)
    except REASONS as error:
        return refuse(error, is_shown="authorization" in request.headers)
    observe_process(service.database)
    registry = REGISTRY
    if service.settings.workers > 1:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the package has no types
    return Response(generate_latest(registry), headers={"content-type": CONTENT_TYPE_LATEST})


def _bounded(name: str, outcome: str) -> str:
    """Return the name to count under; a refused operation gets no new one, for anybody can send those."""
    if name in _names or not name:
        return name
    if outcome == "refused" or len(_names) >= MOST_NAMES or len(name) > LONGEST_NAME:
        return "other"
    _names.add(name)
    return name


@cache
def _operations(kind: str, name: str, outcome: str) -> Any:
    return _OPERATIONS.labels(kind, name, outcome)


@cache
def _seconds(kind: str) -> Any:
    return _SECONDS.labels(kind)


@cache
def _errors(code: str) -> Any:
    return _REFUSALS.labels(code)


@cache
def _process() -> psutil.Process:
    return psutil.Process()
