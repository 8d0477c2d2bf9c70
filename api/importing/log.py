"""What is told of an import: a line for each failure, the warnings, and what became of it all."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from resolvers.importers.drafts import Kind, Notice, Path, Problem

Say = Callable[[str], None]

MOST_WARNINGS = 20
"""So many different warnings are told, each at its first place; all are counted."""

NAMES: dict[Kind, tuple[str, str]] = {
    "BACKTEST": ("run", "runs"),
    "OPTIMIZATION": ("optimization", "optimizations"),
    "WALK_FORWARD": ("walk-forward analysis", "walk-forward analyses"),
}


@dataclass(slots=True)
class ImportResult:
    """Counts of documents: stored now by kind, stored before, failed; and of warnings about those stored now."""

    stored: Counter[Kind] = field(default_factory=Counter)
    already_there: int = 0
    failed: int = 0
    warnings: int = 0

    def __str__(self) -> str:
        kinds = [kind for kind in NAMES if self.stored[kind] or kind == "BACKTEST"]
        stored = ", ".join(_count(self.stored[kind], *NAMES[kind]) for kind in kinds)
        warnings = f", {_count(self.warnings, 'warning', 'warnings')}" if self.warnings else ""
        return f"{stored} stored, {self.already_there} already there, {self.failed} failed{warnings}"


class ImportLog:
    """Counts what becomes of documents and says what a reader has to know."""

    def __init__(self, say: Say) -> None:
        self.result = ImportResult()
        self._say = say
        self._warned: set[tuple[str, ...]] = set()

    def note_stored(self, place: str, kind: Kind, notices: Sequence[Notice]) -> None:
        """Count a document that was stored now."""
        self.result.stored[kind] += 1
        self.result.warnings += len(notices)
        for notice in notices:
            self._warn(place, notice)

    def note_already_there(self) -> None:
        """Count a document that was stored before."""
        self.result.already_there += 1

    def note_failed(self, place: str, problems: Sequence[Problem]) -> None:
        """Count a document that was not stored, and say why."""
        self.result.failed += 1
        first, *others = problems
        more = f" (and {_count(len(others), 'more problem', 'more problems')})" if others else ""
        self._say(f"{place}: {_describe(first.path, first.message)}{more}")

    def _warn(self, place: str, notice: Notice) -> None:
        """Say a warning once for all documents, and for all rows of a list."""
        key = (notice.code, *(word for word in notice.path if not word.isdigit()))
        if key not in self._warned and len(self._warned) < MOST_WARNINGS:
            self._warned.add(key)
            self._say(f"{place}: warning: {_describe(notice.path, notice.message)}")


def _describe(path: Path, message: str) -> str:
    return f"{'.'.join(path)}: {message}" if path else message


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
