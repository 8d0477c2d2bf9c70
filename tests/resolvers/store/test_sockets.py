import os
from pathlib import Path

import pytest

from resolvers.store.accounts import Account
from resolvers.store.folders import EmbeddedError
from resolvers.store.sockets import choose_socket_folder, make_private, socket_dsn

OURSELVES = Account(os.geteuid(), os.getegid(), "ourselves", switch=False)
SOMEBODY = Account(os.geteuid() + 1, os.getegid(), "somebody", switch=False)


def test_an_ordinary_path_keeps_the_socket_beside_the_data() -> None:
    assert choose_socket_folder(Path("/srv/back-tests_1"), OURSELVES) == Path("/srv/back-tests_1/socket")


@pytest.mark.parametrize("name", ["long" * 30, "a, b", "two words", 'a"quote', "späť"])
def test_the_short_folder_depends_on_the_data_folder_and_the_user(name: str) -> None:
    paths = [Path("/srv") / name, Path("/srv") / name / "x"]
    folders = {choose_socket_folder(path, user) for path in paths for user in (OURSELVES, SOMEBODY)}
    assert len(folders) == 4
    assert all(folder.name.startswith("backtest-graph-") for folder in folders)


def test_the_folder_of_the_url_is_quoted() -> None:
    assert socket_dsn(Path("/a+b/c"), "runs") == "postgresql://postgres@/runs?host=%2Fa%2Bb%2Fc&port=5432"


def test_a_private_folder_is_made_once_and_then_used_again(tmp_path: Path) -> None:
    for _ in range(2):
        make_private(tmp_path / "socket", OURSELVES)
        assert (tmp_path / "socket").stat().st_mode & 0o777 == 0o700


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "socket").symlink_to(tmp_path)
    with pytest.raises(EmbeddedError, match="remove it"):
        make_private(tmp_path / "socket", OURSELVES)


def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "socket").mkdir(mode=0o700)
    with pytest.raises(EmbeddedError, match="belongs to"):
        make_private(tmp_path / "socket", SOMEBODY)


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "socket").mkdir()
    (tmp_path / "socket").chmod(0o711)
    with pytest.raises(EmbeddedError, match="Others can enter"):
        make_private(tmp_path / "socket", OURSELVES)
