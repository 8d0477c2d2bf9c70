"""One PostgreSQL cluster: make it, find who runs it, launch and end its server."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from resolvers.store.accounts import Account
from resolvers.store.binaries import MAJOR
from resolvers.store.folders import DataFolder, EmbeddedError, log_tail, open_log, sync_folder

_DELETED = " (deleted)"
_LEAST_BYTES = 100 * 2**20
"""What a new cluster needs: initdb writes 40 MB, and the first minutes some logs of 16 MB each."""
_FAST_SECONDS = 3.5
_IMMEDIATE_SECONDS = 1.5
# The default on Linux, files in /dev/shm, fails where that is 64 MB small, as in containers.
_SHARED_MEMORY = {"dynamic_shared_memory_type": "sysv"} if sys.platform == "linux" else {}
# Written to postgresql.conf when the cluster is made, where their owner may change them.
_FIRST_SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "50",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def cluster_exists(cluster: Path) -> bool:
    """Return whether the cluster has been made; refuse a foreign folder and another major version.

    Raises:
        EmbeddedError: The folder is not ours to use.
    """
    if not cluster.exists() or not any(cluster.iterdir()):
        return False
    version = cluster / "PG_VERSION"
    if not version.exists():
        raise EmbeddedError(
            f"{cluster} is not a PostgreSQL data folder: move it away, or choose another folder with --data-dir."
        )
    found = version.read_text().strip()
    if found != str(MAJOR):
        raise EmbeddedError(
            f"{cluster} was made by PostgreSQL {found}, and this is PostgreSQL {MAJOR}: move the data with the pg_dump "
            f"of {found} into a new folder (--data-dir), or keep a PostgreSQL {found} of your own (--database-url)."
        )
    return True


async def make_cluster(folder: DataFolder, account: Account, binaries: Path, lock: int) -> None:
    """Make the cluster beside its place, then move it there: an interruption leaves nothing that anyone would use.

    `lock` is the descriptor of the start lock; initdb inherits it, so that nobody removes the folder it writes to.
    """
    unfinished = folder.unfinished
    if unfinished.exists():
        shutil.rmtree(unfinished)
    _check_room(folder.path)
    unfinished.mkdir(mode=0o700)
    account.own(unfinished)
    command: list[str | Path] = [
        binaries / "initdb",
        "-D",
        unfinished,
        "-U",
        "postgres",
        "-A",
        "trust",
        "--no-instructions",
    ]
    # Texts sort by code point, the same on every system.
    command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += [f"--set={name}={value}" for name, value in {**_SHARED_MEMORY, **_FIRST_SETTINGS}.items()]
    since = folder.log.stat().st_size if folder.log.exists() else 0
    if await _finish(_spawn(command, folder.log, account, lock)) != 0:
        tail = log_tail(folder.log, since=since)
        raise EmbeddedError(
            f"PostgreSQL could not make its data folder in {folder.path}; {folder.log} ends with:\n{tail}"
        )
    unfinished.rename(folder.cluster)
    sync_folder(folder.path)


def _check_room(path: Path) -> None:
    free = shutil.disk_usage(path).free
    if free < _LEAST_BYTES:
        raise EmbeddedError(
            f"The disk of {path} has {free >> 20} MB left, and a new data folder needs {_LEAST_BYTES >> 20}: "
            "make room, or choose another folder with --data-dir."
        )


def launch(
    folder: DataFolder, account: Account, *, binaries: Path, socket: Path, settings: Mapping[str, str], lock: int
) -> subprocess.Popen[bytes]:
    """Launch the server; it inherits the descriptor of the server lock. It listens on its socket only."""
    fixed = {
        "listen_addresses": "",
        "unix_socket_directories": str(socket),
        "unix_socket_permissions": "0700",
        "port": "5432",
    }
    command: list[str | Path] = [binaries / "postgres", "-D", folder.cluster]
    for name, value in {**_SHARED_MEMORY, **fixed, **settings}.items():
        command += ["-c", f"{name}={value}"]
    process = _spawn(command, folder.log, account, lock)
    # Whoever stops the server, and whenever: no zombie remains of it.
    threading.Thread(target=process.wait, name="reap-postgres", daemon=True).start()
    return process


def find_server(cluster: Path) -> psutil.Process | None:
    """Return the living postmaster of a cluster. That a pid is in its pid file alone proves nothing."""
    try:
        process = psutil.Process(abs(int(_pid_file_lines(cluster)[0])))
        if process.status() != psutil.STATUS_ZOMBIE and _belongs(process.name(), process.cwd(), cluster):
            return process
    except (IndexError, ValueError, psutil.Error):
        pass
    return None


def find_socket_folder(cluster: Path) -> Path | None:
    """Return where the server of a cluster listens, or None if it does not say so (yet)."""
    lines = _pid_file_lines(cluster)
    return Path(lines[4]) if len(lines) > 4 and lines[4] else None  # noqa: PLR2004 - the fifth line of postmaster.pid


def kill_orphans(cluster: Path) -> None:
    """End the children of a dead postmaster, which would go on with their queries and block its successor.

    Only under the start lock, and only when `find_server` finds nothing.
    """
    for process in psutil.process_iter(["name", "cwd"]):
        if _belongs(process.info["name"], process.info["cwd"], cluster):
            with suppress(psutil.NoSuchProcess):
                process.kill()


def remove_pid_file(cluster: Path) -> None:
    """Remove the pid file of a server that is surely gone, since its pid may have been given to another program."""
    (cluster / "postmaster.pid").unlink(missing_ok=True)


async def end_server(process: psutil.Process, cluster: Path) -> None:
    """Stop a server: ask it to finish, then to leave at once (the next start recovers), then kill it."""
    for number, seconds in ((signal.SIGINT, _FAST_SECONDS), (signal.SIGQUIT, _IMMEDIATE_SECONDS)):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(number)
        if await _has_ended(process, seconds):
            return
    with suppress(psutil.NoSuchProcess):
        process.kill()
    kill_orphans(cluster)


async def _has_ended(process: psutil.Process, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(psutil.NoSuchProcess):
            if process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
                await asyncio.sleep(0.02)
                continue
        return True
    return False


def _belongs(name: str, cwd: str | None, cluster: Path) -> bool:
    return name == "postgres" and cwd is not None and cwd.removesuffix(_DELETED) == str(cluster)


def _pid_file_lines(cluster: Path) -> list[str]:
    try:
        return (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _spawn(command: list[str | Path], log: Path, account: Account, lock: int) -> subprocess.Popen[bytes]:
    output = open_log(log)
    try:
        return subprocess.Popen(  # noqa: S603 - a program of the wheel, without a shell
            command, stdout=output, stderr=output, pass_fds=(lock,), **account.process_options
        )
    except (PermissionError, subprocess.SubprocessError) as error:
        raise EmbeddedError(
            f"PostgreSQL cannot be run as the user {account.name} ({error}): run as an ordinary user, "
            "or use a server of your own with --database-url."
        ) from error
    finally:
        os.close(output)


async def _finish(process: subprocess.Popen[bytes]) -> int:
    try:
        return await asyncio.to_thread(process.wait)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
