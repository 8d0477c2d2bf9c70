"""What a request carries to the resolvers."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import strawberry

from resolvers.callers import ANYBODY, Caller
from resolvers.live.following import Live
from resolvers.loaders import Load, Loaders
from resolvers.store.database import Database, Row
from schema.bulk import Batches, Memory


@dataclass
class Context:
    """The database, who asks, what is known of the query, the rows that were seen, and the loaders of this request.

    cost: of the operation, in objects.
    most_points: of curves that may be read for one answer; points: how many there are of each.
    live: where changes are heard of, None in a request that cannot subscribe.
    """

    database: Database
    caller: Caller = ANYBODY
    request_id: str = ""
    cost: int = 0
    most_points: int = 10_000_000
    points: dict[Hashable, int] = field(default_factory=dict)
    live: Live | None = None
    operation_type: str = ""
    """query, mutation or subscription, and below its name, as soon as the document is read."""
    operation_name: str = ""
    memory: Memory = field(default_factory=dict)
    batches: Batches = field(default_factory=Batches)
    seen: dict[UUID, Row] = field(default_factory=dict)
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.database)

    def renewed(self) -> "Context":
        """Return the context of the next answer of a subscription: nothing that was read before is kept."""
        return Context(self.database, self.caller, self.request_id, most_points=self.most_points, live=self.live)

    async def load(self, function: Load, key: Hashable, **arguments: Hashable) -> Any:
        """Return what a loading resolver gives for one key, together with the other keys that wait for it."""
        return await self.loaders.load(function, key, **arguments)


Info = strawberry.Info[Context, None]
