"""A small disk of its own, where the system lets us mount one."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.resolvers.store.servers import passable_folder, processes_in

_BLOCK = bytes(2**16)


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """Give a disk of so many megabytes; the test is skipped where none can be mounted."""
    with passable_folder() as folder:
        disk = folder / "disk"
        disk.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(disk)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"no disk can be mounted here: {getattr(error, 'stderr', '') or error}")
        try:
            yield disk
        finally:
            for process in processes_in(disk):
                process.kill()
                process.wait(10)
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(disk: Path) -> Path:
    """Fill a disk to its last page; return the file that does."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(_BLOCK):
            pass
    return ballast


def make_read_only(disk: Path) -> None:
    """Forbid all writing to a disk."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
