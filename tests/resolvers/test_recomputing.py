"""Runs that were stored before anything was computed become what they would be if they were saved now."""

import asyncio
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import delete, func, select, text, update

from api.demo import load_demo
from resolvers import recomputing
from resolvers.backtest_changes import delete_backtest, delete_backtests, save_backtests
from resolvers.deflation import refresh_deflated
from resolvers.importers.drafts import BacktestDraft, OptimizationDraft, SeriesDraft, TrialDraft
from resolvers.importers.numbers import take_numbers
from resolvers.optimization_changes import save_optimization
from resolvers.recomputing import count_runs, has_runs_of_before, recompute_next
from resolvers.statistics.calendars import DAY
from resolvers.store.database import Database
from resolvers.store.metrics import COMPUTED, METRICS, computed_column
from resolvers.store.tables import backtest_changes, backtests, trial_ledger
from tests.resolvers.test_computing import made_trades

STATE = dict[Any, dict[str, Any]]


async def recompute(database: Database, *, everything: bool = False) -> int:
    done, last = 0, None
    while batch := await recompute_next(database, last, everything=everything):
        done, last = done + batch.runs, batch.last
    return done


async def runs_of(database: Database) -> STATE:
    return {row["id"]: dict(row) for row in await database.fetch(select(backtests))}


async def ledger_of(database: Database) -> STATE:
    rows = await database.fetch(select(trial_ledger))
    return {row["part"]: {name: value for name, value in row.items() if name != "counted_at"} for row in rows}


async def forget(database: Database) -> None:
    """Leave the tables as they were before anything was computed."""
    columns = [*(computed_column(each.name) for each in COMPUTED), "periods_per_year", "frequency", "observations"]
    columns += ["skewness", "kurtosis", "probabilistic_sharpe_ratio", "computation"]
    filled: dict[str, Any] = {
        each.name: text(f"CASE WHEN '{each.name}' = ANY(metrics_filled) THEN NULL ELSE {each.name} END")
        for each in METRICS
        if not each.is_count
    }
    nothing: dict[str, Any] = {**dict.fromkeys(columns), "undefined": {}, "metrics_filled": []}
    async with database.transaction() as transaction:
        await transaction.fetch(update(backtests).values(**nothing, **filled).returning(backtests.c.id))
        await transaction.fetch(delete(trial_ledger))
        await transaction.fetch(delete(backtest_changes))


@pytest.fixture
async def fresh(database: Database) -> Database:
    async with database.transaction() as transaction:
        await transaction.fetch(delete(trial_ledger))
    return database


def walk(points: int, seed: int) -> SeriesDraft:
    returns = np.random.default_rng(seed).normal(0.001, 0.01, points)
    return SeriesDraft(times=np.arange(points) * DAY, values=take_numbers((100 * np.cumprod(1 + returns)).tolist()))


def draft(seed: int = 1, **fields: Any) -> BacktestDraft:
    days = {"start_date": date(1970, 1, 1), "end_date": date(1980, 1, 1)}
    counts = {"total_trades": 2, "winning_trades": 1, "losing_trades": 1, "win_rate": 0.5}
    plain: dict[str, Any] = {"equity_curve": walk(30, seed), "metrics": counts, **days}
    return BacktestDraft(symbol="GOOG", strategy="x", **plain | fields)


async def save(database: Database, *drafts: BacktestDraft) -> list[UUID]:
    return [outcome.id for outcome in await save_backtests(database, drafts) if outcome.id]


