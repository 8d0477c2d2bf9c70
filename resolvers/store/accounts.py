"""The system user an embedded server runs as: ourselves, or for root, which PostgreSQL refuses, one without rights."""

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from resolvers.store.folders import EmbeddedError, user_name

SYSTEM_USER = "backtest-graph"
_FALLBACK_USER = "nobody"
_SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Account:
    """Say who runs the server; `switch` where we are root and must become that user first."""

    uid: int
    gid: int
    name: str
    switch: bool

    @property
    def process_options(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this user, in a session and with an environment of its own."""
        # Nothing is inherited: PGPORT, TZ or LC_ALL of the caller would change what the server does.
        options: dict[str, Any] = {
            "cwd": "/",
            "env": {"PATH": _SYSTEM_PATH, "LC_ALL": "C"},
            "stdin": subprocess.DEVNULL,
            "start_new_session": True,
        }
        return options | {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else options

    def own(self, path: Path) -> None:
        """Hand a folder that we have just made to this user."""
        if not self.switch:
            return
        try:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)
        except OSError as error:
            raise EmbeddedError(
                f"PostgreSQL refuses to run as root, and {path} cannot be given to the user {self.name} ({error}): "
                "run as an ordinary user, or use a server of your own with --database-url."
            ) from error


def choose_account(cluster: Path, say: Callable[[str], None]) -> Account:
    """Choose the user the server of a cluster runs as, and say who it is.

    As root it is the owner of an existing cluster, else the system user `backtest-graph`, made where it is missing.
    """
    if os.geteuid() != 0:
        account = _ourselves(cluster)
    elif cluster.exists():
        account = _owner(cluster)
    else:
        account = _system_user(say)
    say(f"PostgreSQL runs as user {account.name}")
    return account


def obstacle(path: Path, account: Account) -> Path | None:
    """Return the first folder on the way to `path` which the account may not enter, or None."""
    folders = (*reversed(path.parents), path)
    return next((folder for folder in folders if not may_read_and_enter(folder, account, enter_only=True)), None)


def may_read_and_enter(path: Path, account: Account, *, enter_only: bool = False) -> bool:
    """Return whether the permission bits let the account read and enter (or run) a path."""
    status = path.stat()
    shift = 6 if status.st_uid == account.uid else 3 if status.st_gid == account.gid else 0
    wanted = 0o1 if enter_only else 0o5
    return (status.st_mode >> shift) & wanted == wanted


def _ourselves(cluster: Path) -> Account:
    uid = os.geteuid()
    if not cluster.exists():
        _require_name(uid)
    elif (owner := cluster.stat().st_uid) != uid:
        raise EmbeddedError(
            f"{cluster} belongs to the user {user_name(owner)}: run as that user, "
            "or choose another folder with --data-dir."
        )
    return Account(uid, os.getegid(), user_name(uid), switch=False)


def _require_name(uid: int) -> None:
    if user_name(uid) == str(uid):
        raise EmbeddedError(
            f"The user id {uid} has no name on this system, and PostgreSQL makes no data folder without one: "
            "run as a user that has a name, or use a server of your own with --database-url."
        )


def _owner(cluster: Path) -> Account:
    status = cluster.stat()
    if status.st_uid == 0:
        raise EmbeddedError(
            f"{cluster} belongs to root, and PostgreSQL refuses to run as root: give the folder to another user "
            f"(chown -R {SYSTEM_USER} {cluster}), or choose another one with --data-dir."
        )
    name = user_name(status.st_uid)
    entry = _find_user(name)
    return Account(status.st_uid, entry.pw_gid if entry else status.st_gid, name, switch=True)


def _system_user(say: Callable[[str], None]) -> Account:
    entry = _find_user(SYSTEM_USER) or _make_user(say)
    if entry is None:
        say(f"PostgreSQL refuses to run as root; without a user {SYSTEM_USER} it is run as {_FALLBACK_USER}")
        entry = _find_user(_FALLBACK_USER)
    if entry is None or entry.pw_uid == 0:
        raise EmbeddedError(
            f"PostgreSQL refuses to run as root, and there is neither a user {SYSTEM_USER} nor {_FALLBACK_USER}: "
            f"make one (useradd --system {SYSTEM_USER}), run as an ordinary user, "
            "or use a server of your own with --database-url."
        )
    return Account(entry.pw_uid, entry.pw_gid, entry.pw_name, switch=True)


def _find_user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_user(say: Callable[[str], None]) -> pwd.struct_passwd | None:
    program = shutil.which("useradd", path=_SYSTEM_PATH)
    if program is None:
        return None
    options = ["--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false"]
    # Two programs useradd at once both succeed, and the second takes the number of the first away.
    lock = os.open("/etc", os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _find_user(SYSTEM_USER) is None:
            subprocess.run([program, *options, SYSTEM_USER], capture_output=True, check=True)  # noqa: S603 - our words
            say(f"PostgreSQL refuses to run as root; made the system user {SYSTEM_USER} for it")
    except subprocess.CalledProcessError as error:
        say(f"The system user {SYSTEM_USER} cannot be made: {error.stderr.decode(errors='replace').strip()}")
    finally:
        os.close(lock)
    return _find_user(SYSTEM_USER)
