"""Filters over changes: of runs that are there, that were changed, and that are gone."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select, text, update

from resolvers.changes import ChangeKind, note_changes, noted_deletion
from resolvers.conditions import backtest_condition
from resolvers.filters import read_backtest_filter
from resolvers.live.looks import Change, find_changes, find_matches, find_moment
from resolvers.store.database import Database
from resolvers.store.tables import backtest_changes, backtests
from tests.random_runs import Runs, random_runs, store_runs

NOW = 1_763_000_000_000_000
FILTERS: list[Mapping[str, Any]] = [
    {},
    {"symbol": {"in": ["GOOG", "ÆØÅ"]}},
    {"symbol": {"eq": "goog", "case_sensitive": False}},
    {"strategy": {"starts_with": "s"}, "status": {"eq": "COMPLETED"}},
    {"metrics": {"sharpe_ratio": {"gte": 0.0}}},
    {"metrics": {"total_return": {"in": [0.1 + 0.2, 5e-324, -0.0, 1e-300]}}},
    {"metrics": {"total_trades": {"lt": 10}, "max_drawdown": {"is_null": True}}},
    {"metrics": {"basis": "COMPUTED", "sharpe_ratio": {"gte": 0.0}, "total_trades": {"lt": 20}}},
    {"metrics": {"probabilistic_sharpe": {"gte": 0.5}}},
    {"metrics": {"deflated_sharpe": {"gte": 0.5}}},
    {"not": {"metrics": {"deflated_sharpe": {"is_null": False}}}},
    {"not": {"engine": {"eq": "vectorbt"}}},
    {"or": [{"engine": {"is_null": True}}, {"created_at": {"gt": NOW - 100 * 86_400_000_000}}]},
    {"tags": {"has_any": ["a,b", '"']}},
    {"tags": {"has_none": ["{}"]}},
    {"parameters": [{"name": "risk.stop", "number": {"lte": 0.05}}]},
    {"parameters": [{"name": "fast", "exists": True}]},
    {"start_date": {"gte": "2021-01-01"}, "end_date": {"lt": "2023-06-01"}},
]


@pytest.fixture(scope="module")
def runs() -> Runs:
    found = random_runs(300, until=NOW)
    for index, run in enumerate(found):
        run["tags"] = [["a,b"], ['"', "{}"], [], ["\\", "é"]][index % 4]
        run["parameters"] = [{"risk": {"stop": 0.1 * index}}, {"fast": None}, {}, {"risk.stop": 0.01}][index % 4]
        run["content_hash"] = bytes([index % 256, 0, 255])
        run["notes"] = "\\x41 {null} 'x' \"y\""
    return found


@pytest.mark.parametrize("conditions", FILTERS, ids=str)
async def test_a_run_that_was_deleted_matches_as_it_did_before(
    database: Database, runs: Runs, conditions: Mapping[str, Any]
) -> None:
    conditions = _with_dates(conditions)
    await store_runs(database, runs)
    expected = {row["id"] for row in await database.fetch(select(backtests.c.id).where(backtest_condition(conditions)))}
    async with database.transaction() as transaction:
        before = await find_moment(transaction)
    async with database.transaction() as transaction:
        await transaction.fetch(noted_deletion(delete(backtests)))
    async with database.transaction() as transaction:
        changes = await find_changes(transaction, before)
        matches = await find_matches(transaction, changes, read_backtest_filter(conditions))
    assert {change.kind for change in changes} == {ChangeKind.DELETED}
    assert len(changes) == len(runs)
    assert {change.backtest_id for change in matches} == expected


def _with_dates(conditions: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: {op: date.fromisoformat(value) for op, value in asked.items()} if name.endswith("_date") else asked
        for name, asked in conditions.items()
    }


async def test_a_deleted_row_comes_back_as_it_was(database: Database, runs: Runs) -> None:
    await store_runs(database, runs)
    await database.fetch(text("CREATE TABLE IF NOT EXISTS kept_runs AS SELECT * FROM backtests"))
    try:
        async with database.transaction() as transaction:
            await transaction.fetch(noted_deletion(delete(backtests)))
        rows = await database.fetch(
            text(
                "SELECT count(DISTINCT kept_runs.id) AS runs, bool_and(kept_runs = run) AS are_equal "
                "FROM kept_runs JOIN backtest_changes ON backtest_id = id, "
                "jsonb_populate_record(NULL::backtests, deleted_run) AS run"
            )
        )
        assert dict(rows[0]) == {"runs": len(runs), "are_equal": True}
    finally:
        await database.fetch(text("DROP TABLE kept_runs"))


async def test_a_run_that_no_longer_matches_after_a_change_is_not_told(database: Database, runs: Runs) -> None:
    await store_runs(database, runs)
    id: UUID = runs[0]["id"]
    async with database.transaction() as transaction:
        before = await find_moment(transaction)
    async with database.transaction() as transaction:
        await transaction.fetch(update(backtests).where(backtests.c.id == id).values(symbol="NEW").returning(text("1")))
        await note_changes(transaction, ChangeKind.UPDATED, [id])
    assert await told(database, before, {"symbol": {"eq": runs[0]["symbol"]}}) == []
    assert await told(database, before, {"symbol": {"eq": "NEW"}}) == [(ChangeKind.UPDATED, id)]


async def test_a_run_that_was_saved_and_deleted_at_once_is_told_as_both_or_not_at_all(
    database: Database, runs: Runs
) -> None:
    await store_runs(database, runs)
    id: UUID = runs[0]["id"]
    async with database.transaction() as transaction:
        before = await find_moment(transaction)
    async with database.transaction() as transaction:
        await note_changes(transaction, ChangeKind.SAVED, [id])
    async with database.transaction() as transaction:
        await transaction.fetch(noted_deletion(delete(backtests).where(backtests.c.id == id)))
    both = [(ChangeKind.SAVED, id), (ChangeKind.DELETED, id)]
    assert await told(database, before, {"symbol": {"eq": runs[0]["symbol"]}}) == both
    assert await told(database, before, {"symbol": {"eq": "OTHER"}}) == []


async def told(database: Database, since: Any, conditions: Mapping[str, Any]) -> list[tuple[ChangeKind, UUID]]:
    async with database.transaction() as transaction:
        changes = await find_changes(transaction, since)
        matches: list[Change] = await find_matches(transaction, changes, read_backtest_filter(conditions))
    return [(change.kind, change.backtest_id) for change in matches]


async def test_one_change_of_a_run_in_a_transaction_is_noted(database: Database) -> None:
    id = uuid4()
    async with database.transaction() as transaction:
        await note_changes(transaction, ChangeKind.SAVED, [id])
        await note_changes(transaction, ChangeKind.UPDATED, [id])
    question = select(backtest_changes.c.kind).where(backtest_changes.c.backtest_id == id)
    assert [row["kind"] for row in await database.fetch(question)] == ["SAVED"]
