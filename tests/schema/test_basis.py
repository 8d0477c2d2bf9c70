"""Reported against computed values, and the metrics of luck, wherever a metric can be asked for."""

from typing import Any

import pytest

from resolvers.store.database import Database
from tests.client import Client
from tests.operations import UNKNOWN, save_id
from tests.trial_runs import noise

RUNS = "{ nodes { id } }"
QUESTIONS = {
    "ranking": "ranking(by: METRIC, basis: BASIS, minTrades: 0) { edges { value } }",
    "leaders": "leaders(groupBy: [], by: METRIC, basis: BASIS, minTrades: 0) { value }",
    "compare": f'compareBacktests(ids: ["{UNKNOWN}"], metrics: [METRIC], basis: BASIS) {{ metrics {{ mean }} }}',
    "aggregates": "backtestAggregates(groupBy: [], basis: BASIS) { metric(of: METRIC) { max } }",
    "groups": "backtestAggregates(groupBy: [SYMBOL], basis: BASIS, orderBy: {by: METRIC, statistic: MAX}) { count }",
    "order": "backtests(orderBy: {field: METRIC, basis: BASIS}) { nodes { id } }",
}


def question(name: str, metric: str, basis: str) -> str:
    return f"{{ {QUESTIONS[name].replace('METRIC', metric).replace('BASIS', basis)} }}"


@pytest.fixture
async def runs(client: Client) -> list[str]:
    """Three runs with curves: two with a reported Sharpe ratio, one of these with a drawdown, and one with neither."""
    reported: list[dict[str, float]] = [{"sharpeRatio": 99.0}, {"sharpeRatio": 98.0, "maxDrawdown": -0.99}, {}]
    return [await save_id(client, **noise(seed), metrics=metrics) for seed, metrics in enumerate(reported)]


async def computed(client: Client, runs: list[str]) -> list[float]:
    """Return the computed Sharpe ratio of each run."""
    edges = (await client.ask("{ ranking(basis: COMPUTED, minTrades: 0) { edges { value node { id } } } }"))["ranking"]
    values = {edge["node"]["id"]: edge["value"] for edge in edges["edges"]}
    return [values[id] for id in runs]


async def test_a_ranking_goes_by_the_values_of_its_basis_and_says_them(client: Client, runs: list[str]) -> None:
    sharpes = await computed(client, runs)
    [edges] = [each["edges"] for each in (await client.ask(question("ranking", "SHARPE_RATIO", "REPORTED"))).values()]
    # What was not reported is filled with what was computed.
    assert [edge["value"] for edge in edges] == [99.0, 98.0, sharpes[2]]
    [edges] = [each["edges"] for each in (await client.ask(question("ranking", "SHARPE_RATIO", "COMPUTED"))).values()]
    assert [edge["value"] for edge in edges] == sorted(sharpes, reverse=True)
    assert max(sharpes) < 90


async def test_leaders_groups_and_comparisons_go_by_the_basis(client: Client, runs: list[str]) -> None:
    sharpes = await computed(client, runs)
    text = """query($ids: [ID!]!, $basis: Basis!) {
      leaders(groupBy: [], basis: $basis, minTrades: 0) { value backtest { id } }
      backtestAggregates(groupBy: [], basis: $basis) { metric(of: SHARPE_RATIO) { max min count } }
      compareBacktests(ids: $ids, metrics: [SHARPE_RATIO], basis: $basis) {
        metrics { metric values { value } best { backtest { id } } }
      }
      performanceSummary(basis: $basis) { averageSharpe }
    }"""
    for basis, values in (("REPORTED", [99.0, 98.0, sharpes[2]]), ("COMPUTED", sharpes)):
        found = await client.ask(text, ids=runs, basis=basis)
        best = runs[values.index(max(values))]
        assert found["leaders"] == [{"value": max(values), "backtest": {"id": best}}]
        assert found["backtestAggregates"] == [{"metric": {"max": max(values), "min": min(values), "count": 3}}]
        [metric] = found["compareBacktests"]["metrics"]
        assert metric["metric"] == "SHARPE_RATIO"
        assert [each["value"] for each in metric["values"]] == sorted(values, reverse=True)
        assert metric["best"]["backtest"]["id"] == best
        assert found["performanceSummary"]["averageSharpe"] == pytest.approx(sum(values) / 3)


