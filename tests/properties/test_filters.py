"""Every filter gives exactly the runs that plain Python finds."""

from typing import Any

import pytest
from hypothesis import given

from resolvers.store.database import Database
from resolvers.store.tables import backtests
from tests.client import Client
from tests.properties.oracle import matches, ordered
from tests.properties.profiles import examples
from tests.properties.questions import backtest_filters, parameter_filters, run_orders
from tests.properties.rows import random_runs, store

RUNS = random_runs(2_000)
COUNT = """
query($filter: BacktestFilter!, $others: BacktestFilter!) {
  some: backtests(filter: $filter, first: 200) { totalCount nodes { id } }
  others: backtests(filter: $others, first: 0) { totalCount }
}
"""
ASK = """
query($filter: BacktestFilter, $others: BacktestFilter!, $orderBy: [BacktestOrder!]) {
  head: backtests(filter: $filter, orderBy: $orderBy, first: 100) { totalCount nodes { id } }
  tail: backtests(filter: $filter, orderBy: $orderBy, last: 100) { nodes { id } }
  others: backtests(filter: $others, first: 0) { totalCount }
}
"""


@pytest.fixture(scope="module", autouse=True)
async def runs(shared_database: Database) -> None:
    await store(shared_database, {backtests: RUNS})


def ids(nodes: Any) -> list[str]:
    return [node["id"] for node in nodes]


@examples(100)
@given(filter=backtest_filters(RUNS), order=run_orders())
async def test_a_filter_finds_the_runs_that_it_describes_and_its_negation_all_others(
    service: Client, filter: Any, order: Any
) -> None:
    answer = await service.ask(ASK, filter=filter, others={"not": filter}, orderBy=order)
    found = [run for run in RUNS if matches(filter, run)]
    newest = [{"field": "CREATED_AT"}]
    expected = [str(run["id"]) for run in ordered(found, order or newest, tie="id", otherwise="DESC")]
    assert answer["head"]["totalCount"] == len(found)
    assert ids(answer["head"]["nodes"]) == expected[:100]
    assert ids(answer["tail"]["nodes"]) == expected[-100:]
    assert answer["others"]["totalCount"] == len(RUNS) - len(found)


@examples(100)
@given(condition=parameter_filters(RUNS))
async def test_a_condition_on_a_parameter_that_runs_have_finds_these_runs(service: Client, condition: Any) -> None:
    filter = {"parameters": [condition]}
    answer = await service.ask(COUNT, filter=filter, others={"not": filter})
    found = {str(run["id"]) for run in RUNS if matches(filter, run)}
    nodes = ids(answer["some"]["nodes"])
    assert answer["some"]["totalCount"] == len(found)
    assert answer["others"]["totalCount"] == len(RUNS) - len(found)
    assert set(nodes) == found if len(found) <= 200 else set(nodes) < found
