"""A progress bar for whoever looks on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Advance = Callable[[int], None]
"""Told the bytes that are read so far."""


@contextmanager
def show_progress(total: int) -> Iterator[Advance]:
    """Show how many bytes of the total are read, how fast, and how long it still takes; only on a terminal.

    What is written to sys.stderr meanwhile appears above the bar.
    """
    console = Console(stderr=True)
    columns = (TextColumn("Importing"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=total)
        yield lambda position: progress.update(task, completed=position)


@contextmanager
def show_nothing(_total: int) -> Iterator[Advance]:
    """Stand in for a progress bar where nobody looks on."""
    yield lambda _position: None