async def test_conditions_and_orders_go_by_the_basis(client: Client, runs: list[str]) -> None:
    text = "query($filter: BacktestFilter, $order: [BacktestOrder!]) { backtests(filter: $filter, orderBy: $order) %s }"

    async def ids(metrics: Any, *order: Any) -> list[str]:
        found = await client.ask(text % RUNS, filter={"metrics": metrics}, order=list(order))
        return [node["id"] for node in found["backtests"]["nodes"]]

    assert set(await ids({"sharpeRatio": {"gt": 90}})) == set(runs[:2])
    assert set(await ids({"sharpeRatio": {"gt": 90}, "basis": "REPORTED"})) == set(runs[:2])
    assert await ids({"sharpeRatio": {"gt": 90}, "basis": "COMPUTED"}) == []
    assert await ids({"maxDrawdown": {"lt": -0.9}}) == [runs[1]]
    sharpes = await computed(client, runs)
    by_computed = [id for _, id in sorted(zip(sharpes, runs, strict=True))]
    assert await ids({}, {"field": "SHARPE_RATIO", "basis": "COMPUTED", "direction": "ASC"}) == by_computed
    # The symbol is no metric, so the basis changes nothing, and the second key decides.
    order = [{"field": "SYMBOL", "basis": "COMPUTED"}, {"field": "SHARPE_RATIO"}]
    assert (await ids({}, *order))[:2] == runs[:2]


@pytest.mark.parametrize("metric", ["BETA", "ALPHA"])
@pytest.mark.parametrize("name", QUESTIONS)
async def test_what_takes_a_benchmark_is_not_computed(client: Client, name: str, metric: str) -> None:
    await client.ask(question(name, metric, "REPORTED"))
    [error] = await client.refuse(question(name, metric, "COMPUTED"))
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "there is no benchmark" in error["message"]


@pytest.mark.parametrize("metric", ["beta", "alpha"])
async def test_nor_does_a_filter_ask_for_it(client: Client, metric: str) -> None:
    text = "query($filter: BacktestFilter) { backtests(filter: $filter) { totalCount } }"
    [error] = await client.refuse(text, filter={"not": {"metrics": {"basis": "COMPUTED", metric: {"gt": 1}}}})
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize("first", ["REPORTED", "COMPUTED"])
async def test_a_cursor_belongs_to_its_basis(client: Client, runs: list[str], first: str) -> None:
    other = "COMPUTED" if first == "REPORTED" else "REPORTED"
    text = "query($basis: Basis!, $after: String) { ranking(basis: $basis, minTrades: 0, after: $after) %s }"
    question = text % "{ pageInfo { endCursor } }"
    after = (await client.ask(question, basis=first))["ranking"]["pageInfo"]["endCursor"]
    await client.ask(question, basis=first, after=after)
    [error] = await client.refuse(question, basis=other, after=after)
    assert error["extensions"] == {"code": "BAD_CURSOR"}


LUCK = """query($ids: [ID!]!, $by: Metric!, $basis: Basis!, $some: MetricsFilter!, $none: MetricsFilter!) {
  ranking(by: $by, basis: $basis, minTrades: 0) { totalCount edges { rank value node { id } } }
  leaders(groupBy: [SYMBOL], by: $by, basis: $basis, minTrades: 0) { value candidates backtest { id } }
  backtestAggregates(groupBy: [SYMBOL], basis: $basis, orderBy: {by: $by, statistic: MAX}) {
    metric(of: $by) { count max }
  }
  compareBacktests(ids: $ids, metrics: [$by], basis: $basis) {
    metrics { metric higherIsBetter values { value backtest { id } } }
  }
  some: backtests(filter: {metrics: $some}) { totalCount }
  none: backtests(filter: {metrics: $none}) { totalCount }
  unknown: performanceSummary(filter: {metrics: $none}) { totalBacktests }
}"""


