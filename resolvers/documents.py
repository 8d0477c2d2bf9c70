"""Read the documents that runs were made from."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import LargeBinary, Select, Uuid, and_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY

from resolvers.backtests import is_one_of
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import documents


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """Names one document of one run."""

    backtest_id: UUID
    sha256: bytes


async def load_documents(database: Database, backtest_ids: Sequence[UUID]) -> list[list[Row]]:
    """Return the documents of each run without their content, first received first."""
    rows = await database.fetch(_documents(ids=backtest_ids), plan=Plan.ONCE)
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["backtest_id"], []).append(row)
    return [found.get(id, []) for id in backtest_ids]


async def load_document_contents(database: Database, keys: Sequence[DocumentKey]) -> list[Any]:
    """Return the content of documents as JSON data, None for an unknown one."""
    statement = _contents(ids=[key.backtest_id for key in keys], hashes=[key.sha256 for key in keys])
    rows = await database.fetch(statement, plan=Plan.ONCE)
    found = {
        DocumentKey(row["backtest_id"], row["sha256"]): orjson.loads(gzip.decompress(row["gzipped"])) for row in rows
    }
    return [found.get(key) for key in keys]


@shaped
def _documents(*, ids: Slot) -> Select[Any]:
    """Select all of the documents of runs but their content."""
    columns = [column for column in documents.c if column is not documents.c.gzipped]
    own = is_one_of(documents.c.backtest_id, ids)
    return select(*columns).where(own).order_by(documents.c.received_at, documents.c.sha256)


@shaped
def _contents(*, ids: Slot, hashes: Slot) -> Select[Any]:
    """Select the contents of documents, the first run's by the first hash and so on."""
    table = documents
    lists = literal(ids, type_=ARRAY(Uuid)), literal(hashes, type_=ARRAY(LargeBinary))
    key = func.unnest(*lists).table_valued("backtest_id", "sha256", name="key").render_derived()
    own = and_(table.c.backtest_id == key.c.backtest_id, table.c.sha256 == key.c.sha256)
    return select(table.c.backtest_id, table.c.sha256, table.c.gzipped).select_from(key.join(table, own))
