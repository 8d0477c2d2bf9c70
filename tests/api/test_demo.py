import lzma
from pathlib import Path

import orjson
from sqlalchemy import delete, select

from api.demo import DOCUMENTS, LAST_RUN, load_demo
from api.importing.paths import import_paths
from resolvers.importers.registry import extract_backtest
from resolvers.saving import now, pack
from resolvers.store.database import Database
from resolvers.store.tables import backtests, optimizations, walk_forward_tests

DAY = 24 * 60 * 60 * 1_000_000
LOADED = "Demo: 89 runs, 5 optimizations, 5 walk-forward analyses stored, 0 already there, 0 failed"


async def load(database: Database) -> list[str]:
    said: list[str] = []
    await load_demo(database, said.append)
    return said


async def test_the_demo_is_loaded_once(database: Database) -> None:
    assert await load(database) == [LOADED]
    before = await database.fetch(select(backtests))

    assert await load(database) == []
    assert await database.fetch(select(backtests)) == before


async def test_its_runs_look_like_days_of_work(database: Database) -> None:
    await load(database)
    rows = await database.fetch(select(backtests).order_by(backtests.c.created_at))
    times = [row["created_at"] for row in rows]

    assert len(set(times)) == 89
    assert now() - 6 * DAY < times[0] < times[-1] < now()
    assert len({time // DAY for time in times}) >= 5
    assert {tuple(row["tags"]) for row in rows} == {("demo",)}


async def test_the_best_run_of_each_sweep_has_it_and_its_windows(database: Database) -> None:
    await load(database)
    swept = {row["backtest_id"] for row in await database.fetch(select(optimizations.c.backtest_id))}
    tested = [row["backtest_id"] for row in await database.fetch(select(walk_forward_tests.c.backtest_id))]

    assert len(swept) == 5
    assert set(tested) == swept
    assert len(tested) == 5 * 13


async def test_an_interrupted_load_is_completed(database: Database) -> None:
    await load(database)
    async with database.transaction() as transaction:
        await transaction.fetch(delete(walk_forward_tests).where(walk_forward_tests.c.backtest_id == LAST_RUN))

    assert await load(database) == [
        "Demo: 0 runs, 1 walk-forward analysis stored, 98 already there, 0 failed",
    ]
    assert await load(database) == []


async def test_a_run_of_ones_own_does_not_get_the_sweep_of_the_demo(database: Database, tmp_path: Path) -> None:
    with lzma.open(DOCUMENTS) as lines:
        own = orjson.loads(lines.readline())
    runs = [own | {"initial_capital": 5.0, "parameters": {"fast_period": 10, "slow_period": 40}}]
    (tmp_path / "own.json").write_bytes(orjson.dumps(runs))
    await import_paths(database, [tmp_path], say=lambda _: None, progress=False)

    assert await load(database) == [LOADED]
    owners = select(backtests.c.tags).join(optimizations, optimizations.c.backtest_id == backtests.c.id)
    assert [row["tags"] for row in await database.fetch(owners)] == [["demo"]] * 5


def test_the_last_run_is_the_best_one_of_the_last_sweep() -> None:
    with lzma.open(DOCUMENTS) as lines:
        documents = [orjson.loads(line) for line in lines]
    sweep = next(document for document in reversed(documents) if "best_parameters" in document)
    same = [each for each in documents if each.get("parameters") == sweep["best_parameters"]]
    ids = {pack(source).id() for source in (extract_backtest(each).source for each in same) if source}

    assert documents[-1]["strategy"] == sweep["strategy"]
    assert ids == {LAST_RUN}


def test_the_demo_is_small() -> None:
    assert DOCUMENTS.stat().st_size < 2_000_000
