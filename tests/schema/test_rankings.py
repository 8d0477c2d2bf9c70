"""Rankings and leaders, as a client asks for them."""

from typing import Any

import pytest

from resolvers.store.metrics import METRICS
from tests.client import Client
from tests.operations import save_id
from tests.statements import counted_statements

RANKING = """
query($by: Metric! = SHARPE_RATIO, $filter: BacktestFilter, $minTrades: Int! = 10, $first: Int, $after: String) {
  ranking(by: $by, filter: $filter, minTrades: $minTrades, first: $first, after: $after) {
    edges { cursor rank value node { id symbol } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount
  }
}
"""
LEADERS = """
query($groupBy: [GroupKey!]!, $by: Metric! = SHARPE_RATIO, $filter: BacktestFilter, $minTrades: Int! = 10) {
  leaders(groupBy: $groupBy, by: $by, filter: $filter, minTrades: $minTrades) {
    symbol strategy status engine month value candidates backtest { notes metrics { sharpeRatio } }
  }
}
"""


async def save(client: Client, name: str, sharpe: float | None, **fields: Any) -> str:
    metrics = {"sharpeRatio": sharpe, "totalTrades": 20} | fields.pop("metrics", {})
    return await save_id(client, notes=name, metrics=metrics, **fields)


async def rank(client: Client, **asked: Any) -> Any:
    return (await client.ask(RANKING, **asked))["ranking"]


async def test_ties_share_a_rank_and_each_edge_has_its_value(client: Client) -> None:
    ids = [await save(client, "", sharpe) for sharpe in (3.0, 2.0, 2.0, 1.0)]
    with counted_statements() as statements:
        ranking = await rank(client)
    assert len(statements) == 1
    assert [(edge["rank"], edge["value"]) for edge in ranking["edges"]] == [(1, 3.0), (2, 2.0), (2, 2.0), (4, 1.0)]
    assert {edge["node"]["id"] for edge in ranking["edges"]} == set(ids)
    assert ranking["nodes"] == [{"id": edge["node"]["id"]} for edge in ranking["edges"]]
    assert ranking["totalCount"] == 4


async def test_only_completed_runs_with_the_metric_and_enough_trades_are_ranked(client: Client) -> None:
    best = await save(client, "", 1.0)
    await save(client, "", 9.0, status="FAILED")
    await save(client, "", 9.0, status="IN_PROGRESS")
    await save(client, "", None)
    few = await save(client, "", 9.0, metrics={"totalTrades": 9})
    assert [edge["node"]["id"] for edge in (await rank(client))["edges"]] == [best]
    assert [edge["node"]["id"] for edge in (await rank(client, minTrades=9))["edges"]] == [few, best]


@pytest.mark.parametrize("by", [metric.name.upper() for metric in METRICS])
async def test_every_metric_can_be_ranked_by(client: Client, by: str) -> None:
    first, *words = by.lower().split("_")
    field = first + "".join(word.title() for word in words)
    values = (
        (11, 12)
        if by.endswith("_TRADES")
        else (-0.12, -0.11)
        if by in {"MAX_DRAWDOWN", "AVERAGE_LOSS"}
        else (0.11, 0.12)
    )
    for value in values:
        await save(client, "", None, metrics={field: value})
    [best, other] = [edge["value"] for edge in (await rank(client, by=by, minTrades=0))["edges"]]
    lower_is_better = by in {"MAX_DRAWDOWN_DURATION", "VOLATILITY", "DOWNSIDE_VOLATILITY", "LOSING_TRADES"}
    assert best < other if lower_is_better else best > other


async def test_the_shallowest_drawdown_is_ranked_first(client: Client) -> None:
    for drawdown in (-0.2, -0.4, 0.0, -0.1):
        await save(client, "", None, metrics={"maxDrawdown": drawdown})
    edges = (await rank(client, by="MAX_DRAWDOWN"))["edges"]
    assert [edge["value"] for edge in edges] == [0.0, -0.1, -0.2, -0.4]


