"""What a client varies is bound: other values are no other statement, and only what is asked for is selected."""

import random
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import update

from resolvers import page_statements
from resolvers.backtest_lists import list_backtests
from resolvers.backtests import load_backtests
from resolvers.filters import read_backtest_filter
from resolvers.optimizations import load_optimizations, load_trials
from resolvers.pages import Page, Wanted
from resolvers.paging import PageRequest
from resolvers.rankings import rank_backtests
from resolvers.saving import now
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.tables import backtests, trades
from resolvers.trades import load_trade_pages, load_trades
from resolvers.walk_forward import load_walk_forward_tests
from tests.random_runs import random_runs, store_runs
from tests.statements import counted_statements

RUNS = random_runs(60, until=now())
SAID = "zebra"
"""A text that no statement holds unless a value was written into it."""


@pytest.fixture(scope="module", autouse=True)
async def rows(shared_database: Database) -> None:
    await store_runs(shared_database, RUNS)
    times = {"entry_time": RUNS[0]["created_at"], "exit_time": None}
    async with shared_database.transaction() as transaction:
        for run in RUNS[:3]:
            columns = ("backtest_id", "number", "direction", "entry_price", *times, "other_metrics")
            records = [(run["id"], number, "LONG", 1.5, *times.values(), {}) for number in range(1, 6)]
            await transaction.copy(trades, columns, records)
        await transaction.fetch(update(backtests).where(backtests.c.id == RUNS[3]["id"]).values(tags=[SAID]))


async def newest(
    database: Database, conditions: Any, request: PageRequest | None = None, wanted: Wanted | None = None
) -> Page:
    return await list_backtests(
        database, conditions=conditions, order=(), request=request or PageRequest(5), wanted=wanted or Wanted()
    )


def any_filter(dice: random.Random, operators: Sequence[str]) -> dict[str, Any]:
    """Return a filter that always asks the same of other values."""
    word, figure = f"{SAID}{dice.random()}", dice.uniform(-3, 3)
    return {
        "symbol": dict.fromkeys(operators, word),
        "strategy": {"in": [f"{SAID}{index}" for index in range(dice.randrange(5))], "case_sensitive": False},
        "id": {"not_in": [str(UUID(int=dice.getrandbits(128))) for _ in range(dice.randrange(5))]},
        "created_at": {"gte": dice.getrandbits(40), "lt": dice.getrandbits(50)},
        "metrics": {"sharpe_ratio": {"gt": figure}, "total_trades": {"lte": dice.randrange(100), "is_null": False}},
        "tags": {"has_none": [word] * dice.randrange(1, 4)},
        "not": {"parameters": [{"name": word.replace(".", "x"), "number": {"eq": figure}}]},
        "or": [
            {"parameters": [{"name": f"{word}.deep", "string": {"eq": word}}]},
            {"parameters": [{"name": "a", "boolean": dice.random() < 0.5}]},
        ],
    }


async def test_a_filter_with_other_values_is_no_other_statement(shared_database: Database) -> None:
    dice = random.Random(7)
    await newest(shared_database, any_filter(dice, ["eq", "contains"]))
    written = page_statements.page.written
    with counted_statements() as statements:
        for limit in range(20):
            conditions = any_filter(dice, ["eq", "contains"])
            await newest(shared_database, conditions, PageRequest(limit), Wanted(total_count=False))
    assert page_statements.page.written == written
    assert len(set(statements)) == 1
    assert SAID not in statements[0]


async def test_cursors_limits_and_ids_are_values(shared_database: Database) -> None:
    wanted = Wanted(total_count=True, other_side=True)
    cursors = (await newest(shared_database, {}, PageRequest(20), wanted)).cursors
    await newest(shared_database, {}, PageRequest(1, after=cursors[0]), wanted)
    with counted_statements() as statements:
        for limit, cursor in enumerate(cursors):
            await newest(shared_database, {}, PageRequest(limit, after=cursor), wanted)
        assert len(set(statements)) == 1
        for count in (2, 3, 5):
            await load_backtests(shared_database, [run["id"] for run in RUNS[:count]])
    assert len(set(statements)) == 2


async def test_a_cursor_with_a_null_is_a_shape_of_its_own(shared_database: Database) -> None:
    asked: dict[str, Any] = {"conditions": {}, "order": [("beta", False)], "wanted": Wanted()}
    page = await list_backtests(shared_database, request=PageRequest(60), **asked)
    known, unknown = (
        [cursor for cursor, row in zip(page.cursors, page.rows, strict=True) if (row["beta"] is None) is is_null]
        for is_null in (False, True)
    )
    assert len(unknown) > 2
    with counted_statements() as statements:
        for cursor in (*known, *unknown):
            await list_backtests(shared_database, request=PageRequest(1, after=cursor), **asked)
    assert len(set(statements)) == 2


async def test_a_ranking_of_others_is_no_other_statement(shared_database: Database) -> None:
    asked: dict[str, Any] = {"by": "sharpe_ratio", "wanted": Wanted()}
    with counted_statements() as statements:
        for least in range(5):
            conditions = {"symbol": {"eq": f"{SAID}{least}"}}
            await rank_backtests(
                shared_database, conditions=conditions, min_trades=least, request=PageRequest(least), **asked
            )
    assert len(set(statements)) == 1


async def test_the_trades_of_other_runs_are_no_other_statement(shared_database: Database) -> None:
    asked: dict[str, Any] = {"order": (), "wanted": Wanted(total_count=True)}
    with counted_statements() as statements:
        for count in (1, 1, 2, 3, 40):
            conditions = orjson.dumps({"pnl": {"gt": count}, "exit_reason": {"starts_with": SAID}})
            ids = [run["id"] for run in RUNS[-count:]]
            await load_trade_pages(shared_database, ids, conditions=conditions, request=PageRequest(count), **asked)
    assert len(set(statements)) == 2


