"""The summary of the last days against sums in plain Python."""

from collections.abc import Sequence
from statistics import fmean
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.errors import BadUserInput
from resolvers.saving import now
from resolvers.store.database import Database
from resolvers.summaries import summarise_performance
from tests.random_runs import DAY, SYMBOLS, Run, Runs, random_runs, store_runs
from tests.statements import counted_statements

FIELDS = ("count", "best_return", "worst_return", "average_return", "average_sharpe", "average_win_rate")


@pytest.fixture(scope="module")
async def runs(shared_database: Database) -> Runs:
    runs = random_runs(3_000, until=now())
    await store_runs(shared_database, runs)
    return runs


def figures(runs: Sequence[Run], prefix: str = "") -> list[Any]:
    values = {
        name: [run[prefix + name] for run in runs if run[prefix + name] is not None]
        for name in ("total_return", "sharpe_ratio", "win_rate")
    }
    returns = values["total_return"]
    means = [pytest.approx(fmean(each), rel=1e-12, abs=1e-12) if each else None for each in values.values()]
    return [len(runs), max(returns, default=None), min(returns, default=None), *means]


def in_groups(runs: Sequence[Run], key: str, prefix: str = "") -> list[list[Any]]:
    names = {run[key] for run in runs}
    groups = [[name, *figures([run for run in runs if run[key] == name], prefix)] for name in names]
    return sorted(groups, key=lambda group: (-group[1], group[0]))


@settings(max_examples=60, deadline=None)
@given(
    days=st.integers(1, 520),
    symbol=st.none() | st.sampled_from([*SYMBOLS, "none of them"]),
    keys=st.lists(st.sampled_from(["strategy", "symbol"]), unique=True),
    basis=st.sampled_from(["REPORTED", "COMPUTED"]),
)
async def test_the_summary_has_the_figures_of_the_completed_runs_of_the_last_days(
    *, shared_database: Database, runs: Runs, days: int, symbol: str | None, keys: list[str], basis: str
) -> None:
    conditions = {} if symbol is None else {"symbol": {"eq": symbol}}
    with counted_statements() as statements:
        summary = await summarise_performance(shared_database, days=days, conditions=conditions, keys=keys, basis=basis)
    assert len(statements) == 1
    chosen = [
        run
        for run in runs
        if run["status"] == "COMPLETED" and run["created_at"] >= summary.since and symbol in {None, run["symbol"]}
    ]
    prefix = "" if basis == "REPORTED" else "computed_"
    assert [summary.whole[name] for name in FIELDS] == figures(chosen, prefix)
    assert {
        key: [[row["key"], *(row[name] for name in FIELDS)] for row in rows] for key, rows in summary.groups.items()
    } == {key: in_groups(chosen, key, prefix) for key in keys}


async def test_the_days_are_counted_back_from_now(shared_database: Database, runs: Runs) -> None:
    before = now()
    summary = await summarise_performance(shared_database, days=7, conditions={})
    assert before - 7 * DAY <= summary.since <= now() - 7 * DAY


@pytest.mark.parametrize("days", [0, -1, 36_501, 2**31 - 1])
async def test_days_that_make_no_sense_are_refused(shared_database: Database, days: int) -> None:
    with pytest.raises(BadUserInput, match=r"between 1 and 36,500"):
        await summarise_performance(shared_database, days=days, conditions={})


async def test_a_hundred_years_are_not_too_many(shared_database: Database, runs: Runs) -> None:
    summary = await summarise_performance(shared_database, days=36_500, conditions={})
    assert summary.whole["count"] == sum(run["status"] == "COMPLETED" for run in runs)
