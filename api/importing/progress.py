"""A progress bar for whoever looks on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

Advance = Callable[[int, int], None]
"""Told the documents and the bytes that are read so far."""


@contextmanager
def show_progress(total: int | None) -> Iterator[Advance]:
    """Show how much is read of the total, if it is known, how fast, and how long it still takes; only on a terminal.

    What is written to sys.stderr meanwhile appears above the bar.
    """
    console = Console(stderr=True)
    documents = TextColumn("{task.fields[documents]:,} documents")
    size = (DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    columns = (TextColumn("Importing"), BarColumn(bar_width=None), documents, *size)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=total, documents=0)
        yield lambda count, position: progress.update(task, documents=count, completed=position)


@contextmanager
def show_nothing(_total: int | None) -> Iterator[Advance]:
    """Stand in for a progress bar where nobody looks on."""
    yield lambda _count, _position: None
