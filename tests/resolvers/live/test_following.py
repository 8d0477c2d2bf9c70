"""Changes are told to all who listen: each once, in whichever order it was committed, over lost connections."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from resolvers.changes import ChangeKind, note_changes
from resolvers.live import following
from resolvers.live.following import Live
from resolvers.live.looks import Moment
from resolvers.live.subscribers import Interrupted, Subscriber, TooSlow
from resolvers.store.database import Database, Unavailable
from resolvers.store.listening import NAME
from tests.client import Client
from tests.operations import RUN, SAVE_MANY, save_id
from tests.statements import counted_statements
from tests.trial_runs import noise

SAVED = ChangeKind.SAVED


@asynccontextmanager
async def listening(database: Database, **options: Any) -> AsyncIterator[Live]:
    live = Live(database, **options)
    try:
        yield live
    finally:
        await live.close()


async def hear(subscriber: Subscriber, count: int, seconds: float = 20) -> list[UUID]:
    async with asyncio.timeout(seconds):
        return [(await anext(subscriber)).change.backtest_id for _ in range(count)]


async def hears_nothing(subscriber: Subscriber) -> None:
    with pytest.raises(TimeoutError):
        await hear(subscriber, 1, seconds=0.1)


async def note(database: Database, *ids: UUID, kind: ChangeKind = SAVED) -> None:
    async with database.transaction() as transaction:
        await note_changes(transaction, kind, ids)


async def listeners(database: Database) -> list[int]:
    """Return the server's processes for connections that listen."""
    rows = await database.fetch(text(f"SELECT pid FROM pg_stat_activity WHERE application_name = '{NAME}'"))
    return [row["pid"] for row in rows]


async def terminate(database: Database, pids: Sequence[int]) -> None:
    for pid in pids:
        await database.fetch(text(f"SELECT pg_terminate_backend({pid})"))


async def test_a_transaction_that_began_early_and_is_committed_late_is_told_once(database: Database) -> None:
    early, late, between = uuid4(), uuid4(), uuid4()
    async with listening(database) as live:
        subscriber = await live.subscribe({})
        async with database.transaction() as transaction:
            await note_changes(transaction, SAVED, [early])
            await note(database, late)
            assert await hear(subscriber, 1) == [late]
            latecomer = await live.subscribe({})
        assert await hear(subscriber, 1) == await hear(latecomer, 1) == [early]
        await note(database, between)
        assert await hear(subscriber, 1) == await hear(latecomer, 1) == [between]


async def test_what_is_rolled_back_is_never_told(database: Database) -> None:
    kept = uuid4()
    async with listening(database) as live:
        subscriber = await live.subscribe({})
        with suppress(ZeroDivisionError):
            async with database.transaction() as transaction:
                await note_changes(transaction, SAVED, [uuid4()])
                raise ZeroDivisionError
        await note(database, kept)
        assert await hear(subscriber, 1) == [kept]


async def test_what_was_committed_before_is_not_told_and_rows_of_a_backup_never_are(database: Database) -> None:
    kept = uuid4()
    await note(database, uuid4())
    async with listening(database) as live:
        subscriber = await live.subscribe({})
        await database.fetch(
            text(
                "INSERT INTO backtest_changes (transaction_id, backtest_id, kind, changed_at) "
                "SELECT pg_current_xact_id()::text::bigint + ahead, gen_random_uuid(), 'SAVED', now() "
                "FROM generate_series(1, 5) ahead"
            )
        )
        for _ in range(7):
            await database.fetch(text("SELECT pg_current_xact_id()"))
        await note(database, kept)
        assert await hear(subscriber, 1) == [kept]
        await hears_nothing(subscriber)
    await database.fetch(text("DELETE FROM backtest_changes"))


async def test_a_filter_on_deflated_sharpe_ratios_knows_of_the_run_that_was_just_saved(
    client: Client, database: Database
) -> None:
    async with listening(database) as live:
        known = await live.subscribe({"metrics": {"deflated_sharpe": {"gte": 0.0}}})
        unknown = await live.subscribe({"metrics": {"deflated_sharpe": {"is_null": True}}})
        ids = [UUID(await save_id(client, **noise(seed))) for seed in range(3)]
        bare = UUID(await save_id(client))
        assert await hear(known, 3) == ids
        assert await hear(unknown, 1) == [bare]
        await client.ask("mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId } }", id=str(ids[0]))
        assert await hear(known, 1) == [ids[0]]
        await hears_nothing(unknown)


