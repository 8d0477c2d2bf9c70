"""The statements that reach PostgreSQL while something is done."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager


class _Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.statements: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.statements.append(record.getMessage())


@contextmanager
def counted_statements() -> Iterator[list[str]]:
    """Give a list that fills with the text of each statement."""
    logger = logging.getLogger("backtest_graph.statements")
    listener = _Listener()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(listener)
    try:
        yield listener.statements
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
