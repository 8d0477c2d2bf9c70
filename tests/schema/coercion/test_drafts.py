"""What is said of a run does not depend on how it came in, nor on whether its checks take their shortcuts."""

import random
from dataclasses import asdict
from typing import Any

import pytest

from resolvers.checks.backtests import BacktestRecord, check_backtests
from resolvers.store.metrics import METRICS
from schema.inputs import SaveBacktestInput, read_backtest_input
from tests.schema.coercion import values
from tests.schema.coercion.shown import show
from tests.schema.coercion.test_coercion import BULK, ORDINARY, take

CASES = 80


async def given(schema: Any, runs: list[Any]) -> list[SaveBacktestInput]:
    seen: list[Any] = []
    await schema.execute(take("runs"), variable_values={"x": runs}, context_value=seen)
    return seen[0] if seen else []


def records(runs: list[SaveBacktestInput]) -> list[BacktestRecord]:
    return check_backtests([read_backtest_input(run, ("inputs", str(place))) for place, run in enumerate(runs)])


def told(record: BacktestRecord) -> Any:
    known = asdict(record)
    if known["trades"] is not None:
        known["trades"].pop("whole", None)
    return show(known)


def leave_no_shortcut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.checks.backtests.are_sound", lambda _: False)
    monkeypatch.setattr("resolvers.checks.trades.are_sound", lambda _: False)
    monkeypatch.setattr("resolvers.checks.report.is_sound_object", lambda _: False)
    monkeypatch.setattr("resolvers.checks.backtests._OF_THEIR_OWN", frozenset(metric.name for metric in METRICS))


async def test_the_same_is_said_of_runs_both_ways_and_without_shortcuts(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(11)
    rounds = [[values.changed(dice, values.run(dice)) for _ in range(3)] for _ in range(CASES)]
    quick = [[told(record) for record in records(await given(BULK, runs))] for runs in rounds]
    leave_no_shortcut(monkeypatch)
    slow = [[told(record) for record in records(await given(ORDINARY, runs))] for runs in rounds]
    assert quick == slow
    said = [record for runs in quick for record in runs]
    for field in ("'problems'", "'notices'"):
        assert {bool(record[field]) for record in said} == {True, False}
