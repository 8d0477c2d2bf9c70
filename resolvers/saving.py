"""What all saves share: the outcome, the content hash that makes a repeat safe, and the documents kept as they came."""

import gzip
import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import orjson
from sqlalchemy import Table, Uuid, any_, bindparam, literal, select, union_all
from sqlalchemy.dialects.postgresql import ARRAY, insert

from resolvers.importers.drafts import Notice, Path, Places, Problem, Source
from resolvers.store.database import Row, Transaction
from resolvers.store.tables import backtests, documents, optimizations, walk_forward_tests

DOCUMENTS = UUID("6f1d9a52-2f0c-5a86-9a43-0d3f6f3f7f0b")
"""Namespace of the ids of what was imported without one: the same document always gets the same id."""
_HASHED = orjson.OPT_SORT_KEYS
_REPEATED = "This id is taken by a save with other content."
_ELSEWHERE = "This id is taken by something else."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one save: the id, whether it was stored now, and what is to be said about it."""

    id: UUID | None = None
    created: bool = False
    notices: Sequence[Notice] = ()
    problems: Sequence[Problem] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it came: the hash of its content, and its text in gzip."""

    sha256: bytes
    kind: str
    format: str
    gzipped: bytes

    def id(self, *parts: object) -> UUID:
        """Return the id of what the document describes, or of a part of it."""
        return uuid5(DOCUMENTS, "/".join((self.sha256.hex(), *map(str, parts))))


def now() -> int:
    """Return this instant in microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def pack(source: Source) -> Document:
    """Return the document that a draft was made from, ready to be kept; keys are sorted, so equal content is equal."""
    text = orjson.dumps(source.document, option=orjson.OPT_SORT_KEYS)
    zipped = gzip.compress(text, compresslevel=1, mtime=0)
    return Document(hashlib.sha256(text).digest(), source.kind, source.format, zipped)


def hash_content(*parts: Any) -> bytes:
    """Return the SHA-256 of values of JSON, dates and arrays of numbers: equal content gives an equal hash."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.tobytes() if isinstance(part, np.ndarray) else orjson.dumps(part, option=_HASHED))
        digest.update(b"\x00")
    return digest.digest()


def conflict(path: Path, *, elsewhere: bool = False) -> Problem:
    """Return the problem of an id that is taken."""
    return Problem(_ELSEWHERE if elsewhere else _REPEATED, path, "CONFLICT")


async def find_taken(transaction: Transaction, ids: Sequence[UUID], *, beside: Table) -> set[UUID]:
    """Return the ids that already stand for something in another table: an id is unique over all kinds."""
    wanted = [
        select(table.c.id).where(table.c.id == any_(literal(list(ids), type_=ARRAY(Uuid))))
        for table in (backtests, optimizations, walk_forward_tests)
        if table is not beside
    ]
    return {row["id"] for row in await transaction.fetch(union_all(*wanted))}


async def keep_documents(transaction: Transaction, documents_of: Mapping[UUID, Document], received_at: int) -> None:
    """Keep the documents that runs, or parts of runs, were made from; one that is kept already stays."""
    columns = ("backtest_id", "sha256", "kind", "format", "received_at", "gzipped")
    statement = insert(documents).values({name: bindparam(name) for name in columns}).on_conflict_do_nothing()
    rows = [
        {"backtest_id": backtest_id, "received_at": received_at, **asdict(document)}
        for backtest_id, document in documents_of.items()
    ]
    if rows:
        await transaction.fetch_many(statement.returning(documents.c.backtest_id), rows)


_OF_OWNERS = (
    *("id", "symbol", "strategy", "study", "periods_per_year", "sharpe_ratio", "computed_sharpe_ratio"),
    *("metrics_filled", "observations", "start_date", "end_date"),
)


async def find_run(transaction: Transaction, backtest_id: UUID) -> Row | None:
    """Return what is needed of a run that something is saved with, None where it is not there."""
    statement = select(*(backtests.c[name] for name in _OF_OWNERS)).where(backtests.c.id == backtest_id)
    rows = await transaction.fetch(statement)
    return rows[0] if rows else None


def unknown_run(places: Places) -> Problem:
    """Return the problem of a run that is not there."""
    return Problem("There is no run with this id.", (*places.root[:1], "backtestId"), "NOT_FOUND")


def compare_with_run(run: Row, symbol: str | None, strategy: str | None, places: Places) -> list[Notice]:
    """Return a notice for each word of a document that is not the one of the run it is saved with."""
    return [
        Notice("ASSUMED", f"The document says {said} and the run {run[name]}: saved with the run.", places.of(name))
        for name, said in (("symbol", symbol), ("strategy", strategy))
        if said is not None and said.strip().upper() != run[name].upper()
    ]
