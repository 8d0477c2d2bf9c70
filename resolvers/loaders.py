"""One loader a question and request: what many siblings ask for is fetched by one statement."""

from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from strawberry.dataloader import DataLoader

from resolvers.store.database import Database

Load = Callable[..., Awaitable[list[Any]]]


class Loaders:
    """The loaders of one request."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    async def load(self, function: Load, key: Hashable, **arguments: Hashable) -> Any:
        """Return what `function(database, keys, **arguments)` gives for one of the keys.

        Calls of one function with equal arguments that wait at the same time are answered together.
        """
        name = (function, *sorted(arguments.items()))
        if name not in self._loaders:
            self._loaders[name] = DataLoader(lambda keys: function(self._database, keys, **arguments))
        return await self._loaders[name].load(key)
