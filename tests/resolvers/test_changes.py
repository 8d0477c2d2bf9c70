"""What happens to runs is noted in the same transaction, and forgotten after an hour."""

from typing import Any

from sqlalchemy import delete, select, text

from resolvers.changes import prune
from resolvers.store.database import Database
from resolvers.store.tables import backtest_changes
from tests.client import Client
from tests.operations import IMPORT, RUN, SAVE_MANY, save_id
from tests.samples import real_documents
from tests.schema.test_changing import DELETE, DELETE_MANY, UPDATE
from tests.schema.test_reading import SAVE_OPTIMIZATION, SAVE_WINDOWS, WINDOW


async def noted(database: Database) -> list[tuple[str, str, bool]]:
    """Return the kind, the run and whether the run is kept of each change so far, and forget them."""
    table = backtest_changes
    rows = await database.fetch(select(table).order_by(table.c.transaction_id, table.c.backtest_id))
    await database.fetch(delete(table).returning(table.c.kind))
    return [(row["kind"], str(row["backtest_id"]), row["deleted_run"] is not None) for row in rows]


async def test_each_way_to_change_a_run_is_noted_once(client: Client, database: Database) -> None:
    await noted(database)
    id = await save_id(client)
    assert await noted(database) == [("SAVED", id, False)]
    await client.ask(UPDATE, input={"id": id, "notes": "new"})
    assert await noted(database) == [("UPDATED", id, False)]
    await client.ask(SAVE_OPTIMIZATION, input={"backtestId": id, "objective": "SHARPE_RATIO", "trials": []})
    assert await noted(database) == [("UPDATED", id, False)]
    await client.ask(SAVE_WINDOWS, input={"backtestId": id, "tests": [WINDOW, WINDOW]})
    assert await noted(database) == [("UPDATED", id, False)]
    await client.ask(DELETE, input={"id": id})
    assert await noted(database) == [("DELETED", id, True)]


async def test_many_runs_are_noted_together_and_imported_ones_too(client: Client, database: Database) -> None:
    await noted(database)
    saved = (await client.ask(SAVE_MANY, inputs=[RUN, RUN, RUN]))["saveBacktests"]["backtests"]
    ids = sorted(each["id"] for each in saved)
    assert await noted(database) == [("SAVED", id, False) for id in ids]
    deleted = await client.ask(DELETE_MANY, input={"filter": {"symbol": {"eq": "GOOG"}}, "expectedCount": 3})
    assert len(deleted["deleteBacktests"]["deletedIds"]) == 3
    assert await noted(database) == [("DELETED", id, True) for id in ids]
    for document in real_documents("BACKTEST")[:2]:
        payload = (await client.ask(IMPORT, input={"document": document}))["importBacktest"]
        assert await noted(database) == [("SAVED", payload["backtest"]["id"], False)]


async def test_what_changes_nothing_is_not_noted(client: Client, database: Database) -> None:
    id = "01890a5d-ac96-774b-bcce-b302099a8099"
    [document] = real_documents("BACKTEST")[:1]
    await save_id(client, id=id)
    await client.ask(IMPORT, input={"document": document})
    windows: dict[str, Any] = {"backtestId": id, "tests": [WINDOW | {"id": "01890a5d-ac96-774b-bcce-b302099a8098"}]}
    await client.ask(SAVE_WINDOWS, input=windows)
    await noted(database)
    await save_id(client, id=id)
    await client.ask(IMPORT, input={"document": document})
    await client.ask(SAVE_WINDOWS, input=windows)
    await client.ask(UPDATE, input={"id": "01890a5d-ac96-774b-bcce-b302099a8097", "notes": "x"})
    await client.ask(DELETE, input={"id": "01890a5d-ac96-774b-bcce-b302099a8097"})
    refused = await client.ask(DELETE_MANY, input={"filter": {"symbol": {"eq": "GOOG"}}, "expectedCount": 7})
    assert refused["deleteBacktests"]["errors"]
    assert await noted(database) == []


async def test_changes_are_forgotten_after_an_hour_so_many_at_a_time(client: Client, database: Database) -> None:
    await noted(database)
    for _ in range(5):
        await save_id(client)
    await database.fetch(text("UPDATE backtest_changes SET changed_at = now() - interval '61 minutes'"))
    young = await save_id(client)
    assert [await prune(database, most=3), await prune(database, most=3), await prune(database, most=3)] == [3, 2, 0]
    assert await noted(database) == [("SAVED", young, False)]
