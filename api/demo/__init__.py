"""Real backtests to look at: GOOG from 2004 to 2013 by five strategies, with their sweeps and walk-forward windows.

GOOG.jsonl.xz is a file that `backtest-graph import` takes as well: a document a line, as the engine wrote them.
"""

from collections import Counter
from pathlib import Path
from uuid import UUID

from api.importing.log import Say
from api.importing.paths import import_paths
from resolvers.importers.drafts import BacktestDraft
from resolvers.matching import has_walk_forward_tests
from resolvers.saving import now
from resolvers.store.database import Database

DOCUMENTS = Path(__file__).with_name("GOOG.jsonl.xz")
TAG = "demo"
LAST_RUN = UUID("d2cef6d9-04d4-54d9-b31d-0bfe0d0d02ab")
"""Gets its walk-forward windows last of all: where it has them, the demo is complete."""

DAYS = 5
"""One for each strategy."""
DAY = 24 * 60 * 60 * 1_000_000
STEP = 5 * 60 * 1_000_000
"""Between two runs of a strategy, in microseconds."""


async def load_demo(database: Database, say: Say) -> None:
    """Load the demo once; where it is there, say and write nothing. A load that was interrupted is completed."""
    if await has_walk_forward_tests(database, LAST_RUN):
        return
    lines: list[str] = []
    calendar = _Calendar(now() - DAYS * DAY)
    result = await import_paths(database, [DOCUMENTS], say=lines.append, prepare=calendar.mark, progress=False)
    for line in lines[:-1] if result.failed else ():
        say(line)
    say(f"Demo: {result}")


class _Calendar:
    """Gives the runs tags and times of saving as if one strategy had been tried a day, up to yesterday."""

    def __init__(self, start: int) -> None:
        self._start = start
        self._runs: Counter[str] = Counter()

    def mark(self, draft: BacktestDraft) -> None:
        """Complete the next run."""
        self._runs[draft.strategy] += 1
        day, number = len(self._runs) - 1, self._runs[draft.strategy]
        draft.created_at = self._start + day * DAY + number * STEP
        draft.tags = [TAG]