async def test_stored_runs_become_what_they_are_if_they_are_saved_now(fresh: Database) -> None:
    await load_demo(fresh, lambda _: None)
    await save(
        fresh,
        draft(trades=made_trades([5.0, -2.0], [True, True])),
        draft(trades=made_trades([0.1, -0.2], [True, True], "pnl_percent"), study="a study"),
        draft(equity_curve=None),
        draft(equity_curve=None, metrics={"sharpe_ratio": 1.5}),
        draft(equity_curve=walk(1, 1), drawdown_curve=walk(3, 1)),
        draft(status="FAILED", metrics={"total_return": 0.5, "beta": 1.0, "profit_factor": 0.0}),
    )
    runs, ledger = await runs_of(fresh), await ledger_of(fresh)
    assert (len(runs), len(ledger)) == (95, 100)
    await forget(fresh)
    assert await has_runs_of_before(fresh)
    assert await count_runs(fresh, everything=False) == 95

    assert await recompute(fresh) == 95
    assert await runs_of(fresh) == runs
    assert await ledger_of(fresh) == ledger
    assert not await has_runs_of_before(fresh)
    assert await fresh.fetch(select(backtest_changes)) == []

    assert await recompute(fresh) == 0
    assert await recompute(fresh, everything=True) == 95
    assert (await runs_of(fresh), await ledger_of(fresh)) == (runs, ledger)


async def test_what_was_given_stays_when_a_computed_run_is_computed_anew(fresh: Database) -> None:
    infinite = {"profit_factor": float("inf"), "sharpe_ratio": float("nan"), "alpha": float("nan")}
    await save(
        fresh,
        draft(metrics=infinite, periods_per_year=365.25, frequency="daily"),
        draft(metrics=infinite, equity_curve=None, periods_per_year=100.0),
        draft(metrics={}, trades=made_trades([5.0, -2.0, 7.0], [True, True, False])),
        draft(metrics={}, trades=made_trades([5.0, float("nan")], [True, True])),
        draft(metrics={}, trades=made_trades([], [])),
    )
    before = await runs_of(fresh), await ledger_of(fresh)
    assert await recompute(fresh, everything=True) == 5
    assert (await runs_of(fresh), await ledger_of(fresh)) == before


async def test_a_calendar_that_was_not_given_is_told_from_the_times_anew(fresh: Database) -> None:
    await save(fresh, draft(1), draft(2, periods_per_year=100.0), draft(3, frequency="daily"))
    before = await runs_of(fresh), await ledger_of(fresh)
    async with fresh.transaction() as transaction:
        of_others = {"periods_per_year": 5.0, "frequency": "by other formulas", "computation": 0}
        await transaction.fetch(update(backtests).values(**of_others).returning(backtests.c.id))
    assert await recompute(fresh) == 3
    assert (await runs_of(fresh), await ledger_of(fresh)) == before


async def test_a_count_of_before_stays_as_it_is(fresh: Database) -> None:
    [id] = await save(
        fresh, draft(metrics={"total_trades": 3}, trades=made_trades([5.0, -2.0, 7.0], [True] * 2 + [False]))
    )
    await forget(fresh)
    await recompute(fresh)
    run = (await runs_of(fresh))[id]
    assert (run["total_trades"], run["computed_total_trades"]) == (3, 2)
    assert not {"total_trades", "winning_trades", "losing_trades"} & set(run["metrics_filled"])


async def test_a_metric_that_other_formulas_filled_is_undefined_where_these_do_not(fresh: Database) -> None:
    [id] = await save(fresh, draft(equity_curve=None))
    of_others = {"sharpe_ratio": 3.0, "total_trades": 9, "metrics_filled": ["sharpe_ratio", "total_trades"]}
    async with fresh.transaction() as transaction:
        changed = update(backtests).values(**of_others, computation=0)
        await transaction.fetch(changed.returning(backtests.c.id))
    assert await recompute(fresh) == 1
    run = (await runs_of(fresh))[id]
    assert (run["sharpe_ratio"], run["total_trades"], run["metrics_filled"]) == (None, 0, [])


