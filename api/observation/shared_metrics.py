"""The folder in which several workers keep their metrics."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client.multiprocess import mark_process_dead

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client learns of the folder when it is loaded."""


@contextmanager
def metrics_folder() -> Iterator[Path]:
    """Give a folder that only this user may enter, removed at the end."""
    with TemporaryDirectory(prefix="backtest-graph-metrics-") as folder:
        yield Path(folder)


def forget_worker(folder: Path, pid: int) -> None:
    """Remove the gauges of a worker that has ended; what it counted stays."""
    mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]  # the package has no types
