"""Read the documents that runs were made from."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import select, tuple_

from resolvers.backtests import is_one_of
from resolvers.store.database import Database, Row
from resolvers.store.tables import documents


@dataclass(frozen=True, slots=True)
class DocumentKey:
    """Names one document of one run."""

    backtest_id: UUID
    sha256: bytes


async def load_documents(database: Database, backtest_ids: Sequence[UUID]) -> list[list[Row]]:
    """Return the documents of each run without their content, first received first."""
    columns = [column for column in documents.c if column is not documents.c.gzipped]
    statement = select(*columns).where(is_one_of(documents.c.backtest_id, backtest_ids))
    rows = await database.fetch(statement.order_by(documents.c.received_at, documents.c.sha256))
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["backtest_id"], []).append(row)
    return [found.get(id, []) for id in backtest_ids]


async def load_document_contents(database: Database, keys: Sequence[DocumentKey]) -> list[Any]:
    """Return the content of documents as JSON data, None for an unknown one."""
    table = documents
    own = tuple_(table.c.backtest_id, table.c.sha256).in_([(key.backtest_id, key.sha256) for key in keys])
    rows = await database.fetch(select(table.c.backtest_id, table.c.sha256, table.c.gzipped).where(own))
    found = {
        DocumentKey(row["backtest_id"], row["sha256"]): orjson.loads(gzip.decompress(row["gzipped"])) for row in rows
    }
    return [found.get(key) for key in keys]
