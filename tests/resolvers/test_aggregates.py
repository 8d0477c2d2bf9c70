"""Aggregates against pandas over the same runs."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from resolvers.aggregates import STATISTICS, GroupOrder, aggregate_backtests, statistic_name
from resolvers.errors import BadUserInput
from resolvers.groups import GROUP_KEYS, MOST
from resolvers.metric_columns import DEFLATED
from resolvers.saving import now
from resolvers.store.database import Database, Row
from tests.random_runs import SYMBOLS, VALUES, Run, Runs, random_runs, store_runs
from tests.resolvers.test_leaders import month_of
from tests.statements import counted_statements

PICKED = {"count", "min", "max"}
BY_PANDAS: dict[str, Callable[[Any], Any]] = {
    "count": lambda values: values.count(),
    "min": lambda values: values.min(),
    "p05": lambda values: values.quantile(0.05),
    "p25": lambda values: values.quantile(0.25),
    "median": lambda values: values.median(),
    "mean": lambda values: values.mean(),
    "p75": lambda values: values.quantile(0.75),
    "p95": lambda values: values.quantile(0.95),
    "max": lambda values: values.max(),
    "standard_deviation": lambda values: values.std(),
}

metrics = st.sampled_from(VALUES)
some_keys = st.lists(st.sampled_from(sorted(GROUP_KEYS)), unique=True)


@pytest.fixture(scope="module")
async def runs(shared_database: Database) -> Runs:
    runs = random_runs(3_000, until=now())
    await store_runs(shared_database, runs)
    return runs


async def aggregate(database: Database, keys: Sequence[str] = (), **asked: Any) -> list[Row]:
    return await aggregate_backtests(
        database, keys=keys, **{"conditions": {}, "statistics": {}, "order": GroupOrder(), **asked}
    )


def by_pandas(runs: Sequence[Run], keys: Sequence[str], asked: Sequence[tuple[str, str]]) -> dict[Any, list[float]]:
    """Return the number of runs of each group, and the statistics that are asked for, NaN for null."""
    frame = pd.DataFrame([{**run, "month": month_of(run), "all": ""} for run in runs])
    groups = frame.groupby(["all", *keys], dropna=False)
    columns = [groups.size(), *(BY_PANDAS[name](groups[metric]) for metric, name in asked)]
    # pandas writes a null key as NaN, and one key alone without a tuple.
    names = [tuple(None if pd.isna(key) else key for key in name[1:]) if keys else () for name in columns[0].index]
    return dict(zip(names, pd.concat(columns, axis=1).astype(float).to_numpy().tolist(), strict=True))


def nulls_last(values: Sequence[Any]) -> tuple[tuple[bool, Any], ...]:
    return tuple((value is None, value or "") if not hasattr(value, "year") else (False, value) for value in values)


@settings(max_examples=80, deadline=None)
@given(
    keys=some_keys,
    asked=st.dictionaries(metrics, st.lists(st.sampled_from(list(STATISTICS)), unique=True), max_size=3),
    symbol=st.none() | st.sampled_from(SYMBOLS),
)
async def test_every_statistic_of_every_metric_in_any_groups_is_right(
    *, shared_database: Database, runs: Runs, keys: list[str], asked: dict[str, list[str]], symbol: str | None
) -> None:
    conditions = {} if symbol is None else {"symbol": {"eq": symbol}}
    with counted_statements() as statements:
        rows = await aggregate(shared_database, keys, conditions=conditions, statistics=asked)
    assert len(statements) == (2 if DEFLATED in asked else 1)
    names = [(metric, name) for metric, wanted in asked.items() for name in wanted]
    expected = by_pandas([run for run in runs if symbol in {None, run["symbol"]}], keys, names)
    found = {tuple(row[key] for key in keys): row for row in rows}
    assert found.keys() == expected.keys()
    for place, column in enumerate(["count", *(statistic_name(*name) for name in names)]):
        values = np.array([found[group][column] for group in expected], dtype=float)
        tolerance = 0 if column.rpartition(".")[2] in PICKED else 1e-12
        assert_allclose(values, [figures[place] for figures in expected.values()], rtol=tolerance, atol=tolerance)


@settings(max_examples=80, deadline=None)
@given(
    keys=some_keys,
    by=st.none() | metrics,
    name=st.sampled_from(["count", "min", "median", "mean", "max"]),
    descending=st.booleans(),
    first=st.none() | st.integers(0, 40),
)
async def test_groups_come_in_the_order_asked_for_with_nulls_last_and_ties_by_their_keys(
    *,
    shared_database: Database,
    runs: Runs,
    keys: list[str],
    by: str | None,
    name: str,
    descending: bool,
    first: int | None,
) -> None:
    name = "count" if by is None else name
    statistics = {} if by is None else {by: [name]}
    asked = {"statistics": statistics, "conditions": {"symbol": {"in": list(SYMBOLS[:3])}}}
    rows = await aggregate(shared_database, keys, order=GroupOrder(by, name, descending), **asked)

    def place(row: Row) -> Any:
        value = row["count" if by is None else statistic_name(by, name)]
        number = 0.0 if value is None else -value if descending else value
        return value is None, number, nulls_last([row[key] for key in keys])

    assert [place(row) for row in rows] == sorted(place(row) for row in rows)
    cut = await aggregate(shared_database, keys, order=GroupOrder(by, name, descending, first), **asked)
    assert [dict(row) for row in cut] == [dict(row) for row in rows[:first]]


async def test_all_statistics_of_all_metrics_are_one_statement(shared_database: Database, runs: Runs) -> None:
    with counted_statements() as statements:
        [row] = await aggregate(shared_database, statistics={name: list(STATISTICS) for name in VALUES})
    assert len(statements) == 2  # one more to have the deflated Sharpe ratios up to date
    assert len(row) == 1 + len(VALUES) * len(STATISTICS)


async def test_only_what_is_asked_for_is_computed(shared_database: Database, runs: Runs) -> None:
    with counted_statements() as statements:
        await aggregate(shared_database, ["symbol"], statistics={"beta": ["max"]})
    [text] = statements
    assert "max(backtests.beta)" in text
    assert not any(word in text for word in ("percentile_cont", "stddev", "avg", "min(", "alpha"))


async def test_no_runs_are_one_group_without_keys_and_none_with_keys(shared_database: Database, runs: Runs) -> None:
    nothing: dict[str, Any] = {"conditions": {"symbol": {"eq": "nothing"}}, "statistics": {"alpha": list(STATISTICS)}}
    [row] = await aggregate(shared_database, **nothing)
    assert dict(row) == {
        "count": 0,
        **{statistic_name("alpha", name): 0 if name == "count" else None for name in STATISTICS},
    }
    assert await aggregate(shared_database, ["symbol"], **nothing) == []


@pytest.mark.parametrize("name", ["min", "median", "mean", "max"])
async def test_a_statistic_of_no_metric_is_no_order(shared_database: Database, name: str) -> None:
    with pytest.raises(BadUserInput, match=f"orderBy says {name.upper()} but not of which metric"):
        await aggregate(shared_database, order=GroupOrder(statistic=name))


@pytest.mark.parametrize("first", [-1, MOST + 1])
async def test_a_negative_or_huge_number_of_groups_is_refused(shared_database: Database, first: int) -> None:
    with pytest.raises(BadUserInput, match=r"between 0 and 10,000"):
        await aggregate(shared_database, order=GroupOrder(first=first))


async def test_too_many_groups_are_refused_unless_the_first_ones_are_asked_for(shared_database: Database) -> None:
    more = random_runs(MOST + 1, until=now())
    for number, run in enumerate(more):
        run["symbol"] = f"S{number:05}"
    await store_runs(shared_database, more)
    with pytest.raises(BadUserInput, match="more than 10,000 groups"):
        await aggregate(shared_database, ["symbol"])
    rows = await aggregate(shared_database, ["symbol"], order=GroupOrder(first=MOST))
    assert [row["symbol"] for row in rows] == [f"S{number:05}" for number in range(MOST)]


async def test_numbers_that_cannot_be_squared_leave_only_mean_and_deviation_out(shared_database: Database) -> None:
    runs = random_runs(3, until=now())
    for run, value in zip(runs, (1.7e308, 1e139, 1e-300), strict=True):
        run |= {"alpha": value, "beta": min(value, 1e139)}
    await store_runs(shared_database, runs)
    [row] = await aggregate(shared_database, statistics={name: list(STATISTICS) for name in ("alpha", "beta")})
    assert (row["alpha.max"], row["alpha.median"], row["alpha.count"]) == (1.7e308, 1e139, 3)
    assert (row["alpha.mean"], row["alpha.standard_deviation"]) == (None, None)
    assert row["beta.mean"] == pytest.approx(2e139 / 3)
    assert row["beta.standard_deviation"] == pytest.approx(1e139 / 3**0.5)
