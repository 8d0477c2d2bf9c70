"""What a request carries to the resolvers."""

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import strawberry

from resolvers.loaders import Load, Loaders
from resolvers.store.database import Database


@dataclass
class Context:
    """The database, and the loaders of this one request."""

    database: Database
    loaders: Loaders = field(init=False)

    def __post_init__(self) -> None:
        self.loaders = Loaders(self.database)

    async def load(self, function: Load, key: Hashable, **arguments: Hashable) -> Any:
        """Return what a loading resolver gives for one key, together with the other keys that wait for it."""
        return await self.loaders.load(function, key, **arguments)


Info = strawberry.Info[Context, None]
