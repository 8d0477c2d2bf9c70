"""What one piece of work asked of the database, counted where the statements run."""

from collections.abc import Awaitable
from contextvars import ContextVar
from time import perf_counter
from typing import TypeVar

Result = TypeVar("Result")


class Tally:
    """The statements of one piece of work, the seconds they took together, and the runs it saved."""

    __slots__ = ("created", "refused", "repeated", "seconds", "statements", "trades")

    def __init__(self) -> None:
        self.statements = 0
        self.seconds = 0.0
        self.created = self.repeated = self.refused = self.trades = 0

    def add(self, text: str, seconds: float) -> None:  # noqa: ARG002 - for those who keep the text
        """Count a statement that has just ended."""
        self.statements += 1
        self.seconds += seconds


tally: ContextVar[Tally | None] = ContextVar("tally", default=None)
"""The tally of the work that runs; tasks that it starts count there, too."""


async def counted(text: str, running: Awaitable[Result]) -> Result:
    """Return what a statement gives, and count it, also where it fails."""
    counting = tally.get()
    if counting is None:
        return await running
    started = perf_counter()
    try:
        return await running
    finally:
        counting.add(text, perf_counter() - started)
