"""What is measured: each question to the service, and the same one to the reference."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

import numpy as np
from sqlalchemy import func, select

from resolvers.store.database import Database
from resolvers.store.tables import backtests, trades
from tests.benchmarks import operations
from tests.benchmarks.calls import Call, graphql
from tests.benchmarks.fill import arrays
from tests.benchmarks.generate import SYMBOLS
from tests.benchmarks.payloads import encode, make_run

YEAR_OF_MINUTES = 525_600
RUNS_IN_ONE_CALL = 1_000
VARIANTS = 10
"""So many different runs are asked for in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A question, the calls that ask it and the most that the service may cost, as a ratio to each reference.

    Calls at one place of all sequences have the same answer; they are sent in turn. A goal of 0.05 is at least 20 times
    quicker.
    """

    service: Sequence[Call]
    references: Mapping[str, Sequence[Call]]
    goals: Mapping[str, float]
    tables: Sequence[str] = ()
    """Where runs are saved: the tables that get rows."""
    is_rounded: bool = False
    """Whether means may differ in the last digits, since PostgreSQL adds up in another order."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The runs that are asked for."""

    newest: Sequence[str]
    with_most_trades: str
    with_curves: Sequence[str]


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the large saves are; less for tests."""

    minutes: int = YEAR_OF_MINUTES
    runs: int = RUNS_IN_ONE_CALL


async def choose_sample(database: Database) -> Sample:
    """Choose runs of the database to ask for."""
    youngest = select(backtests.c.id).order_by(backtests.c.created_at.desc(), backtests.c.id.desc()).limit(50)
    newest = await database.fetch(youngest)
    own = select(trades.c.backtest_id).where(trades.c.backtest_id.in_(youngest)).group_by(trades.c.backtest_id)
    [busiest] = await database.fetch(own.order_by(func.count().desc(), trades.c.backtest_id).limit(1))
    curves = await database.fetch(select(arrays.c.backtest_id).order_by(arrays.c.backtest_id).limit(VARIANTS))
    return Sample(
        newest=[str(row["id"]) for row in newest],
        with_most_trades=str(busiest["backtest_id"]),
        with_curves=[str(row["backtest_id"]) for row in curves],
    )


def _one_run(sample: Sample, _sizes: Sizes) -> Workload:
    ids = sample.newest[:VARIANTS]
    return Workload(
        service=[graphql(operations.ONE_RUN, id=id) for id in ids],
        references={"reference": [Call(f"/runs/{id}") for id in ids]},
        goals={"reference": 1.9},
    )


def _ranking(_sample: Sample, _sizes: Sizes) -> Workload:
    asked = [{"symbol": {"eq": symbol}, "metrics": {"maxDrawdown": {"gt": -0.5}}} for symbol in SYMBOLS[:VARIANTS]]
    return Workload(
        service=[graphql(operations.RANKING, filter=filter) for filter in asked],
        references={
            "reference": [Call(f"/ranking?symbol={quote(symbol)}&above=-0.5") for symbol in SYMBOLS[:VARIANTS]]
        },
        goals={"reference": 1.5},
    )


def _trades(sample: Sample, _sizes: Sizes) -> Workload:
    path = f"/runs/{sample.with_most_trades}/trades"
    return Workload(
        service=[graphql(operations.TRADES, id=sample.with_most_trades)],
        references={"row-wise": [Call(f"{path}/rows")], "columnar": [Call(f"{path}/columns")]},
        goals={"row-wise": 0.9, "columnar": 1.4},
    )


def _newest(_sample: Sample, _sizes: Sizes) -> Workload:
    return Workload(
        service=[graphql(operations.NEWEST)],
        references={"row-wise": [Call("/newest/rows")], "columnar": [Call("/newest/columns")]},
        goals={"row-wise": 1.0, "columnar": 1.4},
    )


def _curve(sample: Sample, _sizes: Sizes) -> Workload:
    paths = [f"/runs/{id}/equity" for id in sample.with_curves]
    return Workload(
        service=[graphql(operations.CURVE, id=id) for id in sample.with_curves],
        references={
            "float8[]": [Call(f"{path}/arrays") for path in paths],
            "packed": [Call(f"{path}/packed") for path in paths],
        },
        goals={"float8[]": 0.35, "packed": 1.8},
    )


def _compare(sample: Sample, _sizes: Sizes) -> Workload:
    ids = [sample.newest[start : start + 10] for start in range(VARIANTS)]
    return Workload(
        service=[graphql(operations.COMPARE, ids=each) for each in ids],
        references={"reference": [Call(f"/compare?ids={','.join(each)}") for each in ids]},
        goals={"reference": 2.0},
        is_rounded=True,
    )


def _summary(_sample: Sample, _sizes: Sizes) -> Workload:
    return Workload(
        service=[graphql(operations.SUMMARY)],
        references={"reference": [Call("/summary?days=30")]},
        goals={"reference": 1.2},
        is_rounded=True,
    )


def _save(_sample: Sample, _sizes: Sizes) -> Workload:
    runs = [make_run(np.random.default_rng(seed), trades=50, days=252) for seed in range(VARIANTS)]
    return Workload(
        service=[Call("/graphql", encode({"query": operations.SAVE, "variables": {"input": run}})) for run in runs],
        references={"reference": [Call("/save", encode(run)) for run in runs]},
        goals={"reference": 1.5},
        tables=("backtests", "trades", "backtest_series"),
    )


def _save_minutes(_sample: Sample, sizes: Sizes) -> Workload:
    run = make_run(np.random.default_rng(1), minutes=sizes.minutes)
    return Workload(
        service=[Call("/graphql", encode({"query": operations.SAVE, "variables": {"input": run}}))],
        references={"reference": [Call("/save", encode(run))]},
        goals={"reference": 1.5},
        tables=("backtests", "backtest_series"),
    )


def _save_many(_sample: Sample, sizes: Sizes) -> Workload:
    random = np.random.default_rng(1)
    runs = [make_run(random, trades=50) for _ in range(sizes.runs)]
    body = encode(runs)
    return Workload(
        service=[Call("/graphql", encode({"query": operations.SAVE_MANY, "variables": {"inputs": runs}}))],
        references={"reference": [Call("/save-many", body)], "ORM add_all": [Call("/add-all", body)]},
        goals={"reference": 1.3, "ORM add_all": 0.05},
        tables=("backtests", "trades"),
    )


READS: Mapping[str, Callable[[Sample, Sizes], Workload]] = {
    "one run by id, 30 metrics": _one_run,
    "ranking, filter, 50 runs of 12 fields": _ranking,
    "one run, 2,000 trades of 12 fields": _trades,
    "50 runs, first 20 trades of 8 fields": _newest,
    "curve of 2,520 points": _curve,
    "compare 10 runs by 6 metrics": _compare,
    "summary of 30 days by strategy and symbol": _summary,
}
SAVES: Mapping[str, Callable[[Sample, Sizes], Workload]] = {
    "save one run, 50 trades + 252 points": _save,
    "year-of-minutes save": _save_minutes,
    "1,000 runs of 50 trades in one call": _save_many,
}
WORKLOADS = {**READS, **SAVES}
"""What makes each workload, since the largest are only made when they are measured."""
