"""The ledger of trials: what is tried is counted once, whichever way it is saved, and never forgotten."""

import asyncio
import lzma
import math
from collections import Counter, defaultdict
from collections.abc import Awaitable
from statistics import mean, variance
from typing import Any
from uuid import uuid4

import numpy as np
import orjson
import pytest
from sqlalchemy import delete, select, text

from api.demo import DOCUMENTS, load_demo
from resolvers.deflation import refresh_deflated
from resolvers.store.database import Database
from resolvers.store.tables import backtests, deflated_sharpe_ratios, trial_ledger
from tests.client import Client
from tests.operations import IMPORT, RUN, SAVE, SAVE_MANY, save, save_id
from tests.samples import real_documents
from tests.trial_runs import noise

OPTIMIZE = """mutation($input: SaveOptimizationInput!) {
  saveOptimization(input: $input) { optimization { id } created errors { code } }
}"""
TRIALS = """query($strategy: String, $symbol: String, $study: String) {
  family(strategy: $strategy, symbol: $symbol, study: $study) {
    trials recordedTrials storedBacktests averageSharpe varianceOfSharpes periodsPerYear
  }
}"""
LARGEST = 2**31 - 1


async def family(client: Client, **words: Any) -> Any:
    return (await client.ask(TRIALS, **(words or {"strategy": RUN["strategy"], "symbol": RUN["symbol"]})))["family"]


async def count(client: Client, **words: Any) -> float:
    found = await family(client, **words)
    return 0 if found is None else float(found["trials"])


async def optimize(client: Client, backtest_id: str, **fields: Any) -> Any:
    given = {"backtestId": backtest_id, "trials": []} | fields
    return (await client.ask(OPTIMIZE, input=given))["saveOptimization"]


async def delete_all(database: Database) -> None:
    async with database.transaction() as transaction:
        await transaction.fetch(delete(backtests))


async def test_a_save_that_is_repeated_counts_once(client: Client) -> None:
    id = str(uuid4())
    for _ in range(3):
        await save_id(client, id=id, **noise(1))
    await client.ask(SAVE_MANY, inputs=[RUN | noise(1) | {"id": id}] * 2)
    assert await count(client) == 1


async def test_a_document_that_is_imported_twice_counts_once(client: Client) -> None:
    document = real_documents("BACKTEST")[0]
    for _ in range(2):
        await client.ask(IMPORT, input={"document": document})
    assert await count(client, strategy=document["strategy"], symbol=document["symbol"]) == 1


async def test_what_was_deleted_and_comes_back_counts_once_and_other_content_again(
    client: Client, database: Database
) -> None:
    id, sweep = str(uuid4()), str(uuid4())
    for _ in range(2):
        await save_id(client, id=id, **noise(1))
        await optimize(client, id, id=sweep, combinationsTested=10)
        await delete_all(database)
    assert await count(client) == 11
    await save_id(client, id=id, **noise(2))
    assert await count(client) == 12


async def test_what_was_deleted_and_comes_back_in_a_study_counts_there_and_stays_counted(client: Client) -> None:
    document = real_documents("BACKTEST")[0]
    words = {"strategy": document["strategy"], "symbol": document["symbol"]}
    sweep = str(uuid4())
    for study in (None, "spring", "spring"):
        imported = (await client.ask(IMPORT, input={"document": document, "study": study}))["importBacktest"]
        id = imported["backtest"]["id"]
        await optimize(client, id, id=sweep, combinationsTested=10)
        await client.ask(DELETE, id=id)
    assert (await count(client, **words), await count(client, study="spring")) == (11, 11)
    await client.ask(IMPORT, input={"document": document, "study": "spring"})
    stored = [(await family(client, **asked))["storedBacktests"] for asked in (words, {"study": "spring"})]
    assert stored == [0, 1]
    [run] = (await client.ask("{ backtests { nodes { luck { deflation { trials } } family { study trials } } } }"))[
        "backtests"
    ]["nodes"]
    assert run == {"luck": {"deflation": {"trials": 11}}, "family": {"study": "spring", "trials": 11}}


DELETE = "mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId } }"


