"""The documents that runs were made from."""

from collections.abc import Sequence
from typing import ClassVar

import strawberry

from resolvers.documents import DocumentKey, load_document_contents
from schema.bulk import Objects, Read, Stored, batched
from schema.context import Info
from schema.scalars import JSON, DateTime


@strawberry.type(description="An engine's document as it was imported: a run, a sweep or a walk-forward analysis.")
class SourceDocument(Stored):
    """An engine's document."""

    reads: ClassVar = {"sha256": Read(lambda rows: [row["sha256"].hex() for row in rows])}
    kind: str = strawberry.field(description="What it describes: BACKTEST, OPTIMIZATION or WALK_FORWARD.")
    format: str = strawberry.field(description="The format it was read as, such as VECTORBT_ENGINE.")
    sha256: str = strawberry.field(description="SHA-256 of its content with sorted keys, in hexadecimal digits.")
    received_at: DateTime = strawberry.field(description="Instant of the import.")

    @batched(description="The document itself. Non-finite numbers in it are null.")
    async def content(documents: Objects["SourceDocument"], info: Info) -> Sequence[JSON]:
        """Return each document."""
        keys = [DocumentKey(row["backtest_id"], row["sha256"]) for row in documents.sources]
        return await load_document_contents(info.context.database, keys)