async def test_ranks_stay_right_while_others_save_and_delete(client: Client) -> None:
    runs = [await save(client, "", sharpe) for sharpe in (5.0, 4.0, 4.0, 3.0, 3.0, 2.0)]
    first = await rank(client, first=4)
    assert [edge["rank"] for edge in first["edges"]] == [1, 2, 2, 4]

    async def second() -> list[tuple[int, float]]:
        page = await rank(client, first=4, after=first["pageInfo"]["endCursor"])
        return [(edge["rank"], edge["value"]) for edge in page["edges"]]

    async def delete(id: str) -> None:
        await client.ask("mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId } }", id=id)

    assert await second() == [(4, 3.0), (6, 2.0)]
    await save(client, "", 9.0)
    await save(client, "", 4.0)
    assert await second() == [(6, 3.0), (8, 2.0)]
    await delete(first["edges"][-1]["node"]["id"])
    assert await second() == [(6, 3.0), (7, 2.0)]
    await delete(runs[0])
    assert await second() == [(5, 3.0), (6, 2.0)]


async def test_a_page_of_none_is_empty_and_still_counted(client: Client) -> None:
    await save(client, "", 1.0)
    ranking = await rank(client, first=0)
    assert (ranking["edges"], ranking["totalCount"], ranking["pageInfo"]["hasNextPage"]) == ([], 1, True)
    assert (await rank(client, filter={"symbol": {"eq": "NOTHING"}}))["totalCount"] == 0


@pytest.mark.parametrize("first", [-1, 501])
async def test_a_negative_or_too_long_page_is_refused(client: Client, first: int) -> None:
    [error] = await client.refuse(RANKING, first=first)
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest.mark.parametrize(
    "other", [{"by": "TOTAL_RETURN"}, {"minTrades": 11}, {"filter": {"symbol": {"eq": "GOOG"}}}, {"after": "nonsense"}]
)
async def test_a_cursor_of_another_ranking_is_refused(client: Client, other: dict[str, Any]) -> None:
    await save(client, "", 1.0)
    after = (await rank(client))["pageInfo"]["endCursor"]
    [error] = await client.refuse(RANKING, **({"after": after} | other))
    assert error["extensions"] == {"code": "BAD_CURSOR"}


async def test_the_best_run_of_each_group_comes_with_the_number_of_candidates(client: Client) -> None:
    await save(client, "good", 1.0, symbol="GOOG")
    await save(client, "better", 2.0, symbol="GOOG")
    await save(client, "other", 3.0, symbol="AAPL")
    with counted_statements() as statements:
        leaders = (await client.ask(LEADERS, groupBy=["SYMBOL", "SYMBOL"]))["leaders"]
    assert len(statements) == 1
    no_keys = dict.fromkeys(("strategy", "status", "engine", "month"))
    assert leaders == [
        {
            "symbol": "AAPL",
            **no_keys,
            "value": 3.0,
            "candidates": 1,
            "backtest": {"notes": "other", "metrics": {"sharpeRatio": 3.0}},
        },
        {
            "symbol": "GOOG",
            **no_keys,
            "value": 2.0,
            "candidates": 2,
            "backtest": {"notes": "better", "metrics": {"sharpeRatio": 2.0}},
        },
    ]


async def test_leaders_tell_status_engine_and_month_when_they_are_grouped_by(client: Client) -> None:
    await save(client, "", 1.0, engine="vectorbt", createdAt="2024-03-31T23:59:59.999999Z")
    await save(client, "", 2.0, createdAt="2024-04-01")
    found = (await client.ask(LEADERS, groupBy=["MONTH", "ENGINE", "STATUS", "STRATEGY"]))["leaders"]
    assert [tuple(leader[key] for key in ("status", "engine", "month", "strategy", "symbol")) for leader in found] == [
        ("COMPLETED", None, "2024-04-01", "sma_cross", None),
        ("COMPLETED", "vectorbt", "2024-03-01", "sma_cross", None),
    ]


async def test_of_equal_runs_the_one_that_the_ranking_puts_first_leads(client: Client) -> None:
    for _ in range(5):
        await save(client, "", 1.0)
    [leader] = (await client.ask("{ leaders(groupBy: [SYMBOL]) { backtest { id } } }"))["leaders"]
    assert leader["backtest"]["id"] == (await rank(client))["nodes"][0]["id"]


async def test_without_keys_the_best_run_of_all_leads_if_there_is_one(client: Client) -> None:
    assert (await client.ask(LEADERS, groupBy=[]))["leaders"] == []
    await save(client, "best", 1.0)
    [leader] = (await client.ask(LEADERS, groupBy=[]))["leaders"]
    assert (leader["backtest"]["notes"], leader["candidates"]) == ("best", 1)
