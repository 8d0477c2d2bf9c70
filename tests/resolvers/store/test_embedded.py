import asyncio
import os
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from resolvers.store.embedded import EmbeddedError
from tests.resolvers.store.servers import (
    User,
    ask,
    becomes_true,
    comes_back,
    embedded,
    is_running,
    passable_folder,
    postmaster,
    processes_in,
    socket_folder,
)


@pytest.fixture
def place() -> Iterator[Path]:
    with passable_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
async def template() -> AsyncIterator[Path]:
    with passable_folder() as folder:
        async with embedded(folder / "data"):
            pass
        yield folder / "data"


@pytest.fixture
def made(template: Path, place: Path) -> Path:
    """Return a data folder that has been used before and is at rest."""
    subprocess.run(["cp", "-a", template, place], check=True)
    return place / "data"


def change_cluster(data_dir: Path, file: str, text: str) -> None:
    path = data_dir / "postgres" / file
    path.write_text(text)
    owner = path.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


async def test_it_starts_keeps_its_data_and_stops(place: Path) -> None:
    said: list[str] = []
    async with embedded(place / "data", said.append) as server:
        await ask(server.dsn, "CREATE TABLE kept AS SELECT 7 AS number")
        user = postmaster(place / "data").username()
        # Ctrl-C in a terminal goes to a whole session.
        assert os.getsid(postmaster(place / "data").pid) != os.getsid(0)
    assert not processes_in(place)
    assert said[0] == f"PostgreSQL data directory: {place / 'data'}"
    assert f"PostgreSQL runs as user {user}" in said
    assert said[-2:] == [f"PostgreSQL listens on the socket {place / 'data' / 'socket'}", "PostgreSQL stopped"]
    async with embedded(place / "data") as server:
        assert await ask(server.dsn, "SELECT number FROM kept") == 7


async def test_stopping_twice_or_without_a_start_does_nothing(made: Path) -> None:
    server = embedded(made)
    await server.stop()
    await server.start()
    assert await server.start() == server.dsn
    await server.stop()
    await server.stop()
    assert not is_running(made)
    with pytest.raises(EmbeddedError, match="not been started"):
        server.dsn  # noqa: B018 - the property raises


async def test_texts_sort_by_code_point_and_the_settings_are_ours(place: Path) -> None:
    async with embedded(place / "data") as server:
        letters = "SELECT string_agg(letter, '' ORDER BY letter) FROM unnest(ARRAY['b', 'ä', 'B', 'a', '€']) AS letter"
        assert await ask(server.dsn, letters) == "Babä€"
        settings = {"fsync": "off", "jit": "off", "TimeZone": "UTC", "log_timezone": "UTC", "max_connections": "50"}
        for name, value in settings.items():
            assert await ask(server.dsn, f"SHOW {name}") == value


async def test_the_environment_of_the_caller_does_not_reach_the_server(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"PGPORT": "7777", "PGHOST": "203.0.113.1", "PGDATA": "/", "TZ": "Asia/Tokyo"}.items():
        monkeypatch.setenv(name, value)
    async with embedded(made) as server:
        assert await ask(server.dsn, "SHOW port") == "5432"


async def test_no_network_port_is_open_and_only_the_owner_enters_the_socket(made: Path) -> None:
    async with embedded(made) as server:
        await ask(server.dsn)
        kinds = {one.family for process in processes_in(made) for one in process.net_connections(kind="all")}
        assert kinds == {socket.AF_UNIX}
        private = [made / "socket", made / "socket" / ".s.PGSQL.5432", made / "postgres", made / "postgres.log"]
        assert [path.stat().st_mode & 0o077 for path in private] == [0, 0, 0, 0]


async def test_large_parallel_queries_do_not_need_shared_memory_files(made: Path) -> None:
    async with embedded(made) as server:
        assert await ask(server.dsn, "SHOW dynamic_shared_memory_type") == "sysv"
        connection = await asyncpg.connect(server.dsn)
        await connection.execute(
            "CREATE TABLE numbers AS SELECT generate_series(1, 200000) AS n; ANALYZE numbers;"
            "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0"
        )
        query = "SELECT count(*) FROM numbers JOIN numbers AS others USING (n)"
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN (ANALYZE, COSTS OFF) {query}"))
        assert "Workers Launched" in plan
        assert await connection.fetchval(query) == 200_000
        await connection.close()


async def test_a_first_start_that_was_killed_does_not_break_the_next(place: Path) -> None:
    with User(place / "data") as user:
        await becomes_true((place / "data" / "postgres.new" / "base").exists)
        user.kill()
    async with embedded(place / "data") as server:
        assert await ask(server.dsn) == 1
    assert not (place / "data" / "postgres.new").exists()


async def test_a_half_made_folder_is_made_anew(place: Path) -> None:
    (place / "data" / "postgres.new" / "base").mkdir(parents=True)
    (place / "data" / "postgres.new" / "PG_VERSION").write_text("18\n")
    async with embedded(place / "data") as server:
        assert await ask(server.dsn) == 1


async def test_a_start_that_is_cancelled_leaves_nothing_running(place: Path) -> None:
    server = embedded(place / "data")
    task = asyncio.create_task(server.start())
    await becomes_true((place / "data" / "postgres.new" / "PG_VERSION").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await becomes_true(lambda: not processes_in(place))  # what initdb had started is killed with it
    async with server:
        assert await ask(server.dsn) == 1


@pytest.fixture
def foreign(made: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Yield a process of the server's user that is no server."""
    owner = (made / "postgres").stat().st_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "600"], cwd="/", user=owner) as process:
        yield process
        process.kill()


