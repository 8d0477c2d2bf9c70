"""The data folder of an embedded server: what lies where in it, private files, locks that vanish with their holder."""

import asyncio
import fcntl
import os
import pwd
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import platformdirs

_POLL_SECONDS = 0.1
_LOG_LIMIT = 10_000_000
_LOG_KEPT = 1_000_000


class EmbeddedError(Exception):
    """The embedded PostgreSQL cannot be used; the message says why and what helps."""


@dataclass(frozen=True)
class DataFolder:
    """Name what lies in a data folder."""

    path: Path

    @property
    def cluster(self) -> Path:
        """What PostgreSQL calls its data directory; complete whenever it exists."""
        return self.path / "postgres"

    @property
    def unfinished(self) -> Path:
        """The cluster while it is being made."""
        return self.path / "postgres.new"

    @property
    def log(self) -> Path:
        """What the server and initdb print."""
        return self.path / "postgres.log"

    @property
    def start_lock(self) -> Path:
        """Held while somebody makes, starts or stops the server."""
        return self.path / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by everybody who uses the server, for as long as they do."""
        return self.path / "users.lock"

    @property
    def server_lock(self) -> Path:
        """Held by the server's own processes, so that it is free only when all of them are gone."""
        return self.path / "server.lock"


def default_data_dir() -> Path:
    """Return the data folder to use when none is named: one that the server's own user can reach."""
    if os.geteuid() == 0:
        return Path("/var/lib/backtest-graph")
    return platformdirs.user_data_path("backtest-graph")


def user_name(uid: int) -> str:
    """Return the name of a user, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def make_data_dir(path: Path) -> None:
    """Make the data folder where it is missing: private, or for root passable by the server's own user."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755 if os.geteuid() == 0 else 0o700)


def open_private(path: Path, flags: int = 0) -> int:
    """Open or create a file for its owner only and return its descriptor; a symbolic link is refused."""
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)
    except PermissionError as error:
        owner = user_name((path if path.exists() else path.parent).stat().st_uid)
        raise EmbeddedError(
            f"{path} belongs to the user {owner}: run as that user, or choose another folder with --data-dir."
        ) from error


def sync_folder(folder: Path) -> None:
    """Have what was renamed or made in a folder outlive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def try_lock(descriptor: int, operation: int) -> bool:
    """Take a lock (`fcntl.LOCK_SH` or `LOCK_EX`) if it is free now."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@asynccontextmanager
async def exclusively(path: Path, *, seconds: float) -> AsyncIterator[int]:
    """Hold a lock file and yield its descriptor; a child which inherits that keeps the lock as long as it runs.

    Raises:
        TimeoutError: Others held it all the `seconds`.
    """
    descriptor = open_private(path)
    try:
        deadline = time.monotonic() + seconds
        while not try_lock(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is locked by another process")
            await asyncio.sleep(_POLL_SECONDS)
        yield descriptor
    finally:
        os.close(descriptor)


def open_log(path: Path) -> int:
    """Open a log for appending."""
    return open_private(path, os.O_APPEND)


def trim_log(path: Path) -> None:
    """Keep only the end of a log that has grown beyond 10 MB; a server may be writing to it."""
    descriptor = open_log(path)
    try:
        size = os.fstat(descriptor).st_size
        if size > _LOG_LIMIT:
            kept = os.pread(descriptor, _LOG_KEPT, size - _LOG_KEPT)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, kept)
    finally:
        os.close(descriptor)


def log_tail(path: Path, *, since: int = 0, lines: int = 12) -> str:
    """Return the last lines written to a log after its first `since` bytes."""
    descriptor = open_log(path)
    try:
        size = os.fstat(descriptor).st_size
        start = max(since if since <= size else 0, size - 65_536)
        text = os.pread(descriptor, size - start, start).decode(errors="replace")
    finally:
        os.close(descriptor)
    return "\n".join(text.splitlines()[-lines:])
