"""The files of backups: written whole or not at all, for their owner only."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from resolvers.store.dumps import ArchiveError
from resolvers.store.folders import sync_folder

PIPE = Path("-")


@contextmanager
def new_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give an empty file beside a path, which gets that name when the block ends well.

    Raises:
        ArchiveError: it is there already, or cannot be written; nothing is left of it then.
    """
    path = path.resolve()
    _check_free(path, overwrite=overwrite)
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)  # for us only
    except OSError as error:
        raise ArchiveError(f"{path} cannot be written: {error.strerror}.") from error
    os.close(descriptor)
    unfinished = Path(name)
    try:
        yield unfinished
        _check_free(path, overwrite=overwrite)
        unfinished.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def readable_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file that can be read more than once; raises ArchiveError where there is none."""
    try:
        with tempfile.TemporaryFile() if path == PIPE else path.open("rb") as file:
            if path == PIPE:
                shutil.copyfileobj(sys.stdin.buffer, file)
                file.flush()
            yield file
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}.") from error


def size(count: int) -> str:
    """Return a number of bytes in words."""
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"  # noqa: PLR2004 - one tenth of a MB


def _check_free(path: Path, *, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise ArchiveError(f"{path} is not a file.")
    if path.exists() and not overwrite:
        raise ArchiveError(f"{path} is there already: choose another name, or write over it with --overwrite.")
