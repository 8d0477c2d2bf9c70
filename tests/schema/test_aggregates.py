"""Aggregates, as a client asks for them."""

from typing import Any

import pytest

from tests.client import Client
from tests.operations import save_id
from tests.statements import counted_statements

STATISTICS = "count min p05 p25 median mean p75 p95 max standardDeviation"
GROUPS = """
query($groupBy: [GroupKey!]!, $filter: BacktestFilter, $orderBy: AggregateOrder) {
  backtestAggregates(groupBy: $groupBy, filter: $filter, orderBy: $orderBy) {
    symbol strategy status engine month count metric(of: SHARPE_RATIO) { mean }
  }
}
"""


@pytest.fixture
async def runs(client: Client) -> None:
    """Three runs of GOOG, one without a Sharpe ratio, and one of AAPL with an engine in another month."""
    for sharpe in (1.0, 3.0, None):
        await save_id(client, metrics={"sharpeRatio": sharpe, "totalTrades": 7}, createdAt="2024-02-29T23:00:00Z")
    more = {"engine": "vectorbt", "status": "FAILED", "createdAt": "2024-03-01"}
    await save_id(client, symbol="AAPL", metrics={"sharpeRatio": 5.0}, **more)


async def ask(client: Client, **asked: Any) -> list[Any]:
    groups: list[Any] = (await client.ask(GROUPS, **asked))["backtestAggregates"]
    return groups


async def test_each_statistic_leaves_runs_without_a_value_out(client: Client, runs: None) -> None:
    fields = f"symbol count metric(of: SHARPE_RATIO) {{ {STATISTICS} }}"
    rows = (await client.ask(f"{{ backtestAggregates(groupBy: [SYMBOL]) {{ {fields} }} }}"))["backtestAggregates"]
    assert [[row["symbol"], row["count"], *(row["metric"][name] for name in STATISTICS.split())] for row in rows] == [
        ["GOOG", 3, 2, 1.0, 1.1, 1.5, 2.0, 2.0, 2.5, 2.9, 3.0, pytest.approx(2**0.5)],
        ["AAPL", 1, 1, *[5.0] * 8, None],
    ]


async def test_metrics_are_found_behind_aliases_variables_fragments_and_directives(client: Client, runs: None) -> None:
    question = """
    query($of: Metric! = TOTAL_TRADES, $other: Metric!, $yes: Boolean!) {
      backtestAggregates(groupBy: []) {
        __typename
        written: metric(of: SHARPE_RATIO) { count }
        again: metric(of: SHARPE_RATIO) { __typename most: max }
        defaulted: metric(of: $of) { mean }
        given: metric(of: $other) { ...Range }
        ...Skipped @skip(if: $yes)
        ... @include(if: $yes) { included: metric(of: TOTAL_TRADES) { min } }
      }
      backtestAggregates(groupBy: []) { merged: metric(of: WINNING_TRADES) { count } }
    }
    fragment Range on MetricStatistics { min max }
    fragment Skipped on BacktestAggregate { skipped: metric(of: BETA) { median } }
    """
    with counted_statements() as statements:
        [row] = (await client.ask(question, other="SHARPE_RATIO", yes=True))["backtestAggregates"]
    assert len(statements) == 1
    assert row == {
        "__typename": "BacktestAggregate",
        "written": {"count": 3},
        "again": {"__typename": "MetricStatistics", "most": 5.0},
        "defaulted": {"mean": 5.25},
        "given": {"min": 1.0, "max": 5.0},
        "included": {"min": 0.0},
        "merged": {"count": 4},
    }


async def test_keys_that_are_not_grouped_by_are_null_and_no_engine_is_a_group(client: Client, runs: None) -> None:
    assert await ask(client, groupBy=["ENGINE", "MONTH"]) == [
        {
            **dict.fromkeys(("symbol", "strategy", "status")),
            "engine": engine,
            "month": month,
            "count": count,
            "metric": {"mean": mean},
        }
        for engine, month, count, mean in ((None, "2024-02-01", 3, 2.0), ("vectorbt", "2024-03-01", 1, 5.0))
    ]
    assert [group["status"] for group in await ask(client, groupBy=["STATUS"])] == ["COMPLETED", "FAILED"]


@pytest.mark.parametrize(
    ("order", "symbols"),
    [
        (None, ["GOOG", "AAPL"]),
        ({}, ["GOOG", "AAPL"]),
        ({"direction": "ASC"}, ["AAPL", "GOOG"]),
        ({"by": "SHARPE_RATIO", "statistic": "MEAN"}, ["AAPL", "GOOG"]),
        ({"by": "SHARPE_RATIO", "statistic": "MIN", "direction": "ASC"}, ["GOOG", "AAPL"]),
        ({"by": "SHARPE_RATIO", "direction": "ASC"}, ["AAPL", "GOOG"]),
        ({"by": "SHARPE_RATIO", "statistic": "MAX", "first": 1}, ["AAPL"]),
        ({"first": 0}, []),
        ({"by": "BETA", "statistic": "MAX"}, ["AAPL", "GOOG"]),
    ],
)
async def test_groups_are_ordered_and_limited(client: Client, runs: None, order: Any, symbols: list[str]) -> None:
    groups = await ask(client, groupBy=["SYMBOL"], orderBy=order)
    assert [group["symbol"] for group in groups] == symbols


@pytest.mark.parametrize("order", [{"statistic": "MEDIAN"}, {"first": -1}, {"first": 10_001}])
async def test_an_order_that_makes_no_sense_is_refused(client: Client, order: Any) -> None:
    [error] = await client.refuse(GROUPS, groupBy=["SYMBOL"], orderBy=order)
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "orderBy" in error["message"]


async def test_the_filter_decides_which_runs_are_in(client: Client, runs: None) -> None:
    [group] = await ask(client, groupBy=[], filter={"metrics": {"sharpeRatio": {"gte": 3}}})
    assert (group["count"], group["metric"]) == (2, {"mean": 4.0})


async def test_no_runs_are_zero_and_null_without_keys_and_no_group_with_keys(client: Client) -> None:
    [group] = await ask(client, groupBy=[])
    assert group == dict.fromkeys(("symbol", "strategy", "status", "engine", "month")) | {
        "count": 0,
        "metric": {"mean": None},
    }
    assert await ask(client, groupBy=["SYMBOL"]) == []


async def test_what_lies_between_the_largest_numbers_is_null_and_no_error(client: Client) -> None:
    for value in (-1.7e308, 1.7e308):
        await save_id(client, metrics={"alpha": value})
    fields = f"metric(of: ALPHA) {{ {STATISTICS} }}"
    [row] = (await client.ask(f"{{ backtestAggregates(groupBy: []) {{ {fields} }} }}"))["backtestAggregates"]
    found = row["metric"]
    assert (found["count"], found["min"], found["max"]) == (2, -1.7e308, 1.7e308)
    assert {found[name] for name in ("p25", "median", "p75", "mean", "standardDeviation")} == {None}