@pytest.mark.parametrize(
    "conditions",
    [
        {"symbol": {"is_null": True}},
        {"symbol": {"eq": "A", "case_sensitive": False}},
        {"parameters": [{"name": "a", "exists": True}]},
        {"parameters": [{"name": "a.b", "exists": True}]},
        {"parameters": [{"name": "a", "number": {"eq": 2.0**60}}]},
    ],
    ids=str,
)
def test_what_changes_the_sql_changes_the_shape(conditions: Any) -> None:
    others = (
        {"symbol": {"is_null": False}},
        {"symbol": {"eq": "A", "case_sensitive": True}},
        {"parameters": [{"name": "a", "exists": False}]},
        {"parameters": [{"name": "a", "number": {"eq": 2.0}}]},
    )
    assert read_backtest_filter(conditions).shape not in [read_backtest_filter(each).shape for each in others]


@pytest.mark.parametrize(
    ("conditions", "plan"),
    [
        ({}, Plan.ONCE),
        ({"symbol": {"eq": "GOOG"}}, Plan.ONCE),
        ({"symbol": {"eq": "GOOG"}, "strategy": {"eq": "x"}}, Plan.EACH_TIME),
        ({"strategy": {"eq": "x"}}, Plan.EACH_TIME),
        ({"symbol": {}}, Plan.ONCE),
        ({"id": {"in": [str(UUID(int=1))]}}, Plan.EACH_TIME),
        ({"symbol": {"in": ["GOOG"]}}, Plan.EACH_TIME),
        ({"symbol": {"eq": "GOOG", "case_sensitive": False}}, Plan.EACH_TIME),
        ({"symbol": {"eq": "GOOG"}, "metrics": {"beta": {"gt": 1}}}, Plan.EACH_TIME),
        ({"parameters": [{"name": "a", "number": {"eq": 1}}]}, Plan.EACH_TIME),
    ],
    ids=str,
)
def test_only_what_one_index_answers_for_all_values_is_planned_once(conditions: Any, plan: Plan) -> None:
    assert read_backtest_filter(conditions).plan(("symbol",)) is plan


async def test_only_columns_that_are_asked_for_and_those_of_the_order_are_selected(shared_database: Database) -> None:
    wanted = Wanted(columns=frozenset({"symbol", "tags"}))
    page = await newest(shared_database, {}, wanted=wanted)
    assert set(page.rows[0].keys()) == {"symbol", "tags", "created_at", "id"}
    ranking = await rank_backtests(
        shared_database,
        by="beta",
        conditions={},
        min_trades=0,
        request=PageRequest(3),
        wanted=wanted,
        with_ranks=False,
    )
    assert set(ranking.page.rows[0].keys()) == {"symbol", "tags", "beta", "id"}
    everything = await newest(shared_database, {}, wanted=Wanted())
    assert list(everything.rows[0].keys()) == [column.name for column in backtests.c]


async def test_only_columns_of_trades_that_are_asked_for_are_selected(shared_database: Database) -> None:
    asked: dict[str, Any] = {"conditions": b"{}", "order": (), "request": PageRequest(2)}
    for ids in ([RUNS[0]["id"]], [RUNS[1]["id"], RUNS[0]["id"], RUNS[1]["id"]]):
        wanted = Wanted(columns=frozenset({"entry_time"}))
        pages = await load_trade_pages(shared_database, ids, wanted=wanted, **asked)
        assert [[row["number"] for row in page.rows] for page in pages] == [[1, 2]] * len(ids)
        assert set(pages[0].rows[0].keys()) - {"parent_place", "present"} == {"entry_time", "number"}
        assert pages[0].rows[0]["entry_time"] == RUNS[0]["created_at"]


async def test_what_is_loaded_by_a_key_has_the_columns_asked_for_and_its_key(shared_database: Database) -> None:
    [run] = await load_backtests(shared_database, [RUNS[0]["id"]], columns=frozenset({"symbol"}))
    assert run is not None
    assert dict(run) == {"id": RUNS[0]["id"], "symbol": RUNS[0]["symbol"]}
    key = (RUNS[0]["id"], 2)
    [trade, none] = await load_trades(shared_database, [key, (key[0], 99)], columns=frozenset({"entry_price"}))
    assert trade is not None
    assert dict(trade) == {"backtest_id": key[0], "number": 2, "entry_price": 1.5}
    assert none is None
    for load in (load_optimizations, load_walk_forward_tests):
        assert await load(shared_database, [key[0]], columns=frozenset({"created_at"})) == [None]
    assert await load_trials(shared_database, [key], columns=frozenset({"rank"})) == [None]


async def test_cursors_are_written_when_they_are_asked_for(shared_database: Database) -> None:
    page = await newest(shared_database, {})
    assert "cursors" not in vars(page)
    last = page.cursor(-1)
    assert "cursors" not in vars(page)
    assert page.cursors[-1] == last
    assert len(page.cursors) == len(page.rows) == 5


async def test_an_instant_comes_back_as_it_was_saved_and_is_compared_as_such(shared_database: Database) -> None:
    latest = max(run["created_at"] for run in RUNS)
    page = await newest(shared_database, {"created_at": {"gte": latest}})
    assert {row["created_at"] for row in page.rows} == {latest}
    assert not (await newest(shared_database, {"created_at": {"gt": latest}})).rows
