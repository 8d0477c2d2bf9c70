"""What cross-validation says of an optimization: computed once, stored, and never in the way of others."""

import asyncio
import math
from typing import Any

import httpx
import numpy as np
import pytest
from sqlalchemy import select, update

from api.app import create_app
from api.demo import load_demo
from api.settings import Settings
from resolvers.callers import Scope
from resolvers.statistics.overfitting import probability_of_backtest_overfitting
from resolvers.statistics.sharpe import deflated_sharpe_ratio
from resolvers.store.database import Database
from resolvers.store.tables import optimizations, overfitting_results
from resolvers.tokens import create_token
from tests import operations
from tests.client import Client
from tests.statements import counted_statements
from tests.sweeps import DAYS, ask, noise, save_id, sweep

BEST = """
deflation {
  deflatedSharpeRatio reason basis perPeriodSharpeRatio observations skewness kurtosis trials recordedTrials
  varianceOfSharpes perPeriodExpectedMaximumSharpe periodsPerYear
}
"""
FIELDS = f"""
pbo probabilityOfLoss slope blocks combinations trials missing observations droppedObservations reason
logits {{ mean median histogram {{ lower upper count }} }} {BEST}
"""


async def overfitting(client: Client, id: str, blocks: int = 8) -> Any:
    """Return all that is said of an optimization."""
    return (await ask(client, id, f"overfitting(blocks: {blocks}) {{ {FIELDS} }}"))["overfitting"]


def computations(statements: list[str]) -> int:
    """Return how many results were stored."""
    return sum(each.startswith("INSERT INTO overfitting_results") for each in statements)


async def test_it_is_what_the_returns_say(client: Client) -> None:
    run = await operations.save_id(client)
    returns = noise(10, 64)
    found = await overfitting(client, await save_id(client, run, sweep(returns, DAYS), combinationsTested=500))
    expected = probability_of_backtest_overfitting(np.ascontiguousarray(returns.T), 8)
    assert (found["pbo"], found["probabilityOfLoss"]) == (expected.pbo, expected.probability_of_loss)
    assert found["slope"] == expected.slope
    assert found["logits"]["mean"] == np.mean(expected.logits)
    assert found["logits"]["median"] == np.median(expected.logits)
    assert sum(each["count"] for each in found["logits"]["histogram"]) == found["combinations"] == 70
    counts = [found[name] for name in ("blocks", "trials", "missing", "observations", "droppedObservations")]
    assert (counts, found["reason"]) == ([8, 10, 0, 64, 0], None)


async def test_the_deflated_ratio_of_the_best_trial_is_made_of_what_it_shows(client: Client) -> None:
    run = await operations.save_id(client)
    returns = noise(10, 64)
    trials = [each | {"rank": 10 - place} for place, each in enumerate(sweep(returns, DAYS))]
    best = (await overfitting(client, await save_id(client, run, trials, combinationsTested=500)))["deflation"]
    sharpes = returns.mean(axis=1) / returns.std(axis=1, ddof=1)
    assert (best["basis"], best["trials"], best["recordedTrials"]) == ("RETURNS", 500, 10)
    assert best["perPeriodSharpeRatio"] == pytest.approx(sharpes[-1])
    assert best["varianceOfSharpes"] == pytest.approx(sharpes.var(ddof=1))
    names = ("perPeriodSharpeRatio", "observations", "skewness", "kurtosis", "trials", "varianceOfSharpes")
    assert best["deflatedSharpeRatio"] == deflated_sharpe_ratio(*(best[name] for name in names))


async def test_a_second_call_is_one_statement_and_says_the_same(client: Client) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, sweep(noise(6), DAYS))
    first = await overfitting(client, id)
    with counted_statements() as statements:
        assert await overfitting(client, id) == first
    assert len(statements) == 3, "two for the node, and one for the result"
    with counted_statements() as statements:
        await overfitting(client, id, 4)
    assert computations(statements) == 1, "other blocks are another result"


async def test_what_other_formulas_gave_is_computed_anew(client: Client, database: Database) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, sweep(noise(6), DAYS))
    first = await overfitting(client, id)
    async with database.transaction() as transaction:
        await transaction.fetch(update(overfitting_results).values(computation=0, result={}))
    assert await overfitting(client, id) == first
    rows = await database.fetch(select(overfitting_results.c.computation))
    assert [row["computation"] for row in rows] == [1]


async def test_calls_at_once_compute_once(client: Client) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, sweep(noise(20, 64), DAYS))
    with counted_statements() as statements:
        answers = await asyncio.gather(*(overfitting(client, id, 16) for _ in range(5)))
    assert computations(statements) == 1
    assert all(each == answers[0] for each in answers)


async def test_who_gives_up_leaves_the_result_to_the_next(client: Client) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, sweep(noise(30, 64), DAYS))
    with counted_statements() as statements:
        first = asyncio.create_task(overfitting(client, id, 16))
        while not any("FROM trial_returns" in each and "unnest" not in each for each in statements):
            assert not first.done()
            await asyncio.sleep(0.001)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await overfitting(client, id, 16))["reason"] is None
    assert computations(statements) == 1


