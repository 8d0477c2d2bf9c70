"""Measure contenders in turn: processor time and waiting time a request, over several rounds."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any
from uuid import UUID

import asyncpg

from tests.benchmarks.calls import Call, Client
from tests.benchmarks.processes import Server, read_spent

_BATCH_SECONDS = 0.1
_MOST_REQUESTS = 500
_ENOUGH_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Side:
    """A server under test, a client of it and a connection of our own to its database."""

    server: Server
    client: Client
    connection: "asyncpg.Connection[Any]"


@dataclass(slots=True)
class Contender:
    """Calls that are sent in turn to one side."""

    side: Side
    calls: Sequence[Call]
    requests: int = 1
    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time a request, a value for each round."""
    latency: list[float] = field(default_factory=list)
    """Seconds until the answer, a value for each round."""


@dataclass(frozen=True, slots=True)
class Range:
    """The spread of a value over the rounds."""

    least: float
    median: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Range":
        """Return the spread of values."""
        return cls(min(values), statistics.median(values), max(values))


async def measure(contenders: Sequence[Contender], *, rounds: int, seconds: float) -> None:
    """Send batches of requests to each contender in turn; each was asked before.

    Args:
        contenders: whose cpu and latency get a value for each round.
        rounds: how many; three are enough after so many seconds, and one after twice as many.
        seconds: the time for the rounds.
    """
    for contender in contenders:
        await _choose_requests(contender)
    began = time.perf_counter()
    for done in range(rounds):
        took = time.perf_counter() - began
        if done and took > seconds * (1 if done >= _ENOUGH_ROUNDS else 2):
            break
        for contender in contenders:
            await _measure_batch(contender)


def ratios(values: Sequence[float], others: Sequence[float]) -> Range:
    """Return the spread of the ratio, round by round."""
    return Range.of([value / other for value, other in zip(values, others, strict=True)])


async def forget_saved(side: Side) -> None:
    """Delete the runs that were saved, so that the next round finds the database as it was."""
    ids, side.client.ids = side.client.ids, []
    if ids:
        await side.connection.execute("DELETE FROM backtests WHERE id = ANY($1)", [UUID(id) for id in ids])


async def _choose_requests(contender: Contender) -> None:
    """Choose how many requests make a batch."""
    side = contender.side
    side.client.seconds = 0.0
    side.client.send(contender.calls[0])
    contender.requests = max(1, min(_MOST_REQUESTS, int(_BATCH_SECONDS / side.client.seconds)))
    await forget_saved(side)


async def _measure_batch(contender: Contender) -> None:
    side, cpu = contender.side, None
    while cpu is None:
        calls = cycle(contender.calls)
        side.client.seconds = 0.0
        before = await read_spent(side.server, side.connection)
        for _ in range(contender.requests):
            side.client.send(next(calls))
        cpu = (await read_spent(side.server, side.connection)).since(before)
        await forget_saved(side)
    contender.cpu.append(cpu / contender.requests)
    contender.latency.append(side.client.seconds / contender.requests)
