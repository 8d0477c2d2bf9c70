"""Backups of a database that is in use, and files that are there whole or not at all."""

import asyncio
import os
import signal
import stat
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import psutil
import pytest

from api.safekeeping.backup import back_up
from api.settings import Settings
from migrations.history import Behind
from resolvers.store.dumps import ArchiveError
from resolvers.store.snapshots import check_version
from tests.api.safekeeping.conftest import MakeDatabase
from tests.api.safekeeping.contents import TOKEN, contents
from tests.client import Client
from tests.operations import IMPORT, RUN, SAVE
from tests.resolvers.store.servers import becomes_true, embedded, is_running, passable_folder
from tests.samples import real_documents
from tests.savers import WHOLE, Savers, sizes_of_runs
from tests.schema.test_importing import IMPORT_OPTIMIZATION, IMPORT_WALK_FORWARD
from tests.service import COMMAND, Service, run_command

RANKING = "{ ranking(by: SHARPE_RATIO, first: 3) { totalCount nodes { id } } }"


async def test_a_backup_taken_under_saves_is_restored_row_for_row_and_the_service_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "runs.backup"
    with passable_folder() as folder:
        old, new = folder / "old", folder / "new"
        with Service("--data-dir", str(old)) as service:
            ranking = await import_samples(service.url)
            async with embedded(old) as server:
                await store_token(server.dsn)
                async with Savers(service.url, clients=4) as savers:
                    await savers.have_saved(40)
                    known = savers.ids
                    result = await asyncio.to_thread(run_command, "backup", file, "--data-dir", old)
                    assert result.returncode == 0, result.stderr
                    await savers.have_saved(1)
                before = await contents(server.dsn)
        result = run_command("restore", file, "--data-dir", new)
        assert result.returncode == 0, result.stderr
        assert not is_running(new)
        async with embedded(new) as server:
            after = await contents(server.dsn)
        compare(before, after, known)
        with Service("--data-dir", str(new)) as service:
            async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
                client = Client(http)
                assert await client.ask(RANKING) == ranking
                assert (await client.ask(SAVE, input=RUN))["saveBacktest"]["created"]
                sizes = await sizes_of_runs(client)
            assert {sizes[id] for id in known} == {WHOLE}


async def import_samples(url: str) -> object:
    async with httpx.AsyncClient(base_url=url, timeout=60) as http:
        client = Client(http)
        for document in real_documents("BACKTEST"):
            payload = (await client.ask(IMPORT, input={"document": document}))["importBacktest"]
        given = {"backtestId": payload["backtest"]["id"]}
        for document in real_documents("OPTIMIZATION"):
            await client.ask(IMPORT_OPTIMIZATION, input=given | {"document": document})
        for document in real_documents("WALK_FORWARD"):
            await client.ask(IMPORT_WALK_FORWARD, input=given | {"document": document})
        return await client.ask(RANKING)


async def store_token(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(TOKEN)
    await connection.close()


def compare(before: dict[str, list[str]], after: dict[str, list[str]], known: set[str]) -> None:
    """Check that one moment of what was there is restored: what runs it has are whole, and so is all else."""
    runs = {row[1:37] for row in after["backtests"]}
    assert known <= runs
    assert {str(UUID(run)) for run in runs} == runs
    for name in ("backtests", "trades", "backtest_series", "documents", "optimizations"):
        assert after[name] == [row for row in before[name] if row[1:37] in runs], name
        assert after[name]
    for name in ("optimization_trials", "walk_forward_tests", "tokens", "alembic_version"):
        assert after[name] == before[name], name
        assert after[name]
    assert after["backtest_changes"] == []


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_a_backup_is_for_its_owner_alone_and_is_written_over_only_when_that_is_wanted(
    source: str, tmp_path: Path
) -> None:
    said: list[str] = []
    file, settings = tmp_path / "runs.backup", Settings(database_url=source)
    await back_up(settings, file, said.append, overwrite=False)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert said[-1].startswith(f"Backed up 0 runs of revision 0004 to {file}, ")
    first = file.stat().st_ino
    with pytest.raises(ArchiveError, match="--overwrite"):
        await back_up(settings, file, said.append, overwrite=False)
    assert file.stat().st_ino == first
    await back_up(settings, file, said.append, overwrite=True)
    assert file.stat().st_ino != first
    assert names_in(tmp_path) == ["runs.backup"]


async def test_what_cannot_be_written_or_backed_up_is_told_and_leaves_no_file(
    source: str, make_database: MakeDatabase, tmp_path: Path
) -> None:
    file = tmp_path / "runs.backup"
    empty = Settings(database_url=await make_database())
    for settings, path, message in (
        (Settings(database_url=source), tmp_path / "missing" / "runs.backup", "No such file or directory"),
        (Settings(database_url=source), tmp_path, "is not a file"),
        (Settings(data_dir=tmp_path / "typo"), file, r"There is no database in .*typo.*--data-dir"),
        (empty, file, "nothing to back up"),
    ):
        with pytest.raises(ArchiveError, match=message):
            await back_up(settings, path, lambda _: None, overwrite=True)
    connection = await asyncpg.connect(source)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    with pytest.raises(Behind, match="The database is at revision 9999, which is newer"):
        await back_up(Settings(database_url=source), file, lambda _: None, overwrite=False)
    assert names_in(tmp_path) == []


def test_a_server_newer_than_ours_is_refused() -> None:
    check_version(18)
    with pytest.raises(ArchiveError, match=r"The server is PostgreSQL 19.*use the pg_dump of 19"):
        check_version(19)


async def test_an_interrupted_backup_leaves_no_file_and_nothing_running_and_shows_no_password(
    source: str, tmp_path: Path
) -> None:
    """A lock holds pg_dump up, so that it is certainly in the middle."""
    connection = await asyncpg.connect(source)
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("LOCK TABLE trades")
    address = source.replace("postgres@", "postgres:s3cr%23t@")
    command = (COMMAND, "backup", tmp_path / "runs.backup", "--database-url", address)
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    await becomes_true(lambda: dumping(process.pid) != [])
    [dump] = dumping(process.pid)
    assert not any("s3cr" in word for word in dump.cmdline())
    assert dump.environ()["PGPASSWORD"] == "s3cr#t"
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    assert (process.returncode, said) == (130, b"")
    assert not dump.is_running()
    assert names_in(tmp_path) == []
    await transaction.rollback()
    await connection.close()


def dumping(pid: int) -> list[psutil.Process]:
    return [child for child in psutil.Process(pid).children() if child.name() == "pg_dump"]


async def test_a_full_disk_is_told_in_a_line(source: str) -> None:
    if not os.access("/dev/full", os.W_OK):
        pytest.skip("this system has no /dev/full")
    command = f"exec {COMMAND} backup - --database-url '{source}' > /dev/full"
    process = await asyncio.create_subprocess_shell(command, stderr=asyncio.subprocess.PIPE)
    _, said = await process.communicate()
    assert process.returncode == 1
    assert b"No space left on device" in said
    assert len(said.splitlines()) == 1
