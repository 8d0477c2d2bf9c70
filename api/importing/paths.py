"""Import engines' documents from files and folders."""

from collections import deque
from collections.abc import Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import orjson

from api.importing.documents import Item, Prepare, Waiting, read_batches
from api.importing.files import find_files, read_files, total_size
from api.importing.log import ImportLog, ImportResult, Say
from api.importing.progress import show_nothing, show_progress
from resolvers.backtest_changes import save_backtests
from resolvers.importers.drafts import Kind, OptimizationDraft, Problem, WalkForwardDraft
from resolvers.importers.registry import extract_optimization, extract_walk_forward
from resolvers.matching import best_parameters, find_run_of_optimization, find_run_of_walk_forward, says_its_run
from resolvers.optimization_changes import save_optimization
from resolvers.saving import Outcome
from resolvers.store.database import Database
from resolvers.walk_forward_changes import WindowsOutcome, save_walk_forward_tests

MOST_NEAR = 10_000
"""So many of the latest runs of an import come first when its sweeps look for their runs."""

NO_NAMES = "It does not say its symbol and strategy: name its run with --backtest ID."


async def import_paths(
    database: Database,
    paths: Sequence[Path],
    *,
    say: Say,
    backtest_id: UUID | None = None,
    prepare: Prepare | None = None,
    progress: bool = True,
) -> ImportResult:
    """Store the documents of files and folders and return their counts; what is stored already stays as it is.

    All runs come first. A sweep then goes to the run with its best parameters, and walk-forward windows to an optimized
    run of their symbol and strategy, unless backtest_id says the run of all. say is given a line for each failure, with
    file and line, one for each kind of warning, and the counts at last, even where an error ends the import.

    Raises:
        Unavailable: the database cannot be reached; what was stored until then stays.
    """
    log = ImportLog(say)
    files, unlisted = find_files(paths)
    show = show_progress if progress else show_nothing
    try:
        async with AsyncExitStack() as stack:
            work = _Import(database, log, stack.enter_context(Waiting()), stack.enter_context(Waiting()), backtest_id)
            await work.take([Item(found=each, problems=[Problem(each.problem or "", ())]) for each in unlisted])
            with show(total_size(files)) as advance:
                batches = await stack.enter_async_context(aclosing(read_batches(read_files(files), prepare)))
                count = 0
                async for batch in batches:
                    await work.take(batch)
                    count += len(batch)
                    advance(count, batch[-1].found.position)
                await work.finish()
    finally:
        say(str(log.result))
    return log.result


@dataclass(slots=True)
class _Import:
    """One import under way: what was told of it, and what waits until all its runs are stored."""

    database: Database
    log: ImportLog
    sweeps: Waiting
    analyses: Waiting
    backtest_id: UUID | None
    near: deque[UUID] = field(default_factory=lambda: deque(maxlen=MOST_NEAR))

    async def take(self, batch: Sequence[Item]) -> None:
        """Store the runs of a batch and put the rest off."""
        drafts = [item.draft for item in batch if item.draft]
        outcomes = iter(await save_backtests(self.database, drafts) if drafts else ())
        for item in batch:
            if item.problems:
                self.log.note_failed(item.found.place, item.problems)
            elif item.draft:
                self._note_run(item.found.place, next(outcomes))
            else:
                (self.sweeps if item.kind == "OPTIMIZATION" else self.analyses).put(item.found)

    async def finish(self) -> None:
        """Store what was put off: sweeps first, since analyses go to runs that have one."""
        for place, document in self.sweeps:
            await self._save_sweep(place, extract_optimization(document, root=()))
        for place, document in self.analyses:
            await self._save_analysis(place, extract_walk_forward(document, root=()))

    def _note_run(self, place: str, outcome: Outcome) -> None:
        if outcome.id:
            self.near.append(outcome.id)
        self._note(place, "BACKTEST", outcome, created=outcome.created)

    def _note(self, place: str, kind: Kind, outcome: Outcome | WindowsOutcome, *, created: bool) -> None:
        if outcome.problems:
            self.log.note_failed(place, outcome.problems)
        elif created:
            self.log.note_stored(place, kind, outcome.notices)
        else:
            self.log.note_already_there()

    async def _save_sweep(self, place: str, draft: OptimizationDraft) -> None:
        run = self.backtest_id or await find_run_of_optimization(self.database, draft, near=self.near)
        if run is None:
            self.log.note_failed(place, [Problem(_no_run(draft, _with_parameters(draft)), ())])
            return
        outcome = await save_optimization(self.database, run, draft)
        self._note(place, "OPTIMIZATION", outcome, created=outcome.created)

    async def _save_analysis(self, place: str, draft: WalkForwardDraft) -> None:
        run = self.backtest_id or await find_run_of_walk_forward(self.database, draft, near=self.near)
        if run is None:
            self.log.note_failed(place, [Problem(_no_run(draft, ""), ())])
            return
        outcome = await save_walk_forward_tests(self.database, run, draft)
        self._note(place, "WALK_FORWARD", outcome, created=outcome.created > 0)


def _with_parameters(draft: OptimizationDraft) -> str:
    parameters = best_parameters(draft)
    return "" if parameters is None else f" with its best parameters {orjson.dumps(parameters).decode()}"


def _no_run(draft: OptimizationDraft | WalkForwardDraft, with_what: str) -> str:
    if not says_its_run(draft):
        return NO_NAMES
    return (
        f"There is no run of {draft.symbol} by {draft.strategy}{with_what}: import one first, "
        "or name the run with --backtest ID."
    )
