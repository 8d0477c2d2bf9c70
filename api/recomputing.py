"""`backtest-graph recompute`: compute the runs that are stored, also while the service runs."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from shlex import quote
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from api.settings import Settings, settings_options
from api.storage import Say, open_database
from resolvers.recomputing import count_runs, has_runs_of_before, recompute_next
from resolvers.store.database import Database

Run = Callable[[Coroutine[Any, Any, Any]], Any]


def recompute_command(run: Run, say: Say) -> click.Command:
    """Return the command; run: runs something to its end, say: tells the user what happens."""

    @click.command()
    @click.option("--all", "everything", is_flag=True, help="Every run, not only those that are not computed yet.")
    @settings_options("database_url", "data_dir")
    def recompute(everything: bool, **given: Any) -> None:
        """Compute the metrics of stored runs from their curves and trades, also while the service runs.

        What was reported stays as it is. Safe to stop and to repeat: what is done is done.
        """
        run(_recompute(Settings(**given), say, everything=everything))

    return recompute


async def say_whether_runs_wait(database: Database, settings: Settings, say: Say) -> None:
    """Tell how runs are computed that were stored before anything was."""
    if await has_runs_of_before(database):
        where = f"--data-dir {quote(str(settings.data_dir))}" if settings.database_url is None else "--database-url …"
        say(f"Some runs are not computed yet, so they have no computed metrics: backtest-graph recompute {where}")


async def _recompute(settings: Settings, say: Say, *, everything: bool) -> None:
    async with open_database(settings, say) as database:
        await recompute_runs(database, say, everything=everything)


async def recompute_runs(database: Database, say: Say, *, everything: bool = False) -> None:
    """Compute runs batch by batch and tell how many, even where an error or the user ends it."""
    done, last = 0, None
    try:
        with _showing(await count_runs(database, everything=everything)) as advance:
            while batch := await recompute_next(database, last, everything=everything):
                done, last = done + batch.runs, batch.last
                advance(done)
    finally:
        say(f"{done:,} {'run' if done == 1 else 'runs'} computed")


@contextmanager
def _showing(total: int) -> Iterator[Callable[[int], None]]:
    """Show how many runs are done, and how long the rest takes; only on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("Computing"), BarColumn(bar_width=None), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda done: progress.update(task, completed=done)
