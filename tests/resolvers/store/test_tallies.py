"""Statements are counted for the work that runs them, in transactions and other tasks, too."""

import asyncio

import asyncpg
import pytest
from sqlalchemy import delete, func, literal, select

from resolvers.store.database import Database
from resolvers.store.tables import documents
from resolvers.store.tallies import Tally, tally


class Listed(Tally):
    __slots__ = ("texts",)

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def add(self, text: str, seconds: float) -> None:
        super().add(text, seconds)
        self.texts.append(text.split(maxsplit=1)[0])


async def run(database: Database, listed: Listed, number: int) -> None:
    tally.set(listed)
    await asyncio.gather(*(database.fetch(select(literal(number))) for _ in range(number)))


async def test_each_work_counts_its_own_statements_in_all_of_its_tasks(database: Database) -> None:
    works = [Listed() for _ in range(4)]
    await asyncio.gather(*(asyncio.create_task(run(database, work, number)) for number, work in enumerate(works)))
    assert [work.statements for work in works] == [0, 1, 2, 3]
    assert all(work.seconds > 0 for work in works[1:])


async def test_begin_and_commit_count_since_a_commit_waits_for_the_disk(database: Database) -> None:
    work = Listed()

    async def save() -> None:
        tally.set(work)
        async with database.transaction() as transaction:
            await transaction.fetch(delete(documents))
            await transaction.copy(documents, ["backtest_id"], [])

    await asyncio.create_task(save())
    assert work.texts == ["BEGIN", "DELETE", "COPY", "COMMIT"]


async def test_what_fails_counts_too(database: Database) -> None:
    work = Listed()

    async def fail() -> None:
        tally.set(work)
        async with database.transaction() as transaction:
            await transaction.fetch(select(func.pg_sleep(0.02)))
            await transaction.fetch(select(literal(1) / literal(0)))

    with pytest.raises(asyncpg.DivisionByZeroError):
        await asyncio.create_task(fail())
    assert work.texts == ["BEGIN", "SELECT", "SELECT", "ROLLBACK"]
    assert work.seconds >= 0.02
