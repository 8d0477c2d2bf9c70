"""Leaders against a search in plain Python."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.errors import BadUserInput
from resolvers.groups import GROUP_KEYS, MOST
from resolvers.leaders import find_leaders
from resolvers.metric_columns import DEFLATED
from resolvers.saving import now
from resolvers.store.database import Database
from resolvers.store.metrics import LOWER_IS_BETTER
from tests.random_runs import SYMBOLS, VALUES, Run, Runs, random_runs, store_runs
from tests.statements import counted_statements


@pytest.fixture(scope="module")
async def runs(shared_database: Database) -> Runs:
    runs = random_runs(3_000, until=now())
    await store_runs(shared_database, runs)
    return runs


def month_of(run: Run) -> date:
    return datetime.fromtimestamp(run["created_at"] // 1_000_000, UTC).date().replace(day=1)


def best_of_groups(runs: Sequence[Run], keys: Sequence[str], by: str) -> list[tuple[Run, date, int]]:
    """Return the best run of each group with its month and the number of candidates, best first."""
    sign = -1 if by in LOWER_IS_BETTER else 1
    groups: dict[Any, list[Run]] = {}
    for run in runs:
        groups.setdefault(tuple((run | {"month": month_of(run)})[key] for key in keys), []).append(run)

    def goodness(run: Run) -> tuple[float, int]:
        return sign * run[by], sign * run["id"].int

    best = [(max(group, key=goodness), len(group)) for group in groups.values()]
    best.sort(key=lambda pair: goodness(pair[0]), reverse=True)
    return [(run, month_of(run), count) for run, count in best]


@settings(max_examples=80, deadline=None)
@given(
    keys=st.lists(st.sampled_from(sorted(GROUP_KEYS)), unique=True),
    by=st.sampled_from(VALUES),
    symbol=st.none() | st.sampled_from([*SYMBOLS, "none of them"]),
    min_trades=st.integers(0, 26),
)
async def test_leaders_are_the_best_runs_of_their_groups(
    *, shared_database: Database, runs: Runs, keys: list[str], by: str, symbol: str | None, min_trades: int
) -> None:
    chosen = [
        run
        for run in runs
        if run["status"] == "COMPLETED" and run[by] is not None and run["total_trades"] >= min_trades
        if symbol in {None, run["symbol"]}
    ]
    conditions = {} if symbol is None else {"symbol": {"eq": symbol}}
    with counted_statements() as statements:
        rows = await find_leaders(shared_database, keys=keys, by=by, conditions=conditions, min_trades=min_trades)
    assert len(statements) == (2 if by == DEFLATED else 1)
    assert [(row["id"], row["value"], row["month"], row["candidates"]) for row in rows] == [
        (run["id"], run[by], month, count) for run, month, count in best_of_groups(chosen, keys, by)
    ]


async def test_a_month_is_one_of_utc(shared_database: Database) -> None:
    end_of_march = int(datetime(2024, 4, 1, tzinfo=UTC).timestamp()) * 1_000_000
    runs = random_runs(2, until=end_of_march)
    for run, created_at in zip(runs, (end_of_march - 1, end_of_march), strict=True):
        run |= {"status": "COMPLETED", "sharpe_ratio": 1.0, "created_at": created_at}
    await store_runs(shared_database, runs)
    rows = await find_leaders(shared_database, keys=["month"], by="sharpe_ratio", conditions={}, min_trades=0)
    assert {row["month"] for row in rows} == {date(2024, 3, 1), date(2024, 4, 1)}


async def test_too_many_groups_are_refused_and_not_clipped(shared_database: Database) -> None:
    runs = random_runs(MOST + 1, until=now())
    for number, run in enumerate(runs):
        run |= {"status": "COMPLETED", "total_return": 0.1, "symbol": f"S{number}"}
    await store_runs(shared_database, runs)
    asked: dict[str, Any] = {"by": "total_return", "min_trades": 0}
    with pytest.raises(BadUserInput, match="more than 10,000 groups"):
        await find_leaders(shared_database, keys=["symbol"], conditions={}, **asked)
    fewer = {"symbol": {"ne": "S0"}}
    assert len(await find_leaders(shared_database, keys=["symbol"], conditions=fewer, **asked)) == MOST
