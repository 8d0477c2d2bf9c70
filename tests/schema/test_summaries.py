"""The performance summary, as a client asks for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.client import Client
from tests.operations import save_id
from tests.statements import counted_statements

GROUP = "key count averageReturn averageSharpe averageWinRate"
WHOLE = "since totalBacktests averageReturn bestReturn worstReturn averageSharpe averageWinRate"
SUMMARY = f"""
query($days: Int! = 30, $filter: BacktestFilter) {{
  performanceSummary(days: $days, filter: $filter) {{
    {WHOLE} byStrategy {{ {GROUP} }} bySymbol {{ {GROUP} }}
  }}
}}
"""


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat()


async def save(client: Client, days: float, total_return: float | None, win_rate: float | None, **fields: Any) -> None:
    metrics = {"totalReturn": total_return, "sharpeRatio": 1.5, "winRate": win_rate}
    await save_id(client, metrics=metrics, createdAt=ago(days), **fields)


async def test_the_summary_is_of_completed_runs_of_the_last_days(client: Client) -> None:
    await save(client, 1, 0.25, 0.5)
    await save(client, 29, -0.75, None, symbol="AAPL")
    await save(client, 2, None, 1.0, strategy="alone")
    await save(client, 31, 9.0, 0.0)
    await save(client, 1, 9.0, 0.0, status="FAILED")
    with counted_statements() as statements:
        summary = (await client.ask(SUMMARY))["performanceSummary"]
    assert len(statements) == 1
    since = datetime.fromisoformat(summary.pop("since"))
    assert abs(datetime.now(UTC) - timedelta(days=30) - since) < timedelta(minutes=1)
    assert summary == {
        "totalBacktests": 3,
        "averageReturn": -0.25,
        "bestReturn": 0.25,
        "worstReturn": -0.75,
        "averageSharpe": 1.5,
        "averageWinRate": 0.75,
        "byStrategy": [
            {"key": "sma_cross", "count": 2, "averageReturn": -0.25, "averageSharpe": 1.5, "averageWinRate": 0.5},
            {"key": "alone", "count": 1, "averageReturn": None, "averageSharpe": 1.5, "averageWinRate": 1.0},
        ],
        "bySymbol": [
            {"key": "GOOG", "count": 2, "averageReturn": 0.25, "averageSharpe": 1.5, "averageWinRate": 0.75},
            {"key": "AAPL", "count": 1, "averageReturn": -0.75, "averageSharpe": 1.5, "averageWinRate": None},
        ],
    }
    longer = (await client.ask(SUMMARY, days=32, filter={"symbol": {"eq": "GOOG"}}))["performanceSummary"]
    assert (longer["totalBacktests"], longer["bestReturn"]) == (3, 9.0)


async def test_groups_of_equal_size_come_by_name(client: Client) -> None:
    for symbol in ("B", "Ä", "A"):
        await save(client, 1, 0.1, 0.5, symbol=symbol)
    summary = (await client.ask("{ performanceSummary { bySymbol { key } } }"))["performanceSummary"]
    assert [group["key"] for group in summary["bySymbol"]] == ["A", "B", "Ä"]


async def test_no_runs_are_zero_and_nulls(client: Client) -> None:
    summary = (await client.ask(SUMMARY))["performanceSummary"]
    assert {name: value for name, value in summary.items() if value} == {"since": summary["since"]}
    assert (summary["totalBacktests"], summary["bySymbol"], summary["bestReturn"]) == (0, [], None)


async def test_groups_are_computed_only_when_they_are_asked_for(client: Client) -> None:
    with counted_statements() as statements:
        await client.ask("{ performanceSummary { totalBacktests } }")
    assert len(statements) == 1
    assert "GROUP BY" not in statements[0]


@pytest.mark.parametrize("days", [0, -3, 36_501])
async def test_days_that_make_no_sense_are_refused(client: Client, days: int) -> None:
    [error] = await client.refuse(SUMMARY, days=days)
    assert error["extensions"] == {"code": "BAD_USER_INPUT"}
    assert "between 1 and 36,500" in error["message"]