async def test_a_wake_up_that_was_lost_is_made_up_for_within_a_second(database: Database) -> None:
    silent = uuid4()
    async with listening(database) as live:
        subscriber = await live.subscribe({})
        await database.fetch(
            text(f"INSERT INTO backtest_changes (backtest_id, kind, changed_at) VALUES ('{silent}', 'SAVED', now())")
        )
        assert await hear(subscriber, 1, seconds=2) == [silent]


async def test_the_connection_is_opened_for_the_first_who_listens_and_closed_after_the_last(database: Database) -> None:
    async with listening(database) as live:
        assert await listeners(database) == []
        first, second = await live.subscribe({}), await live.subscribe({})
        [process] = await listeners(database)
        first.close()
        await note(database, id := uuid4())
        assert await hear(second, 1) == [id]
        assert await listeners(database) == [process]
        second.close()
        for _ in range(100):
            if not await listeners(database):
                break
            await asyncio.sleep(0.02)
        assert await listeners(database) == []
        with pytest.raises(StopAsyncIteration):
            await anext(first)
        again = await live.subscribe({})
        await note(database, id := uuid4())
        assert await hear(again, 1) == [id]


async def test_eight_who_write_and_a_connection_that_is_lost_again_and_again_tell_each_change_once(
    database: Database,
) -> None:
    dice = random.Random(5)
    written: set[UUID] = set()
    terminated: list[int] = []

    async def write() -> None:
        while len(written) < 300 or len(terminated) < 2:
            ids = [uuid4() for _ in range(dice.randrange(1, 6))]
            async with database.transaction() as transaction:
                await note_changes(transaction, SAVED, ids)
                await asyncio.sleep(dice.random() / 30)
            written.update(ids)

    async with listening(database) as live:
        subscriber = await live.subscribe({})

        async def disturb() -> None:
            while True:
                await asyncio.sleep(0.15)
                found = await listeners(database)
                terminated.extend(found)
                await terminate(database, found)

        disturbing = asyncio.create_task(disturb())
        await asyncio.gather(*(write() for _ in range(8)))
        disturbing.cancel()
        told = await hear(subscriber, len(written))
        assert len(told) == len(written)
        assert set(told) == written
        await hears_nothing(subscriber)


async def test_who_is_slower_than_the_changes_is_ended_and_nobody_else(database: Database) -> None:
    async with listening(database, most_waiting=3) as live:
        slow, quick = await live.subscribe({}), await live.subscribe({})
        for count in (10, 1):  # one batch may be longer; what counts is what waits when the next one comes
            ids = sorted(uuid4() for _ in range(count))
            await note(database, *ids)
            assert await hear(quick, count) == ids
        with pytest.raises(TooSlow, match="More than 3 changes"):
            await anext(slow)
        assert slow.waiting == 0
        assert live.subscribers == 1


async def test_a_database_that_is_another_one_ends_all_who_listened_to_the_old_one(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(database) as live:
        subscriber = await live.subscribe({})
        assert live._last is not None
        live._last = Moment(live._last.server + 1, live._last.snapshot, live._last.next_transaction)
        await note(database, uuid4())
        with pytest.raises(Interrupted, match="subscribe again"):
            await asyncio.wait_for(anext(subscriber), 3)
        again = await live.subscribe({})
        await note(database, id := uuid4())
        assert await hear(again, 1) == [id]


async def test_a_database_that_cannot_be_reached_is_told_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(following, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(database._connections, "_connect", refuse)
    async with listening(database) as live:
        with pytest.raises(Unavailable):
            await live.subscribe({})
        assert live.subscribers == 0


async def test_fifty_who_listen_cost_one_look_a_statement_for_each_filter_and_one_to_read_back(
    client: Client, database: Database
) -> None:
    async with listening(database) as live:
        subscribers = [await live.subscribe({"symbol": {"eq": "GOOG"}}) for _ in range(20)]
        subscribers += [await live.subscribe({"symbol": {"eq": "OTHER"}}) for _ in range(10)]
        subscribers += [await live.subscribe({}) for _ in range(20)]
        await asyncio.sleep(0.05)
        with counted_statements() as statements:
            inputs = [RUN, RUN, RUN]
            await client.ask(SAVE_MANY, inputs=inputs)
            told = [[await anext(each) for _ in inputs] for each in subscribers[:20] + subscribers[30:]]
            rows = [[await event.load(frozenset({"symbol"})) for event in events] for events in told]
        assert [[row and row["symbol"] for row in each] for each in rows] == [["GOOG"] * 3] * 40
        assert [each.waiting for each in subscribers[20:30]] == [0] * 10
        read = [each for each in statements if each.startswith("SELECT backtests.")]
        assert len([each for each in read if "symbol =" in each]) == 2
        assert len([each for each in read if "symbol =" not in each]) == 1 + 1  # and what the mutation gives back
