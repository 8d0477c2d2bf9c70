"""What the service says of the demo's real runs, against pandas over the documents they come from."""

import lzma
import math
from typing import Any

import orjson
import pandas as pd
import pytest

from api.demo import DOCUMENTS, load_demo
from resolvers.store.database import Database
from tests.client import Client


def source_runs() -> pd.DataFrame:
    with lzma.open(DOCUMENTS) as lines:
        documents = [document for document in map(orjson.loads, lines) if "equity_curve" in document]
    words = pd.DataFrame([{"symbol": each["symbol"], "strategy": each["strategy"]} for each in documents])
    return words.join(pd.DataFrame([each["metrics"] for each in documents]))


def same(figures: dict[str, Any], expected: dict[str, Any]) -> bool:
    return all(math.isclose(figures[name], value, rel_tol=1e-12) for name, value in expected.items())


SUMMARY = """
{ performanceSummary(days: 30) {
  totalBacktests averageReturn bestReturn worstReturn averageSharpe averageWinRate
  byStrategy { key count averageReturn averageSharpe averageWinRate }
  bySymbol { key count averageReturn averageSharpe averageWinRate }
} }
"""


async def test_the_summary_of_the_demo_equals_pandas(database: Database, client: Client) -> None:
    await load_demo(database, lambda _: None)
    summary = (await client.ask(SUMMARY))["performanceSummary"]
    runs = source_runs()
    assert summary["totalBacktests"] == len(runs) == 89
    assert (summary["bestReturn"], summary["worstReturn"]) == (runs.total_return.max(), runs.total_return.min())
    means = runs[["total_return", "sharpe_ratio", "win_rate"]].mean()
    names = ("averageReturn", "averageSharpe", "averageWinRate")
    assert same(summary, dict(zip(names, means, strict=True)))
    for field, key in (("byStrategy", "strategy"), ("bySymbol", "symbol")):
        groups = runs.groupby(key)[["total_return", "sharpe_ratio", "win_rate"]]
        assert {each["key"]: each["count"] for each in summary[field]} == groups.size().to_dict()
        for each in summary[field]:
            assert same(each, dict(zip(names, groups.mean().loc[each["key"]], strict=True)))


@pytest.mark.parametrize(("metric", "column"), [("SHARPE_RATIO", "sharpe_ratio"), ("MAX_DRAWDOWN", "max_drawdown")])
async def test_the_ranking_of_the_demo_equals_pandas(
    database: Database, client: Client, metric: str, column: str
) -> None:
    await load_demo(database, lambda _: None)
    query = f"{{ ranking(by: {metric}, first: 500) {{ totalCount edges {{ rank value }} }} }}"
    ranking = (await client.ask(query))["ranking"]
    runs = source_runs()
    values = runs[runs.total_trades >= 10][column].sort_values(ascending=False)
    ranks = values.rank(method="min", ascending=False).astype(int)
    assert [(edge["rank"], edge["value"]) for edge in ranking["edges"]] == list(zip(ranks, values, strict=True))
    assert ranking["totalCount"] == len(values)


async def test_the_aggregates_of_the_demo_equal_pandas(database: Database, client: Client) -> None:
    await load_demo(database, lambda _: None)
    statistics = "count min p05 p25 median mean p75 p95 max standardDeviation"
    metric = f"metric(of: PROFIT_FACTOR) {{ {statistics} }}"
    query = f"{{ backtestAggregates(groupBy: [STRATEGY]) {{ strategy count {metric} }} }}"
    groups = source_runs().groupby("strategy").profit_factor
    answer = (await client.ask(query))["backtestAggregates"]
    assert len(answer) == 5
    for each in answer:
        values = groups.get_group(each["strategy"])
        expected: dict[str, Any] = {f"p{share:02}": values.quantile(share / 100) for share in (5, 25, 75, 95)}
        expected |= {"min": values.min(), "max": values.max(), "mean": values.mean(), "median": values.median()}
        expected |= {"count": len(values), "standardDeviation": values.std()}
        assert each["count"] == len(values)
        assert same(each["metric"], expected)
