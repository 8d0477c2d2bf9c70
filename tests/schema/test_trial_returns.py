"""The returns of trials come back as they were saved, and count in the ledger by the Sharpe ratio they have."""

import math
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from resolvers.store.database import Database
from resolvers.store.tables import trial_ledger, trial_returns
from tests import operations
from tests.client import Client
from tests.statements import counted_statements
from tests.sweeps import DAYS, ask, noise, save, save_id, sweep

RETURNS = "trials { nodes { number returns { times values length } } }"


async def test_returns_come_back_bit_for_bit(client: Client) -> None:
    run = await operations.save_id(client)
    given = noise(3) * np.array([[1.0], [1e-300], [1e9]])
    id = await save_id(client, run, sweep(given, DAYS))
    nodes = (await ask(client, id, RETURNS))["trials"]["nodes"]
    assert [node["returns"]["values"] for node in nodes] == given.tolist()
    assert {tuple(node["returns"]["times"]) for node in nodes} == {tuple(f"{day}T00:00:00Z" for day in DAYS)}


async def test_trials_can_have_times_of_their_own_or_no_returns_at_all(client: Client) -> None:
    run = await operations.save_id(client)
    own = {"times": DAYS[1:4], "values": [0.1, 0.2, 0.3]}
    trials = [{"parameters": {}}, *sweep(noise(1), DAYS), {"parameters": {}, "returns": own}]
    id = await save_id(client, run, [*trials, {"parameters": {}, "returns": {"values": []}}])
    nodes = (await ask(client, id, RETURNS))["trials"]["nodes"]
    assert [node["returns"] and node["returns"]["length"] for node in nodes] == [None, 64, 3, None]
    assert nodes[2]["returns"]["times"] == [f"{day}T00:00:00Z" for day in DAYS[1:4]]


async def test_times_that_trials_share_are_stored_once(client: Client, database: Database) -> None:
    run = await operations.save_id(client)
    await save_id(client, run, sweep(noise(5), DAYS))
    [row] = await database.fetch(
        select(func.count(trial_returns.c.times).label("times"), func.count().label("trials")).select_from(
            trial_returns
        )
    )
    assert (row["times"], row["trials"]) == (1, 5)


async def test_returns_without_times_are_spread_over_the_days_of_the_run(client: Client) -> None:
    run = await operations.save_id(client)
    payload = await save(client, run, sweep(noise(2, 31)))
    assert [(each["code"], each["path"]) for each in payload["warnings"]] == [
        ("ASSUMED", ["input", "trials", "0", "returns"])
    ]
    nodes = (await ask(client, payload["optimization"]["id"], RETURNS))["trials"]["nodes"]
    days = [f"2024-01-{day:02}T00:00:00Z" for day in range(1, 32)]
    assert [node["returns"]["times"] for node in nodes] == [days, days]


async def test_returns_of_a_page_of_trials_are_one_statement_more(client: Client) -> None:
    run = await operations.save_id(client)
    given = (sweep(noise(4), DAYS), sweep(noise(2, 10), DAYS[5:15]))
    ids = [await save_id(client, run, trials) for trials in given]
    with counted_statements() as statements:
        answer = await client.ask(f'{{ backtest(id: "{run}") {{ optimizations {{ nodes {{ id {RETURNS} }} }} }} }}')
    assert len(statements) == 4
    nodes = answer["backtest"]["optimizations"]["nodes"]
    lengths = {node["id"]: [trial["returns"]["length"] for trial in node["trials"]["nodes"]] for node in nodes}
    assert lengths == {ids[0]: [64] * 4, ids[1]: [10] * 2}
    assert nodes[0]["trials"]["nodes"][1]["returns"]["times"][0] == f"{DAYS[5]}T00:00:00Z"


async def test_a_part_of_the_returns_can_be_asked_for(client: Client) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, sweep(noise(1), DAYS))
    part = f'returns(from: "{DAYS[10]}", to: "{DAYS[12]}") {{ length }} few: returns(maxPoints: 6) {{ downsampled }}'
    [node] = (await ask(client, id, f"trials {{ nodes {{ {part} }} }}"))["trials"]["nodes"]
    assert node == {"returns": {"length": 3}, "few": {"downsampled": True}}


