"""`backtest-graph recompute`, the way a user meets it."""

import asyncio
import re
import signal
import subprocess
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from api.cli import main
from api.recomputing import say_whether_runs_wait
from api.settings import Settings
from resolvers.recomputing import BATCH
from resolvers.store.database import Database
from resolvers.store.embedded import EmbeddedPostgres
from resolvers.store.tables import backtests
from tests.resolvers.store.servers import passable_folder
from tests.resolvers.test_recomputing import draft, forget, runs_of, save
from tests.samples import real_documents
from tests.service import COMMAND, Service, run_command


async def count_done(database: Database) -> int:
    statement = select(func.count(backtests.c.computation).label("runs"))
    return int((await database.fetch(statement))[0]["runs"])


@pytest.mark.parametrize(
    "how",
    [pytest.param(signal.SIGINT, id="Ctrl-C"), pytest.param(signal.SIGKILL, id="kill -9", marks=pytest.mark.slow)],
)
async def test_what_is_stopped_in_the_middle_is_completed_by_the_next_one(
    database: Database, dsn: str, how: signal.Signals
) -> None:
    count = 2 * BATCH + 50
    ids = sorted(await save(database, *(draft(seed) for seed in range(count))))
    expected = await runs_of(database)
    await forget(database)
    async with database.transaction() as transaction:
        held = select(backtests.c.id).where(backtests.c.id == ids[BATCH + 7]).with_for_update()
        await transaction.fetch(held)
        words = (str(COMMAND), "recompute", "--database-url", dsn)
        process = await asyncio.create_subprocess_exec(*words, stderr=subprocess.PIPE)
        while await count_done(database) < BATCH:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)
        process.send_signal(how)
        _, said = await process.communicate()
    assert await count_done(database) == BATCH
    if how is signal.SIGINT:
        assert (process.returncode, said) == (130, f"{BATCH} runs computed\n".encode())

    result = await asyncio.to_thread(CliRunner().invoke, main, ["recompute", "--database-url", dsn])
    assert (result.exit_code, result.output) == (0, f"{count - BATCH} runs computed\n")
    assert await runs_of(database) == expected
    again = await asyncio.to_thread(CliRunner().invoke, main, ["recompute", "--all", "--database-url", dsn])
    assert again.output == f"{count} runs computed\n"
    assert await runs_of(database) == expected


def store_as_before(data: Path, folder: Path) -> None:
    document = folder / "run.json"
    document.write_bytes(orjson.dumps(real_documents("BACKTEST")[0]))
    assert run_command("import", document, "--data-dir", data).returncode == 0

    async def forget_there() -> None:
        async with EmbeddedPostgres(data, say=lambda _: None) as server:
            database = await Database.connect(server.dsn)
            await forget(database)
            await database.close()

    asyncio.run(forget_there())


async def test_the_command_is_named_where_runs_wait(database: Database, dsn: str) -> None:
    said: list[str] = []
    await save(database, draft())
    await say_whether_runs_wait(database, Settings(database_url=dsn), said.append)
    assert said == []
    await forget(database)
    await say_whether_runs_wait(database, Settings(database_url=dsn), said.append)
    assert said == [
        "Some runs are not computed yet, so they have no computed metrics: backtest-graph recompute --database-url …"
    ]


@pytest.mark.slow
def test_a_service_names_the_command_that_computes_what_waits(tmp_path: Path) -> None:
    with passable_folder() as folder:
        data = folder / "data"
        store_as_before(data, tmp_path)
        with Service("--data-dir", str(data)) as service:
            [line] = [line for line in service.lines if "not computed yet" in line]
            words = re.search(r"backtest-graph (recompute .*)", line)
            assert words is not None
            assert words[1] == f"recompute --data-dir {data}"
            result = run_command(*words[1].split())
            assert (result.returncode, "1 run computed" in result.stderr.splitlines()) == (0, True)
        with Service("--data-dir", str(data)) as service:
            assert not [line for line in service.lines if "not computed yet" in line]
