"""A restore is there whole, or nothing has changed."""

import asyncio
import contextlib
import signal
from pathlib import Path

import asyncpg
import psutil
import pytest

from api.safekeeping.backup import back_up
from api.safekeeping.restore import restore
from api.settings import Settings
from migrations.history import Behind, bring_up_to_date, migrating, upgrade
from resolvers.store.database import Database
from resolvers.store.dumps import ArchiveError, write_archive
from resolvers.store.snapshots import hold_snapshot
from tests.api.safekeeping.conftest import MakeDatabase
from tests.api.safekeeping.contents import Contents, contents, fill
from tests.resolvers.store.servers import User, becomes_true, is_running, passable_folder
from tests.service import COMMAND, run_command

OLD_RUNS = """
INSERT INTO backtests (id, created_at, updated_at, symbol, strategy, status, start_date, end_date, parameters,
    other_metrics, tags, content_hash, initial_capital, data_points, total_trades, winning_trades, losing_trades)
SELECT gen_random_uuid(), now(), now(), 'GOOG', 'x', 'COMPLETED', current_date, current_date, '{}', '{}', '{}', '',
    1, 0, 0, 0, 0
FROM generate_series(1, 3)
"""


def quiet(_: str) -> None: ...


async def back_up_of(dsn: str, file: Path) -> Path:
    await back_up(Settings(database_url=dsn), file, quiet, overwrite=True)
    return file


@pytest.fixture
async def target(make_database: MakeDatabase) -> str:
    return await make_database()


async def indexes_and_keys(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    indexes = await connection.fetch("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'")
    keys = await connection.fetch("SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint")
    await connection.close()
    return sorted(map(str, [*indexes, *keys]))


async def test_an_empty_database_gets_every_row_index_and_key(source: str, target: str, tmp_path: Path) -> None:
    expected = await fill(source)
    file = await back_up_of(source, tmp_path / "runs.backup")
    said: list[str] = []
    await restore(Settings(database_url=target), file, said.append, replace=False)
    assert said == [f"Restored 50 runs of revision 0004 from {file}"]
    assert await contents(target) == expected
    assert await indexes_and_keys(target) == await indexes_and_keys(source)


async def test_what_is_there_is_replaced_only_when_that_is_wanted(source: str, target: str, tmp_path: Path) -> None:
    expected = await fill(source)
    file = await back_up_of(source, tmp_path / "runs.backup")
    await upgrade(target)
    there = await fill(target, 20, seed=2)
    with pytest.raises(
        ArchiveError, match=r"has 20 runs, 1 tokens and 0 counted trials.*--replace\. Nothing was changed"
    ):
        await restore(Settings(database_url=target), file, quiet, replace=False)
    assert await contents(target) == there
    await restore(Settings(database_url=target), file, quiet, replace=True)
    assert await contents(target) == expected


async def test_tables_of_others_stay_as_they_are(source: str, target: str, tmp_path: Path) -> None:
    for dsn, text in ((source, "theirs"), (target, "mine")):
        connection = await asyncpg.connect(dsn)
        await connection.execute(f"CREATE TABLE notes AS SELECT '{text}' AS text")
        await connection.close()
    file = await back_up_of(source, tmp_path / "runs.backup")
    await restore(Settings(database_url=target), file, quiet, replace=True)
    connection = await asyncpg.connect(target)
    assert await connection.fetchval("SELECT text FROM notes") == "mine"
    await connection.close()


async def test_a_backup_of_an_older_revision_is_brought_up_to_date(
    make_database: MakeDatabase, target: str, tmp_path: Path
) -> None:
    old = await make_database()
    async with migrating(old) as connection:
        await connection.run_sync(bring_up_to_date, to="0001")
    raw = await asyncpg.connect(old)
    await raw.execute(OLD_RUNS)
    await raw.close()
    file = await back_up_of(old, tmp_path / "runs.backup")
    said: list[str] = []
    await restore(Settings(database_url=target), file, said.append, replace=False)
    assert said == [f"Restored 3 runs of revision 0001, brought to 0004 from {file}"]
    stored = await contents(target)
    assert (len(stored["backtests"]), stored["tokens"], stored["alembic_version"]) == (3, [], ["(0004)"])


async def test_a_backup_of_a_newer_revision_is_refused(source: str, target: str, tmp_path: Path) -> None:
    there = await contents_of_filled(target)
    connection = await asyncpg.connect(source)
    await connection.execute("UPDATE alembic_version SET version_num = '9999'")
    await connection.close()
    file = tmp_path / "runs.backup"
    async with hold_snapshot(source) as snapshot:
        await write_archive(source, file, schema="public", snapshot=snapshot.name, without=[])
    with pytest.raises(Behind, match="The backup is at revision 9999, which is newer than this version"):
        await restore(Settings(database_url=target), file, quiet, replace=True)
    assert await contents(target) == there


async def contents_of_filled(dsn: str) -> Contents:
    await upgrade(dsn)
    return await fill(dsn, 20, seed=2)


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.9, 0.9999])
async def test_a_truncated_backup_changes_nothing(source: str, target: str, tmp_path: Path, part: float) -> None:
    await fill(source)
    there = await contents_of_filled(target)
    file = await back_up_of(source, tmp_path / "runs.backup")
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(ArchiveError, match=r"^The backup cannot be read: "):
        await restore(Settings(database_url=target), file, quiet, replace=True)
    assert await contents(target) == there


