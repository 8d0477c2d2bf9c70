"""Documents on their way in: told apart, read, in batches, and put off where they need a run."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Any, Self

from api.importing.files import Found
from api.json_text import parse_json
from resolvers.checks.optimizations import check_optimization
from resolvers.checks.walk_forward import check_walk_forward
from resolvers.importers import registry
from resolvers.importers.drafts import BacktestDraft, DocumentError, Kind, Problem

MOST_RUNS = 50
MOST_BYTES = 20 * 2**20
"""Documents are handed on before they are more, or their text is longer: memory stays bounded."""
IN_MEMORY = 16 * 2**20
"""Bytes of documents put off that are kept in memory; more go to a temporary file."""

Prepare = Callable[[BacktestDraft], None]
"""Completes a run before it is saved."""


def in_study(name: str) -> Prepare:
    """Return what makes runs trials of a study."""

    def prepare(draft: BacktestDraft) -> None:
        draft.study = name

    return prepare


@dataclass(slots=True, kw_only=True)
class Item:
    """One document: a run as a draft, another kind as it is, or what is wrong with it."""

    found: Found
    kind: Kind = "BACKTEST"
    draft: BacktestDraft | None = None
    problems: Sequence[Problem] = ()


async def read_batches(found: Iterable[Found], prepare: Prepare | None) -> AsyncGenerator[list[Item]]:
    """Give the documents in batches; a thread reads the next batch while this one is stored."""
    batches = _batches(found, prepare)
    following = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
    try:
        while (batch := await following) is not None:
            following = asyncio.ensure_future(asyncio.to_thread(next, batches, None))
            yield batch
    finally:
        await asyncio.gather(following, return_exceptions=True)  # the thread still reads from files that are to close


class Waiting:
    """Documents put off until all runs are stored, in the order they came."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - closed by __exit__

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def put(self, found: Found) -> None:
        """Keep a document for later."""
        # Not orjson: it would write NaN as null, and the document would come back without its warnings.
        self._file.write(json.dumps([found.place, found.document]).encode() + b"\n")

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        """Give each document with its place."""
        self._file.seek(0)
        for line in self._file:
            place, document = parse_json(line)
            yield place, document


def _batches(found: Iterable[Found], prepare: Prepare | None) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for each in found:
        batch.append(_read(each, prepare))
        size += each.size
        if len(batch) >= MOST_RUNS or size >= MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _read(found: Found, prepare: Prepare | None) -> Item:
    if found.problem is not None:
        return Item(found=found, problems=[Problem(found.problem, ())])
    known = registry.identify(found.document)
    kind: Kind = known[1] if known else "BACKTEST"
    try:
        if kind == "BACKTEST":
            return _read_run(found, prepare)
        return Item(found=found, kind=kind, problems=_check(found.document, kind))
    except DocumentError as error:
        return Item(found=found, kind=kind, problems=error.problems)


def _read_run(found: Found, prepare: Prepare | None) -> Item:
    draft = registry.extract_backtest(found.document, root=())
    if prepare:
        prepare(draft)
    return Item(found=found, draft=draft)


def _check(document: Any, kind: Kind) -> Sequence[Problem]:
    """Return what is wrong with a document that is put off, so that it is told in the order of the file."""
    if kind == "OPTIMIZATION":
        return check_optimization(registry.extract_optimization(document, root=())).problems
    return check_walk_forward(registry.extract_walk_forward(document, root=())).problems
