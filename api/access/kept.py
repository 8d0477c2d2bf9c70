"""Answers kept in memory for some seconds."""

from collections import OrderedDict
from time import monotonic
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Kept(Generic[Answer]):
    """The last answers by keys, at most so many and each for so many seconds."""

    def __init__(self, *, seconds: float, most: int) -> None:
        self._seconds = seconds
        self._most = most
        self._answers: OrderedDict[bytes, tuple[float, Answer]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._answers)

    def find(self, key: bytes) -> Answer | None:
        """Return the answer, None where it is not kept or too old."""
        found = self._answers.get(key)
        return found[1] if found is not None and monotonic() < found[0] else None

    def keep(self, key: bytes, answer: Answer) -> None:
        """Keep an answer from now on, in the place of the oldest one where there is no room."""
        self._answers[key] = (monotonic() + self._seconds, answer)
        self._answers.move_to_end(key)
        if len(self._answers) > self._most:
            self._answers.popitem(last=False)
