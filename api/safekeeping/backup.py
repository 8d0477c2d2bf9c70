"""Write a backup: one snapshot of the database, taken while others go on reading and saving."""

import sys
from pathlib import Path

from api.safekeeping.files import PIPE, new_file, size
from api.settings import Settings
from api.storage import Say, open_server
from migrations.history import refuse_newer
from resolvers.store.dumps import ArchiveError, write_archive
from resolvers.store.folders import DataFolder
from resolvers.store.snapshots import Snapshot, hold_snapshot
from resolvers.store.tables import backtest_changes


async def back_up(settings: Settings, path: Path, say: Say, *, overwrite: bool) -> None:
    """Write a backup to a file, or to what is piped out; the rows of `backtest_changes` are not part of it.

    Raises:
        ArchiveError, Behind, EmbeddedError, Unavailable: it cannot be made, and there is no file.
    """
    if settings.database_url is None and not DataFolder(settings.data_dir).cluster.exists():
        raise ArchiveError(f"There is no database in {settings.data_dir}: name its folder with --data-dir.")
    if path == PIPE:
        if sys.stdout.isatty():
            raise ArchiveError("A backup is nothing for a terminal: name a file, or pipe it into a program.")
        snapshot, length = await _write(settings, None, say), ""
    else:
        with new_file(path, overwrite=overwrite) as file:
            snapshot = await _write(settings, file, say)
            length = f", {size(file.stat().st_size)}"
    say(f"Backed up {in_words(snapshot.runs)} of revision {snapshot.revision} to {path}{length}")


def in_words(runs: int) -> str:
    """Return a number of runs in words."""
    return "1 run" if runs == 1 else f"{runs:,} runs"


async def _write(settings: Settings, file: Path | None, say: Say) -> Snapshot:
    # The transaction ids in them mean nothing in another cluster.
    without = [backtest_changes.name]
    async with open_server(settings, say) as dsn, hold_snapshot(dsn) as snapshot:
        refuse_newer(snapshot.revision, "The database")
        await write_archive(dsn, file, schema=snapshot.schema, snapshot=snapshot.name, without=without)
    return snapshot