@pytest.mark.parametrize("basis", ["REPORTED", "COMPUTED"])
@pytest.mark.parametrize("by", ["PROBABILISTIC_SHARPE", "DEFLATED_SHARPE"])
async def test_the_metrics_of_luck_are_computed_whatever_the_basis(
    client: Client, database: Database, runs: list[str], by: str, basis: str
) -> None:
    await save_id(client, metrics={"sharpeRatio": 9.0})  # without a curve nothing is known
    column = {"PROBABILISTIC_SHARPE": "probabilisticSharpe", "DEFLATED_SHARPE": "deflatedSharpe"}[by]
    some, none = {column: {"gte": 0.0}}, {column: {"gt": 1.0}}
    found = await client.ask(LUCK, ids=runs, by=by, basis=basis, some=some, none=none)
    edges = found["ranking"]["edges"]
    values = [edge["value"] for edge in edges]
    ranked = [edge["node"]["id"] for edge in edges]
    assert found["ranking"]["totalCount"] == 3
    assert set(ranked) == set(runs)
    assert [edge["rank"] for edge in edges] == [1, 2, 3]
    assert 1 >= values[0] > values[1] > values[2] >= 0
    assert found["leaders"] == [{"value": values[0], "candidates": 3, "backtest": {"id": ranked[0]}}]
    assert found["backtestAggregates"] == [{"metric": {"count": 3, "max": values[0]}}]
    [metric] = found["compareBacktests"]["metrics"]
    assert (metric["metric"], metric["higherIsBetter"]) == (by, True)
    assert [(each["backtest"]["id"], each["value"]) for each in metric["values"]] == [*zip(ranked, values, strict=True)]
    assert (found["some"]["totalCount"], found["none"]["totalCount"]) == (3, 0)
    assert found["unknown"]["totalBacktests"] == 0


@pytest.mark.parametrize(
    "asked",
    [
        "ranking(by: DEFLATED_SHARPE, minTrades: 0) { totalCount }",
        "leaders(groupBy: [STATUS], by: DEFLATED_SHARPE, minTrades: 0) { candidates }",
        "backtestAggregates(groupBy: []) { metric(of: DEFLATED_SHARPE) { count } }",
        'compareBacktests(ids: ["ID"], metrics: [DEFLATED_SHARPE]) { metrics { best { rank } } }',
        "backtests(filter: {metrics: {deflatedSharpe: {isNull: false}}}) { totalCount }",
        "performanceSummary(filter: {not: {metrics: {deflatedSharpe: {isNull: true}}}}) { totalBacktests }",
    ],
)
async def test_a_run_counts_as_soon_as_it_is_saved(client: Client, asked: str) -> None:
    id = await save_id(client, **noise(1))
    found = await client.ask(f"{{ {asked.replace('ID', id, 1) if 'ids' in asked else asked} }}")
    while isinstance(found, dict | list):
        [found] = found.values() if isinstance(found, dict) else found
    assert found == 1


async def test_runs_can_be_deleted_by_what_luck_says_of_them(client: Client, runs: list[str]) -> None:
    text = """mutation($input: DeleteBacktestsInput!) {
      deleteBacktests(input: $input) { deletedIds errors { message } }
    }"""
    filter = {"metrics": {"deflatedSharpe": {"lte": 1.0}}}
    deleted = (await client.ask(text, input={"filter": filter, "expectedCount": 3}))["deleteBacktests"]
    assert (set(deleted["deletedIds"]), deleted["errors"]) == (set(runs), [])


async def test_what_is_ranked_and_grouped_by_luck_can_be_filtered_by_it(client: Client, runs: list[str]) -> None:
    text = """query($filter: BacktestFilter) {
      ranking(by: DEFLATED_SHARPE, minTrades: 0, filter: $filter) { totalCount edges { value } }
      leaders(groupBy: [], by: DEFLATED_SHARPE, minTrades: 0, filter: $filter) { candidates }
      backtestAggregates(groupBy: [], filter: $filter) { count metric(of: DEFLATED_SHARPE) { count min } }
    }"""
    second = (await client.ask(text, filter={}))["ranking"]["edges"][1]["value"]
    found = await client.ask(text, filter={"metrics": {"deflatedSharpe": {"gte": second}}})
    assert found["ranking"]["totalCount"] == len(found["ranking"]["edges"]) == 2
    assert found["leaders"] == [{"candidates": 2}]
    assert found["backtestAggregates"] == [{"count": 2, "metric": {"count": 2, "min": second}}]