async def test_a_document_that_is_imported_again_for_another_study_stays_where_it_is(client: Client) -> None:
    document = real_documents("BACKTEST")[0]
    await client.ask(IMPORT, input={"document": document, "study": "spring"})
    again = (await client.ask(IMPORT, input={"document": document, "study": "autumn"}))["importBacktest"]
    assert (again["created"], again["errors"]) == (False, [])
    assert "its study" in again["warnings"][0]["message"]
    assert (await count(client, study="spring"), await count(client, study="autumn")) == (1, 0)


async def test_a_save_that_is_refused_counts_nothing(client: Client) -> None:
    id = await save_id(client, id=str(uuid4()), **noise(1))
    assert (await save(client, id=id, **noise(2)))["errors"][0]["code"] == "CONFLICT"
    assert (await save(client, endDate="1999-01-01"))["errors"]
    sweep = (await optimize(client, id, combinationsTested=5))["optimization"]["id"]
    assert (await optimize(client, id, id=sweep, combinationsTested=7))["errors"]
    assert (await optimize(client, id, combinationsTested=-1))["errors"]
    assert (await optimize(client, str(uuid4()), combinationsTested=7))["errors"]
    assert await count(client) == 6


async def test_runs_count_whatever_became_of_them(client: Client) -> None:
    for status in ("COMPLETED", "FAILED", "IN_PROGRESS"):
        await save_id(client, status=status)
    assert await count(client) == 3


async def test_an_optimization_counts_all_that_it_tried(client: Client) -> None:
    id = await save_id(client)
    trials = [{"parameters": {"n": n}, "sharpeRatio": n / 10} for n in range(1, 4)]
    await optimize(client, id, combinationsTested=500, trials=[*trials, {"parameters": {"n": 9}}])
    found = await family(client)
    assert (found["trials"], found["recordedTrials"]) == (501, 3)
    assert found["averageSharpe"] == pytest.approx(0.2)


async def test_more_trials_than_an_int_holds_are_counted_exactly(client: Client) -> None:
    id = await save_id(client)
    for _ in range(3):
        await optimize(client, id, combinationsTested=LARGEST)
    assert await count(client) == 3 * LARGEST + 1


async def test_an_optimization_belongs_to_the_study_of_its_run(client: Client) -> None:
    id = await save_id(client, study="spring")
    await optimize(client, id, combinationsTested=40)
    assert await count(client, study="spring") == 41
    assert await count(client) == 0


async def test_absurd_sharpe_ratios_are_not_recorded(client: Client) -> None:
    id = await save_id(client, metrics={"sharpeRatio": 1e308})
    trials = [{"parameters": {}, "sharpeRatio": sharpe} for sharpe in (1e308, -1e308, 1e99, 1.0, 2.0, 3.0)]
    payload = await optimize(client, id, trials=trials)
    assert payload["errors"] == []
    found = await family(client)
    assert (found["trials"], found["recordedTrials"]) == (7, 4)


async def test_the_objective_is_the_sharpe_ratio_of_trials_that_say_no_other(client: Client) -> None:
    id = await save_id(client)
    values = [{"parameters": {}, "objectiveValue": value} for value in (1.0, 3.0)]
    await optimize(client, id, objective="Sharpe Ratio", trials=[*values, {"parameters": {}, "sharpeRatio": 5.0}])
    await optimize(client, id, objective="total_return", trials=values)
    found = await family(client)
    assert (found["trials"], found["recordedTrials"], found["averageSharpe"]) == (6, 3, 3.0)


@pytest.mark.parametrize("periods", [365, 252, 1])
async def test_trials_are_brought_to_the_basis_on_which_their_run_is_computed(client: Client, periods: int) -> None:
    values = np.array(noise(1)["equityCurve"]["values"])
    returns = values[1:] / values[:-1] - 1
    ratio = float(returns.mean() / returns.std(ddof=1))
    id = await save_id(client, **noise(1, metrics={"sharpeRatio": ratio * math.sqrt(periods)}))
    trials = [{"parameters": {}, "sharpeRatio": each * math.sqrt(periods)} for each in (0.1, 0.2)]
    await optimize(client, id, trials=trials)
    found = await family(client)
    assert found["averageSharpe"] == pytest.approx(mean([ratio, 0.1, 0.2]) * math.sqrt(252))
    assert found["varianceOfSharpes"] == pytest.approx(variance([ratio, 0.1, 0.2]))


