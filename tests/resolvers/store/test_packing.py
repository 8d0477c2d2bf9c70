"""Packed rows are, to the bit, the rows that asyncpg writes."""

from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import select

from resolvers.store.database import Database
from resolvers.store.packing import Fixed, pack, pack_ids, pack_json, pack_numbers, pack_texts
from resolvers.store.tables import backtests, trades
from tests.random_runs import random_runs

NUMBERS = (0.1 + 0.2, -0.0, 5e-324, 1.7976931348623157e308, -1.5)
TEXTS = ("stop", "", None, "日本 🚀", "x" * 70_000)


async def runs(database: Database, count: int) -> list[UUID]:
    """Store runs without trades, and return their ids."""
    columns = [column.name for column in backtests.c]
    rows = random_runs(count, until=0)
    async with database.transaction() as transaction:
        await transaction.copy(backtests, columns, [[row[name] for name in columns] for row in rows])
    return [row["id"] for row in rows]


async def read(database: Database) -> list[dict[str, Any]]:
    rows = await database.fetch(select(trades).order_by(trades.c.backtest_id, trades.c.number))
    return [dict(row) for row in rows]


@pytest.mark.parametrize("with_nulls", [True, False])
async def test_packed_rows_come_back_as_they_were(database: Database, with_nulls: bool) -> None:
    ids = await runs(database, 3)
    counts = [4, 0, 3]
    owners = [id for id, count in zip(ids, counts, strict=True) for _ in range(count)]
    numbers = np.array([1, 2, 3, 4, 1, 2, 3], dtype=np.int32)
    times = np.array([-(10**15), 0, 1, 10**15, 5, 6, 7], dtype=np.int64)
    nulls = np.array([with_nulls, False, False, with_nulls, False, False, False])
    values = np.resize(np.array(NUMBERS), 7)
    pnl = np.where(nulls, np.nan, values)
    reasons = list(np.resize(np.array(TEXTS, dtype=object), 7))
    others: list[dict[str, Any]] = [{}, {"leverage": 3}, {}, {"ä": [1, None]}, {}, {}, {"long": "x" * 3_000}]
    documents = [
        b"{}",
        b'{"leverage":3}',
        b"{}",
        '{"ä":[1,null]}'.encode(),
        b"{}",
        b"{}",
        b'{"long":"%s"}' % (b"x" * 3_000),
    ]
    packed = pack(
        {
            "backtest_id": pack_ids(ids, counts),
            "number": Fixed(numbers),
            "entry_time": Fixed(times),
            "exit_time": Fixed(times, nulls if with_nulls else None),
            "entry_price": pack_numbers(values),
            "pnl": pack_numbers(pnl),
        },
        {
            "direction": pack_texts(["LONG", "SHORT"] * 3 + ["LONG"]),
            "exit_reason": pack_texts(reasons),
            "other_metrics": pack_json(documents),
        },
    )
    async with database.transaction() as transaction:
        await transaction.copy_packed(trades, packed)
    found = sorted(await read(database), key=lambda row: (ids.index(row["backtest_id"]), row["number"]))
    zero = 946_684_800_000_000
    assert [row["backtest_id"] for row in found] == owners
    assert [row["number"] for row in found] == numbers.tolist()
    assert [row["entry_time"] - zero for row in found] == times.tolist()
    assert [row["exit_time"] and row["exit_time"] - zero for row in found] == [
        None if null else time for time, null in zip(times.tolist(), nulls, strict=True)
    ]
    assert repr([row["entry_price"] for row in found]) == repr(values.tolist())
    assert [row["pnl"] for row in found] == [None if value != value else value for value in pnl.tolist()]  # noqa: PLR0124
    assert [row["direction"] for row in found] == ["LONG", "SHORT"] * 3 + ["LONG"]
    assert [row["exit_reason"] for row in found] == reasons
    assert [row["other_metrics"] for row in found] == others


async def test_more_than_one_part_is_sent(database: Database) -> None:
    [id] = await runs(database, 1)
    count = 20_000
    packed = pack(
        {
            "backtest_id": pack_ids([id], [count]),
            "number": Fixed(np.arange(count, dtype=np.int32)),
            "entry_time": Fixed(np.arange(count, dtype=np.int64)),
            "entry_price": pack_numbers(np.arange(count) / 7),
        },
        {"direction": pack_texts(["LONG"] * count), "other_metrics": pack_json([b"{}"] * count)},
    )
    assert len(packed.rows) > 2**20
    async with database.transaction() as transaction:
        await transaction.copy_packed(trades, packed)
    found = await read(database)
    assert [row["entry_price"] for row in found] == [number / 7 for number in range(count)]


async def test_a_wrong_row_is_refused_and_leaves_nothing(database: Database) -> None:
    packed = pack(
        {
            "backtest_id": pack_ids([uuid4()], [1]),
            "number": Fixed(np.array([1], dtype=np.int32)),
            "entry_time": Fixed(np.array([0], dtype=np.int64)),
            "entry_price": pack_numbers(np.array([1.0])),
        },
        {"direction": pack_texts(["UP"]), "other_metrics": pack_json([b"{}"])},
    )
    with pytest.raises(Exception, match="ck_trades_direction"):
        async with database.transaction() as transaction:
            await transaction.copy_packed(trades, packed)
    assert await read(database) == []