async def test_a_pid_file_that_names_a_foreign_process_does_not_block_the_start(
    made: Path, foreign: subprocess.Popen[bytes]
) -> None:
    text = f"{foreign.pid}\n{made / 'postgres'}\n1700000000\n5432\n{made / 'socket'}\n\n  1 2\nready\n"
    change_cluster(made, "postmaster.pid", text)
    async with embedded(made) as server:
        assert await ask(server.dsn) == 1
    assert foreign.poll() is None


@pytest.mark.parametrize("text", ["", "nonsense\n", "-1\n", "1\n"])
async def test_a_damaged_pid_file_does_not_block_the_start(made: Path, text: str) -> None:
    change_cluster(made, "postmaster.pid", text)
    async with embedded(made) as server:
        assert await ask(server.dsn) == 1


async def test_a_dead_postmaster_is_restarted(made: Path) -> None:
    said: list[str] = []
    async with embedded(made, said.append) as server:
        busy = await asyncpg.connect(server.dsn)
        query = asyncio.create_task(busy.fetch("SELECT sum(sqrt(n)) FROM generate_series(1, 1000000000) AS n"))
        await asyncio.sleep(0.2)
        dead = postmaster(made)
        dead.kill()
        with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
            await query
        await comes_back(server.dsn)
        await becomes_true(lambda: "PostgreSQL had stopped; started again" in said)
        assert not dead.is_running()
        await busy.close()
    assert not processes_in(made)


async def test_a_socket_that_was_removed_comes_back(made: Path) -> None:
    async with embedded(made) as server:
        (made / "socket" / ".s.PGSQL.5432").unlink()
        (made / "socket" / ".s.PGSQL.5432.lock").unlink()
        (made / "socket").rmdir()
        await comes_back(server.dsn)


async def test_the_watch_goes_on_after_a_failed_restart_and_says_why(made: Path) -> None:
    said: list[str] = []
    settings = (made / "postgres" / "postgresql.conf").read_text()
    async with embedded(made, said.append) as server:
        change_cluster(made, "postgresql.conf", "shared_buffers = nonsense\n")
        postmaster(made).kill()
        await becomes_true(lambda: any("tried again" in line and "nonsense" in line for line in said))
        change_cluster(made, "postgresql.conf", settings)
        await comes_back(server.dsn)


async def test_a_server_left_by_a_killed_process_is_used_and_stopped(made: Path) -> None:
    with User(made) as user:
        user.read_until("started")
        left = postmaster(made)
        user.kill()
    assert left.is_running()
    said: list[str] = []
    async with embedded(made, said.append) as server:
        assert await ask(server.dsn) == 1
        assert postmaster(made) == left
    assert "PostgreSQL was running already" in said
    assert not processes_in(made)


async def test_the_last_of_several_users_stops_the_server(place: Path) -> None:
    with User(place / "data") as first, User(place / "data") as second:
        dsns = {first.read_until("started"), second.read_until("started")}
        async with embedded(place / "data") as third:
            assert dsns == {third.dsn}
            first.leave()
            second.leave()
            assert await ask(third.dsn) == 1
    assert not processes_in(place)


async def test_a_user_that_only_attached_restarts_a_dead_postmaster(made: Path) -> None:
    with User(made) as first:
        first.read_until("started")
        async with embedded(made) as second:
            dead = postmaster(made)
            first.kill()
            dead.kill()
            await comes_back(second.dsn)
    assert not processes_in(made)


async def test_a_long_path_gets_a_short_private_socket(place: Path) -> None:
    data = place / ("a long path, with a comma" * 5) / "data"
    async with embedded(data) as server:
        folder = await socket_folder(server)
        assert folder.parent != data
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.stat().st_uid == (data / "postgres").stat().st_uid
    assert not folder.exists()


async def test_a_socket_folder_that_leads_elsewhere_is_refused(place: Path) -> None:
    data = place / ("long" * 30)
    async with embedded(data) as server:
        folder = await socket_folder(server)
    folder.symlink_to(place)
    with pytest.raises(EmbeddedError, match="remove it"):
        await embedded(data).start()
    folder.unlink()
    assert not processes_in(place)


async def test_a_folder_of_another_major_version_is_refused(made: Path) -> None:
    change_cluster(made, "PG_VERSION", "16\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 16, and this is PostgreSQL 18.*--data-dir.*--database-url"):
        await embedded(made).start()


async def test_a_foreign_folder_is_refused_and_left_alone(place: Path) -> None:
    (place / "postgres").mkdir()
    (place / "postgres" / "notes.txt").write_text("mine")
    with pytest.raises(EmbeddedError, match="not a PostgreSQL data folder"):
        await embedded(place).start()
    assert (place / "postgres" / "notes.txt").read_text() == "mine"


async def test_a_server_that_cannot_start_shows_the_end_of_its_log(made: Path) -> None:
    change_cluster(made, "postgresql.conf", "shared_buffers = nonsense\n")
    with pytest.raises(EmbeddedError, match="nonsense"):
        await embedded(made).start()
    assert not processes_in(made)


async def test_a_server_whose_folder_was_removed_is_still_stopped(made: Path) -> None:
    async with embedded(made):
        server = postmaster(made)
        shutil.rmtree(made)
    # Where nobody asks for the ends of other processes, the ended one stays in the table of processes.
    await becomes_true(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


async def test_a_file_in_place_of_the_data_folder_is_an_error_with_a_remedy(place: Path) -> None:
    (place / "data").write_text("mine")
    with pytest.raises(EmbeddedError, match="--data-dir"):
        await embedded(place / "data").start()


async def test_the_log_stays_bounded_and_keeps_its_end(made: Path) -> None:
    with (made / "postgres.log").open("a") as log:
        log.write("old line\n" * 1_500_000)
    async with embedded(made):
        assert (made / "postgres.log").stat().st_size < 2_000_000
        assert "ready to accept connections" in (made / "postgres.log").read_text()
