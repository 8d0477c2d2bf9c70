"""Resolvers that answer for all objects of a list at once."""

import inspect
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import strawberry
from strawberry.dataloader import DataLoader

from schema.bulk.objects import gather

Resolver = Callable[..., Awaitable[Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Stands for all objects of a list where a resolver expects one."""

    objects: Sequence[Any]


class Batches:
    """The calls of batched resolvers in one request, where graphql-core makes them one by one."""

    def __init__(self) -> None:
        self._loaders: dict[Hashable, DataLoader[Any, Any]] = {}

    async def load(self, resolver: Resolver, one: Any, info: Any, arguments: dict[str, Any]) -> Any:
        """Return the answer for one object; objects of one field of the query are answered together."""
        nodes = info._raw_info.field_nodes  # noqa: SLF001 - the same nodes have the same arguments
        name = (resolver, *map(id, nodes))
        if name not in self._loaders:
            self._loaders[name] = DataLoader(
                lambda objects: resolver(gather(objects), info, **arguments),
                cache=False,
            )
        return await self._loaders[name].load(one)


def batched(*, description: str, needs: tuple[str, ...] = ()) -> Callable[[Resolver], Any]:
    """Make a Strawberry field of a function that takes all objects of a list and returns a value for each, in order.

        @batched(description="The trades.", needs=("id",))
        async def trades(runs: Objects["Backtest"], info: Info, first: First = None) -> Sequence[Connection[Trade]]: …

    The context of a request needs an attribute `batches: Batches`.

    Args:
        description: what the field is, for the schema.
        needs: the columns of the objects' table that the function takes.
    """

    def decorate(resolver: Resolver) -> Any:
        async def resolve(self: Any, info: Any, **arguments: Any) -> Any:
            if isinstance(self, Batch):
                return await resolver(self.objects, info, **arguments)
            return await info.context.batches.load(resolver, self, info, arguments)

        _dress(resolve, resolver)
        return strawberry.field(resolver=resolve, description=description, metadata={"batched": True, "needs": needs})

    return decorate


def _dress(resolve: Any, resolver: Resolver) -> None:
    """Give a resolver of one object the name and the arguments of that of many, and the type of one answer."""
    signature = inspect.signature(resolver)
    [answer] = get_args(signature.return_annotation)
    _, *rest = signature.parameters.values()
    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    for name in ("__name__", "__qualname__", "__module__", "__doc__"):
        setattr(resolve, name, getattr(resolver, name))
    resolve.__signature__ = signature.replace(parameters=[this, *rest], return_annotation=answer)
    resolve.__annotations__ = {each.name: each.annotation for each in rest} | {"return": answer}