async def test_a_backup_with_damage_among_its_rows_changes_nothing(source: str, target: str, tmp_path: Path) -> None:
    await fill(source)
    there = await contents_of_filled(target)
    file = await back_up_of(source, tmp_path / "runs.backup")
    whole = bytearray(file.read_bytes())
    middle = len(whole) * 2 // 3
    whole[middle : middle + 50] = bytes(50)
    file.write_bytes(whole)
    with pytest.raises(ArchiveError, match=r"Nothing was changed\.$"):
        await restore(Settings(database_url=target), file, quiet, replace=True)
    assert await contents(target) == there


@pytest.mark.parametrize("content", [b"", b"runs\n" * 1000, b"-- PostgreSQL database dump\n" * 100, bytes(9999)])
async def test_a_file_that_is_no_backup_is_refused(target: str, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "runs.backup"
    file.write_bytes(content)
    with pytest.raises(ArchiveError, match=r"^The backup cannot be read: input file "):
        await restore(Settings(database_url=target), file, quiet, replace=False)


def test_a_refusal_is_a_line_and_makes_no_data_folder(tmp_path: Path) -> None:
    result = run_command("restore", __file__, "--data-dir", tmp_path / "data")
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert result.stderr.startswith("Error: The backup cannot be read: input file ")
    assert not (tmp_path / "data").exists()


async def test_a_backup_of_another_program_is_refused(make_database: MakeDatabase, target: str, tmp_path: Path) -> None:
    other = await make_database()
    connection = await asyncpg.connect(other)
    await connection.execute("CREATE TABLE notes (text text); CREATE TABLE alembic_version (version_num text)")
    await connection.execute("INSERT INTO alembic_version VALUES ('0004')")
    await connection.execute("CREATE TABLE backtests (id uuid)")
    await connection.close()
    file = await back_up_of(other, tmp_path / "runs.backup")
    with pytest.raises(ArchiveError, match=r"it lacks the table backtest_series\. Nothing was changed"):
        await restore(Settings(database_url=target), file, quiet, replace=True)
    with pytest.raises(ArchiveError, match="cannot be read: No such file"):
        await restore(Settings(database_url=target), tmp_path / "no.backup", quiet, replace=True)


async def test_a_restore_whose_reader_is_killed_leaves_what_was_there(source: str, target: str, tmp_path: Path) -> None:
    await fill(source, 1_000)
    there = await contents_of_filled(target)
    file = await back_up_of(source, tmp_path / "runs.backup")
    restoring = asyncio.create_task(restore(Settings(database_url=target), file, quiet, replace=True))
    await becomes_true(lambda: restoring.done() or kill_reader_of("trades"), every=0.001)
    with pytest.raises(ArchiveError, match=r"pg_restore was killed by signal 9\. Nothing was changed"):
        await restoring
    assert await contents(target) == there


def kill_reader_of(table: str) -> bool:
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if f"--table={table}" in child.cmdline():
                child.send_signal(signal.SIGKILL)
                return True
    return False


async def test_a_database_that_a_service_uses_is_not_restored(source: str, target: str, tmp_path: Path) -> None:
    file = await back_up_of(source, tmp_path / "runs.backup")
    await upgrade(target)
    service = await Database.connect(target, connections=1)
    with pytest.raises(ArchiveError, match="A service uses the database: stop it first"):
        await restore(Settings(database_url=target), file, quiet, replace=True)
    await service.close()
    await restore(Settings(database_url=target), file, quiet, replace=True)


async def test_a_data_folder_that_another_process_uses_is_not_restored(source: str, tmp_path: Path) -> None:
    file = await back_up_of(source, tmp_path / "runs.backup")
    with passable_folder() as folder, User(folder / "data") as user:
        user.read_until("started")
        with pytest.raises(ArchiveError, match="A service uses the database: stop it first"):
            await restore(Settings(data_dir=folder / "data"), file, quiet, replace=False)
        assert is_running(folder / "data")
        user.leave()
        assert not is_running(folder / "data")
        await restore(Settings(data_dir=folder / "data"), file, quiet, replace=False)


@pytest.mark.slow
async def test_what_is_piped_out_can_be_piped_in(source: str, target: str) -> None:
    expected = await fill(source)
    out = await asyncio.create_subprocess_exec(
        *(COMMAND, "backup", "-", "--database-url", source), stdout=asyncio.subprocess.PIPE
    )
    archive, _ = await out.communicate()
    back = await asyncio.create_subprocess_exec(
        *(COMMAND, "restore", "-", "--database-url", target), stdin=asyncio.subprocess.PIPE
    )
    await back.communicate(archive)
    assert (out.returncode, back.returncode) == (0, 0)
    assert await contents(target) == expected


async def test_a_start_waits_until_a_restore_is_over(target: str) -> None:
    async with migrating(target) as connection:
        await connection.run_sync(bring_up_to_date, to="0001")
        starting = asyncio.create_task(upgrade(target))
        await asyncio.sleep(0.2)
        assert not starting.done()
        await connection.run_sync(bring_up_to_date)
    assert await starting == ("0004", "0004")