async def test_the_ledger_follows_other_figures_and_counts_nothing_twice(fresh: Database) -> None:
    [id] = await save(fresh, draft())
    returns = SeriesDraft(times=None, values=take_numbers([0.01, -0.02, 0.03, 0.01]))
    trials = [TrialDraft(parameters={"n": n}, sharpe_ratio=float(n)) for n in range(3)]
    trials.append(TrialDraft(parameters={"n": 3}, returns=returns))
    await save_optimization(fresh, id, OptimizationDraft(trials=trials, combinations_tested=10))
    counted = await ledger_of(fresh)
    async with fresh.transaction() as transaction:
        wrong = update(trial_ledger).values(sharpe_ratio=99.0, periods_per_year=None, is_deflated=True)
        await transaction.fetch(wrong.returning(trial_ledger.c.part))
    await recompute(fresh, everything=True)
    assert await ledger_of(fresh) == counted


async def test_batches_end_where_their_curves_are_many(fresh: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await save(fresh, *(draft(seed) for seed in range(7)))
    await forget(fresh)
    monkeypatch.setattr(recomputing, "MOST_VALUES", 70)
    batch = await recompute_next(fresh, None, everything=False)
    assert batch is not None
    assert (batch.runs, batch.last) == (2, sorted(ids)[1])
    monkeypatch.setattr(recomputing, "MOST_VALUES", 5)
    batch = await recompute_next(fresh, batch.last, everything=False)
    assert batch is not None
    assert batch.runs == 1
    assert await recompute(fresh) == 4


async def test_two_that_compute_beside_saves_and_deletions_leave_nothing_out(fresh: Database) -> None:
    ids = await save(fresh, *(draft(seed) for seed in range(40)))
    expected: Mapping[Any, Any] = await runs_of(fresh)
    await forget(fresh)
    work: list[Any] = [recompute(fresh), recompute(fresh), save(fresh, draft(99)), delete_backtest(fresh, ids[-1])]
    first, second, *_ = await asyncio.gather(*work)
    runs = await runs_of(fresh)
    assert {id: runs[id] for id in ids[:-1]} == {id: expected[id] for id in ids[:-1]}
    assert len(runs) == 40
    assert 39 <= first + second <= 80
    waiting = select(func.count().label("runs")).where(backtests.c.computation.is_(None))
    assert (await fresh.fetch(waiting))[0]["runs"] == 0


async def until_waiting(database: Database, count: int) -> None:
    """Wait until so many statements wait for a row that somebody else holds."""
    waiting = text("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
    async with asyncio.timeout(30):
        while (await database.fetch(waiting))[0]["n"] < count:  # noqa: ASYNC110 - a row tells nobody
            await asyncio.sleep(0.01)


async def test_runs_that_are_deleted_meanwhile_end_nobody_in_a_deadlock(fresh: Database) -> None:
    first, _ = await save(fresh, draft(1, tags=["gone"]), draft(2, tags=["gone"]))
    async with fresh.transaction() as transaction:  # so that it lies behind the second one, and is found later
        moved = update(backtests).where(backtests.c.id == first).values(notes="moved")
        await transaction.fetch(moved.returning(backtests.c.id))
    async with fresh.transaction() as transaction:
        await transaction.fetch(select(backtests.c.id).where(backtests.c.id == first).with_for_update())
        computing = asyncio.ensure_future(recompute(fresh, everything=True))
        await until_waiting(fresh, 1)
        deleting = asyncio.ensure_future(delete_backtests(fresh, {"tags": {"has_any": ["gone"]}}, 2))
        await until_waiting(fresh, 2)
    assert await computing == 2
    assert (await deleting)[1] is None


async def test_what_is_known_of_a_run_that_is_deleted_meanwhile_stays(fresh: Database) -> None:
    ids = await save(fresh, draft(1), draft(2))
    await refresh_deflated(fresh)
    before = await ledger_of(fresh)
    async with fresh.transaction() as transaction:
        await transaction.fetch(delete(backtests).where(backtests.c.id == ids[0]).returning(backtests.c.id))
        computing = asyncio.ensure_future(recompute(fresh, everything=True))
        await until_waiting(fresh, 1)
    assert await computing == 1
    assert (await ledger_of(fresh))[ids[0]] == before[ids[0]]
