"""A subscription is counted while it is open, and told once, when it ends."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from prometheus_client import REGISTRY

from tests.api.live.talking import talk

CHANGES = "subscription Changes { backtestChanged { id } }"


def subscribers() -> Any:
    return REGISTRY.get_sample_value("backtest_graph_subscribers")


async def until_there_are(count: float) -> None:
    async with asyncio.timeout(5):
        while subscribers() != count:  # noqa: ASYNC110 - a gauge tells nobody
            await asyncio.sleep(0.01)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, str]]:
    """Return what the lines of subscriptions say."""
    fields = [getattr(record, "fields", {}) for record in caplog.records]
    lines = [each for each in fields if each.get("operation_type") == "subscription"]
    return [(line["transport"], line["operation_name"], line["outcome"]) for line in lines]


async def test_a_subscription_over_a_socket_is_counted_and_told(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "backtest_graph.requests")
    before = subscribers()
    async with talk(url, begin=True) as talking:
        await talking.listen(query=CHANGES)
        await until_there_are(before + 1)
        assert told(caplog) == []
        await talking.say({"type": "complete", "id": "1"})
        await until_there_are(before)
        assert told(caplog) == [("ws", "Changes", "ok")]
        await talking.subscribe(query="subscription Changes { backtestChanged { unknown } }")
        assert (await talking.hear())["type"] == "error"
        assert subscribers() == before
    assert told(caplog) == [("ws", "Changes", "ok"), ("ws", "Changes", "refused")]


async def test_a_subscription_by_events_is_counted_and_told(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "backtest_graph.requests")
    before = subscribers()
    async with httpx.AsyncClient(base_url=url) as http:
        accept = {"accept": "text/event-stream"}
        async with http.stream("POST", "/graphql", json={"query": CHANGES}, headers=accept) as response:
            assert response.status_code == 200
            await until_there_are(before + 1)
        await until_there_are(before)
        async with asyncio.timeout(5):
            while not told(caplog):  # noqa: ASYNC110 - a log tells nobody
                await asyncio.sleep(0.01)
    assert told(caplog) == [("sse", "Changes", "ok")]
