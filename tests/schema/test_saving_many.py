"""Saving many runs at once: few statements, each run for itself."""

import asyncio
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from resolvers.single_save import MOST_TRADES
from resolvers.store.database import Database
from tests.client import Client
from tests.operations import RUN, SAVE_MANY
from tests.schema.test_saving import CURVE, TRADE, read
from tests.statements import counted_statements


async def test_batches_that_overlap_at_the_same_moment_store_each_run_once(client: Client) -> None:
    ids = [str(uuid4()) for _ in range(40)]
    batches = [[RUN | {"id": id, "trades": [TRADE] * 3} for id in ids[start : start + 25]] for start in (0, 5, 10, 15)]
    batches += [list(reversed(batch)) for batch in batches]
    payloads = await asyncio.gather(*(client.ask(SAVE_MANY, inputs=batch) for batch in batches))
    assert sum(payload["saveBacktests"]["createdCount"] for payload in payloads) == 40
    for batch, payload in zip(batches, payloads, strict=True):
        assert payload["saveBacktests"]["errors"] == []
        assert [run["id"] for run in payload["saveBacktests"]["backtests"]] == [run["id"] for run in batch]
    stored = await client.ask("{ backtests(first: 100) { nodes { trades { totalCount } } } }")
    assert [run["trades"]["totalCount"] for run in stored["backtests"]["nodes"]] == [3] * 40


async def test_many_runs_with_all_that_belongs_to_them_come_back(client: Client) -> None:
    """Trades of many runs are one table on their way in, with gaps where some say more than others."""
    open_trade = {name: value for name, value in TRADE.items() if name not in {"exitTime", "exitPrice", "pnl"}}
    lists: list[list[dict[str, Any]]] = [
        [TRADE, open_trade | {"direction": "SHORT", "exitReason": "end"}],
        [],
        [TRADE | {"otherMetrics": {"leverage": 3}}, TRADE | {"otherMetrics": None, "size": 2}],
    ]
    inputs = [RUN | {"trades": trades, "equityCurve": CURVE} for trades in lists] + [RUN]
    payload = (await client.ask(SAVE_MANY, inputs=inputs))["saveBacktests"]
    assert (payload["createdCount"], payload["warnings"], payload["errors"]) == (4, [], [])
    for run, trades in zip(payload["backtests"], [*lists, []], strict=True):
        stored = (await read(client, run["id"]))["trades"]["nodes"]
        assert [trade["number"] for trade in stored] == list(range(1, len(trades) + 1))
        for given, found in zip(trades, stored, strict=True):
            expected = {"direction": "LONG", "exitTime": None, "exitReason": None, "size": None, "pnl": None} | given
            expected |= {"otherMetrics": given.get("otherMetrics") or {}}
            assert {name: found[name] for name in expected if not name.endswith("Time")} == {
                name: value for name, value in expected.items() if not name.endswith("Time")
            }
            assert (found["exitTime"] is None) == (expected["exitTime"] is None)


async def test_one_runs_trouble_among_many_is_told_at_its_place(client: Client) -> None:
    backwards = TRADE | {"exitTime": "2024-01-01"}
    inputs = [RUN | {"trades": [TRADE]}, RUN | {"trades": [TRADE, backwards]}, RUN | {"trades": [TRADE | {"size": -1}]}]
    payload = (await client.ask(SAVE_MANY, inputs=inputs))["saveBacktests"]
    assert payload["createdCount"] == 1
    assert [(error["index"], error["path"]) for error in payload["errors"]] == [
        (1, ["inputs", "1", "trades", "1", "exitTime"]),
        (2, ["inputs", "2", "trades", "0", "size"]),
    ]


async def test_any_number_of_runs_costs_the_same_statements(client: Client) -> None:
    for count in (2, 30):
        inputs = [RUN | {"id": str(uuid4()), "trades": [TRADE], "equityCurve": CURVE} for _ in range(count)]
        with counted_statements() as statements:
            await client.ask(SAVE_MANY, inputs=inputs)
        assert [statement.split()[0] for statement in statements] == [
            "SELECT",
            "COPY",
            "INSERT",
            "COPY",
            "COPY",
            "INSERT",
            "SELECT",
        ]


async def test_what_was_just_saved_is_not_read_again_for_its_id(client: Client) -> None:
    query = "mutation($input: SaveBacktestInput!) { saveBacktest(input: $input) { backtest { id __typename } } }"
    with counted_statements() as statements:
        payload = (await client.ask(query, input=RUN))["saveBacktest"]
    assert [statement.split()[0] for statement in statements] == ["WITH"]
    assert payload["backtest"] == {"id": payload["backtest"]["id"], "__typename": "Backtest"}
    assert (await read(client, payload["backtest"]["id"]))["symbol"] == "GOOG"


async def test_one_run_with_all_that_belongs_to_it_is_one_statement_and_so_is_what_is_asked_of_it(
    client: Client,
) -> None:
    for fields in ({}, {"trades": [TRADE] * 3}, {"equityCurve": CURVE}, {"equityCurve": CURVE, "trades": [TRADE]}):
        with counted_statements() as statements:
            [run] = (await client.ask(SAVE_MANY, inputs=[RUN | fields]))["saveBacktests"]["backtests"]
        assert [statement.split()[0] for statement in statements] == ["WITH", "SELECT"]
        stored = await read(client, run["id"])
        assert len(stored["trades"]["nodes"]) == len(fields.get("trades", ()))
        assert (stored["equityCurve"] is not None) == ("equityCurve" in fields)


async def test_a_long_run_is_stored_as_a_short_one_is(client: Client) -> None:
    """What is too long for one statement is copied; both come back alike."""
    open_trade = {name: value for name, value in TRADE.items() if name not in {"exitTime", "exitPrice"}}
    both = []
    for count in (MOST_TRADES // 2, MOST_TRADES // 2 + 1):
        inputs = [RUN | {"trades": [TRADE, open_trade | {"otherMetrics": {"x": 1}}] * count, "equityCurve": CURVE}]
        with counted_statements() as statements:
            [run] = (await client.ask(SAVE_MANY, inputs=inputs))["saveBacktests"]["backtests"]
        both.append((statements[0].split()[0], await read(client, run["id"])))
    (first, short), (second, long) = both
    assert (first, second) == ("WITH", "COPY")
    assert short["trades"] == long["trades"]
    assert short["equityCurve"] == long["equityCurve"]


async def test_a_server_that_fills_one_table_by_a_statement_is_given_several(
    client: Client, database: Database
) -> None:
    """PostgreSQL itself refuses it with the same SQLSTATE as Citus where a table has such a rule."""
    rule = "CREATE RULE one_table AS ON INSERT TO trades DO ALSO NOTIFY nobody"
    await change(database, rule)
    try:
        with counted_statements() as statements:
            [run] = (await client.ask(SAVE_MANY, inputs=[RUN | {"trades": [TRADE]}]))["saveBacktests"]["backtests"]
    finally:
        await change(database, "DROP RULE one_table ON trades")
    assert [statement.split()[0] for statement in statements] == ["WITH", "COPY", "INSERT", "COPY", "INSERT", "SELECT"]
    assert len((await read(client, run["id"]))["trades"]["nodes"]) == 1


async def change(database: Database, statement: str) -> None:
    async with database.transaction() as transaction:
        await transaction.fetch(text(statement))