async def test_who_may_only_read_may_ask(client: Client, database: Database) -> None:
    id = await save_id(client, await operations.save_id(client), sweep(noise(6), DAYS))
    _, token = await create_token(database, name="reader", scopes=[Scope.READ], expires_at=None)
    headers = {"authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(create_app(database, Settings(authentication=True)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1", headers=headers) as http:
        with counted_statements() as statements:
            assert (await overfitting(Client(http), id))["reason"] is None
    assert computations(statements) == 1


async def test_other_questions_are_answered_meanwhile(client: Client) -> None:
    run = await operations.save_id(client)
    times = [str(day) for day in np.datetime64("2014-01-01") + np.arange(2520)]
    id = await save_id(client, run, sweep(noise(100, 2520), times))
    slow = asyncio.create_task(overfitting(client, id, 18))
    answered = 0
    while not slow.done():
        await client.ask(f'{{ backtest(id: "{run}") {{ symbol }} }}')
        answered += 1
    assert slow.result()["reason"] is None
    assert answered > 5


async def test_a_list_of_optimizations_is_asked_in_one_statement(client: Client) -> None:
    run = await operations.save_id(client)
    for seed in range(3):
        await save_id(client, run, sweep(noise(4, seed=seed), DAYS))
    question = f'{{ backtest(id: "{run}") {{ optimizations {{ nodes {{ overfitting(blocks: 4) {{ pbo }} }} }} }} }}'
    first = await client.ask(question)
    with counted_statements() as statements:
        assert await client.ask(question) == first
    assert len(statements) == 3


def _one(values: Any, times: Any = None) -> dict[str, Any]:
    return {"parameters": {}, "returns": {"values": values} | ({} if times is None else {"times": times})}


ROW = noise(1)[0].tolist()


@pytest.mark.parametrize(
    ("trials", "reason", "counts"),
    [
        ([], "NO_RETURNS", (0, 0, 0)),
        ([{"parameters": {}}] * 3, "NO_RETURNS", (0, 3, 0)),
        ([_one(ROW, DAYS), {"parameters": {}}], "TOO_FEW_TRIALS", (1, 1, 0)),
        ([_one(ROW[:9], DAYS[:9]), _one(ROW[9:18], DAYS[9:18])], "NO_COMMON_TIMES", (2, 0, 18)),
        ([_one(ROW[:7]), _one(ROW[7:14])], "TOO_SHORT", (2, 0, 7)),
        ([_one(ROW), _one([None] * 60 + ROW[:4])], "NON_FINITE", (2, 0, 64)),
    ],
)
async def test_where_it_says_nothing_it_says_why(client: Client, trials: Any, reason: str, counts: Any) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, trials)
    for found in [await overfitting(client, id), await overfitting(client, id)]:
        assert found["reason"] == reason
        assert [found[name] for name in ("pbo", "probabilityOfLoss", "slope", "logits")] == [None] * 4
        assert (found["trials"], found["missing"], found["droppedObservations"]) == counts
        assert found["observations"] == 0


async def test_rows_that_are_not_common_are_counted(client: Client) -> None:
    run = await operations.save_id(client)
    short = [*ROW[:10], None, *ROW[11:63]]
    id = await save_id(client, run, [_one(ROW, DAYS), _one(short, DAYS[:63]), {"parameters": {}}])
    found = await overfitting(client, id)
    assert (found["observations"], found["droppedObservations"], found["missing"]) == (56, 8, 1)


@pytest.mark.parametrize("blocks", [-2, 0, 1, 3, 22, 2**31 - 1])
async def test_blocks_that_make_no_halves_are_refused(client: Client, blocks: int) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, [])
    question = f'{{ node(id: "{id}") {{ ... on Optimization {{ overfitting(blocks: {blocks}) {{ pbo }} }} }} }}'
    [error] = await client.refuse(question)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_more_scores_than_can_be_computed_are_refused(client: Client) -> None:
    run = await operations.save_id(client)
    id = await save_id(client, run, sweep(noise(300, 40)))
    question = f'{{ node(id: "{id}") {{ ... on Optimization {{ overfitting(blocks: 20) {{ pbo }} }} }} }}'
    [error] = await client.refuse(question)
    assert "fewer blocks" in error["message"]
    assert (await overfitting(client, id, 10))["reason"] is None


async def test_the_demo_says_what_can_be_said_without_returns(client: Client, database: Database) -> None:
    await load_demo(database, lambda _: None)
    ids = [str(row["id"]) for row in await database.fetch(select(optimizations.c.id))]
    assert len(ids) == 5
    of_run = "backtest { parameters computed { sharpeRatio } }"
    fields = f"{of_run} best {{ sharpeRatio parameters }} overfitting {{ reason {BEST} }}"
    for each in [await ask(client, id, fields) for id in ids]:
        run, best = each["backtest"], each["overfitting"]["deflation"]
        assert each["overfitting"]["reason"] == "NO_RETURNS"
        is_same = each["best"]["parameters"].items() <= run["parameters"].items()
        assert best["basis"] == ("RUN" if is_same else "NORMAL")
        assert 0 < best["deflatedSharpeRatio"] < 1
        assert best["periodsPerYear"] == 252
        annual = best["perPeriodSharpeRatio"] * math.sqrt(252)
        assert annual < 0.84 * each["best"]["sharpeRatio"], "vectorbt annualises trading days by sqrt(365)"
        if is_same:
            assert annual == pytest.approx(run["computed"]["sharpeRatio"])
