"""The folder of an embedded server's socket, which only the server's user and root can enter."""

import hashlib
import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from resolvers.store.accounts import Account, obstacle
from resolvers.store.folders import EmbeddedError, user_name

PORT = 5432
_FILE = f".s.PGSQL.{PORT}"
# The system's limit for the path of a socket is 107 bytes on Linux and 103 on macOS.
_LIMIT = 103 - len(f"/{_FILE}")
# PostgreSQL and asyncpg both split lists of folders at commas; anything unusual goes to the short folder instead.
_PLAIN = re.compile(r"/[A-Za-z0-9/._+-]*")


def socket_dsn(folder: Path, database: str) -> str:
    """Return the connection URL of a database behind the socket in a folder."""
    return f"postgresql://postgres@/{database}?host={quote(str(folder), safe='')}&port={PORT}"


def socket_exists(folder: Path) -> bool:
    """Return whether a server has made its socket in a folder."""
    return (folder / _FILE).exists()


def choose_socket_folder(data_dir: Path, account: Account) -> Path:
    """Return the place for the socket: in the data folder, or a short private one where that path is too long."""
    folder = data_dir / "socket"
    if _fits(folder):
        return folder
    identity = hashlib.sha256(f"{data_dir}:{account.uid}".encode()).hexdigest()[:16]
    for place in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve(), Path("/var/tmp")):  # noqa: S108 - see make_private
        short = place / f"backtest-graph-{identity}"
        if _fits(short) and place.is_dir() and obstacle(place, account) is None:
            return short
    raise EmbeddedError(f"The path {data_dir} is too long for a socket: choose a shorter one with --data-dir.")


def make_private(folder: Path, account: Account) -> None:
    """Make a folder for the account alone; one that somebody else has made or can enter is refused."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        account.own(folder)
    status = folder.lstat()
    if status.st_uid == 0 and account.switch and stat.S_ISDIR(status.st_mode):
        account.own(folder)  # we were interrupted between the two lines above
    elif not stat.S_ISDIR(status.st_mode) or status.st_uid != account.uid:
        raise EmbeddedError(
            f"{folder}, the place of the socket, belongs to {user_name(status.st_uid)} or is no folder: "
            "remove it, or choose another folder with --data-dir."
        )
    if stat.S_IMODE(folder.lstat().st_mode) & 0o077:
        raise EmbeddedError(f"Others can enter {folder}, the place of the socket: remove it, or close it (chmod 700).")


def remove_short(folder: Path, data_dir: Path) -> None:
    """Remove the socket's folder where it lies outside of the data folder and is empty."""
    if folder.parent != data_dir:
        with suppress(OSError):
            folder.rmdir()


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder)) <= _LIMIT and _PLAIN.fullmatch(str(folder)) is not None
