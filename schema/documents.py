"""The documents that runs were made from."""

from typing import Any

import strawberry

from resolvers.documents import DocumentKey, load_document_contents
from resolvers.store.database import Row
from schema.context import Info
from schema.rows import read
from schema.scalars import JSON, DateTime


@strawberry.type(description="An engine's document as it was imported: a run, a sweep or a walk-forward analysis.")
class SourceDocument:
    """An engine's document."""

    key: strawberry.Private[Any]
    kind: str = strawberry.field(description="What it describes: BACKTEST, OPTIMIZATION or WALK_FORWARD.")
    format: str = strawberry.field(description="The format it was read as, such as VECTORBT_ENGINE.")
    sha256: str = strawberry.field(description="SHA-256 of its content with sorted keys, in hexadecimal digits.")
    received_at: DateTime = strawberry.field(description="Instant of the import.")

    @strawberry.field(description="The document itself. Non-finite numbers in it are null.")
    async def content(self, info: Info) -> JSON:
        """Return the document."""
        return JSON(await info.context.load(load_document_contents, self.key))


def read_document(row: Row) -> SourceDocument:
    """Return the document of a row."""
    key = DocumentKey(row["backtest_id"], row["sha256"])
    return read(SourceDocument, row, key=key, sha256=row["sha256"].hex())