async def test_trials_stay_as_reported_where_nothing_tells_their_basis(client: Client) -> None:
    id = await save_id(client, **noise(1, metrics={"sharpeRatio": 7.77}))
    other = await save_id(client, **noise(2))
    await optimize(client, id, trials=[{"parameters": {}, "sharpeRatio": 1.5}])
    await optimize(client, other, trials=[{"parameters": {}, "sharpeRatio": 1.5}])
    runs = [run["luck"]["sharpeRatio"] for run in (await client.ask(SHARPES))["backtests"]["nodes"]]
    assert (await family(client))["averageSharpe"] == pytest.approx(mean([*runs, 1.5, 1.5]))


SHARPES = "{ backtests { nodes { luck { sharpeRatio } } } }"


async def test_the_demo_counts_each_run_and_each_combination_of_its_sweeps(client: Client, database: Database) -> None:
    """vectorbt takes 365 trading days a year; brought to 252, its sweeps say the same as the curves of their runs."""
    await load_demo(database, lambda _: None)
    sharpes, combinations = defaultdict(list), Counter[str]()
    for document in _demo():
        if "equity_curve" in document:
            values = np.array(list(document["equity_curve"].values()))
            returns = values[1:] / values[:-1] - 1
            sharpes[document["strategy"]].append(float(returns.mean() / returns.std(ddof=1)))
        elif "top_results" in document:
            combinations[document["strategy"]] += document["total_combinations_tested"]
    assert sum(map(len, sharpes.values())) == combinations.total() == 89
    for strategy, own in sharpes.items():
        twice = own * 2
        assert await family(client, strategy=strategy, symbol="GOOG") == {
            "trials": len(own) + combinations[strategy],
            "recordedTrials": len(twice),
            "storedBacktests": len(own),
            "periodsPerYear": 252,
            "averageSharpe": pytest.approx(mean(twice) * math.sqrt(252), rel=1e-9),
            "varianceOfSharpes": pytest.approx(variance(twice), rel=1e-9),
        }


def _demo() -> list[dict[str, Any]]:
    with lzma.open(DOCUMENTS) as lines:
        return [orjson.loads(line) for line in lines]


async def test_a_thousand_saves_at_once_count_a_thousand(client: Client, database: Database) -> None:
    """Saved alone, together and by import, each twice at once; meanwhile runs are deleted and figures brought up."""
    document = real_documents("BACKTEST")[0] | {"trades": []}
    asked: list[Awaitable[Any]] = []
    for number in range(400):
        given = RUN | {"id": str(uuid4()), "metrics": {"sharpeRatio": number / 400}}
        asked += [client.ask(SAVE, input=given), client.ask(SAVE, input=given)]
    for _ in range(20):
        inputs = [RUN | {"id": str(uuid4())} for _ in range(20)]
        asked += [client.ask(SAVE_MANY, inputs=inputs), client.ask(SAVE_MANY, inputs=inputs[::-1])]
    for number in range(200):
        imported = document | {"strategy": RUN["strategy"], "symbol": RUN["symbol"]} | {"parameters": {"n": number}}
        asked += [client.ask(IMPORT, input={"document": imported}) for _ in range(2)]
    done = asyncio.Event()
    disturbing = asyncio.ensure_future(_disturb(database, done))
    answers = await asyncio.gather(*asked)
    done.set()
    await disturbing
    payloads = [next(iter(answer.values())) for answer in answers]
    assert [payload["errors"] for payload in payloads if payload["errors"]] == []
    assert await count(client) == 1000
    await refresh_deflated(database)
    runs = await database.fetch(select(backtests.c.id).where(backtests.c.computed_sharpe_ratio.is_not(None)))
    kept = await database.fetch(select(deflated_sharpe_ratios.c.backtest_id))
    assert {row["id"] for row in runs} == {row["backtest_id"] for row in kept}
    assert not await database.fetch(select(trial_ledger.c.part).where(~trial_ledger.c.is_deflated))


async def _disturb(database: Database, done: asyncio.Event) -> None:
    """Bring figures up to date and delete some runs, again and again."""
    while not done.is_set():
        await refresh_deflated(database)
        async with database.transaction() as transaction:
            await transaction.fetch(text("DELETE FROM backtests WHERE get_byte(uuid_send(id), 15) < 16"))
        await asyncio.sleep(0.01)