async def test_values_that_are_not_finite_are_null_with_a_warning(client: Client) -> None:
    run = await operations.save_id(client)
    trials = sweep(noise(2), DAYS)
    trials[1]["returns"]["values"][2] = "NaN"
    payload = await save(client, run, trials)
    assert [(each["code"], each["path"]) for each in payload["warnings"]] == [
        ("NON_FINITE", ["input", "trials", "1", "returns", "values", "2"])
    ]
    nodes = (await ask(client, payload["optimization"]["id"], RETURNS))["trials"]["nodes"]
    assert nodes[1]["returns"]["values"][1:4] == [*noise(2)[1][1:2], None, *noise(2)[1][3:4]]


def _given(*returns: Any) -> list[dict[str, Any]]:
    return [{"parameters": {}, "returns": each} for each in returns]


@pytest.mark.parametrize(
    ("trials", "path"),
    [
        (_given({"times": DAYS[:2], "values": [0.1]}), ["0", "returns", "values"]),
        (_given({"values": [0.1]}, {"times": DAYS[1::-1], "values": [0.1, 0.2]}), ["1", "returns", "times", "1"]),
        (_given({"values": [0.1, 0.2]}, {"values": [0.1]}), ["1", "returns", "values"]),
        (_given({"times": DAYS[:1], "values": [0.1]}, {"values": [0.1]}), ["0", "returns", "times"]),
    ],
)
async def test_returns_that_fit_no_time_are_refused(client: Client, trials: Any, path: list[str]) -> None:
    run = await operations.save_id(client)
    payload = await save(client, run, trials)
    assert [(each["code"], each["path"]) for each in payload["errors"]] == [("INVALID", ["input", "trials", *path])]
    assert payload["optimization"] is None


async def test_returns_are_part_of_what_makes_a_repeat_safe(client: Client) -> None:
    run, id = await operations.save_id(client), "01890a5d-ac96-774b-bcce-b302099a8058"
    trials = sweep(noise(2), DAYS)
    assert (await save(client, run, trials, id=id))["created"] is True
    assert (await save(client, run, trials, id=id))["created"] is False
    for other in (sweep(noise(2, seed=2), DAYS), sweep(noise(2)), sweep(noise(2), [*DAYS[:-1], "2025-01-01"])):
        payload = await save(client, run, other, id=id)
        assert [each["code"] for each in payload["errors"]] == ["CONFLICT"]


async def test_the_ledger_counts_the_sharpe_ratios_of_the_returns(client: Client, database: Database) -> None:
    run = await operations.save_id(client, periodsPerYear=100.0, equityCurve={"values": [1.0, 1.1, 1.05]})
    returns = noise(3)
    trials = [each | {"sharpeRatio": 9.0} for each in sweep(returns, DAYS)]
    flat = {"parameters": {}, "sharpeRatio": 2.5, "returns": {"times": DAYS[:3], "values": [0.1] * 3}}
    id = await save_id(client, run, [*trials, flat, {"parameters": {}, "sharpeRatio": 1.5}], combinationsTested=50)
    [row] = await database.fetch(select(trial_ledger).where(trial_ledger.c.part == id))
    sharpes = [*(returns.mean(axis=1) / returns.std(axis=1, ddof=1) * 10).tolist(), 2.5, 1.5]
    assert (row["trials"], row["recorded"]) == (50, 5)
    assert math.isclose(row["sharpe_ratio"], np.mean(sharpes))
    assert math.isclose(row["sharpe_deviations"], np.var(sharpes) * 5)


async def test_the_calendar_of_the_returns_counts_where_the_run_has_none(client: Client, database: Database) -> None:
    run = await operations.save_id(client)
    returns = noise(1)
    id = await save_id(client, run, sweep(returns, DAYS))
    [row] = await database.fetch(select(trial_ledger.c.sharpe_ratio).where(trial_ledger.c.part == id))
    assert math.isclose(row["sharpe_ratio"], returns.mean() / returns.std(ddof=1) * math.sqrt(365))
