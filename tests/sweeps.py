"""Optimizations with returns, to be saved by tests."""

from typing import Any

import numpy as np

from tests.client import Client

SAVE = """
mutation($input: SaveOptimizationInput!) {
  saveOptimization(input: $input) {
    optimization { id } created warnings { code message path } errors { code message path }
  }
}
"""
DAYS = [str(day) for day in np.datetime64("2024-01-01") + np.arange(64)]
"""Times of returns."""


def noise(trials: int, periods: int = 64, seed: int = 1) -> Any:
    """Return a row of returns for each trial."""
    return np.random.default_rng(seed).normal(0.001, 0.01, (trials, periods))


def sweep(returns: Any, times: Any = None) -> list[dict[str, Any]]:
    """Return trials of one parameter with a row of returns each."""
    series = [{"values": row.tolist()} | ({} if times is None else {"times": times}) for row in returns]
    return [{"parameters": {"n": place}, "returns": each} for place, each in enumerate(series)]


async def save(client: Client, run: str, trials: Any, **fields: Any) -> Any:
    """Save an optimization and return the payload."""
    return (await client.ask(SAVE, input={"backtestId": run, "trials": trials} | fields))["saveOptimization"]


async def save_id(client: Client, run: str, trials: Any, **fields: Any) -> str:
    """Save an optimization and return its id."""
    payload = await save(client, run, trials, **fields)
    assert payload["errors"] == []
    id: str = payload["optimization"]["id"]
    return id


async def ask(client: Client, id: str, selection: str) -> Any:
    """Return what an optimization answers."""
    return (await client.ask(f'{{ node(id: "{id}") {{ ... on Optimization {{ {selection} }} }} }}'))["node"]
