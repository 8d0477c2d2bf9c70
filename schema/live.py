"""Changes of runs, told as they happen."""

from collections.abc import AsyncIterator
from enum import Enum

import strawberry

from resolvers.live.batches import Event
from resolvers.live.subscribers import Subscriber
from schema.backtests import Backtest
from schema.context import Info
from schema.enums import word
from schema.filters import Filter
from schema.operators import read_conditions
from schema.rows import make_one, needed_columns
from schema.scopes import READS


@strawberry.enum(description="What happened to a run.")
class ChangeKind(Enum):
    """What happened to a run."""

    SAVED = word("SAVED", "It was stored.")
    UPDATED = word("UPDATED", "Its notes, tags or status were changed, or an optimization or windows were added.")
    DELETED = word("DELETED", "It is gone, with all that belonged to it.")


@strawberry.type(description="Something that happened to a run.")
class BacktestChange:
    """Something that happened to a run."""

    event: strawberry.Private[Event]
    kind: ChangeKind = strawberry.field(description="What happened.")
    id: strawberry.ID = strawberry.field(description="The id of the run.")

    @strawberry.field(description="The run as it is now. Null when deleted, by this change or by one that came since.")
    async def backtest(self, info: Info) -> Backtest | None:
        """Return the run."""
        return make_one(Backtest, await self.event.load(needed_columns(info, Backtest)))


@strawberry.type
class BacktestSubscription:
    """Changes of runs."""

    @strawberry.subscription(
        description=(
            "Runs saved, updated or deleted from now on, by whichever server process. With a filter, those that match "
            "after the change, or matched when they were deleted."
        ),
        metadata=READS,
    )
    async def backtest_changed(self, info: Info, filter: Filter = None) -> AsyncIterator[BacktestChange]:
        """Return the changes as they come."""
        live = info.context.live
        if live is None:
            raise RuntimeError("Changes are told where a subscription is executed.")
        return _Told(await live.subscribe(read_conditions(filter)))


class _Told:
    """The events of a subscriber as they are shown."""

    def __init__(self, events: Subscriber) -> None:
        self._events = events

    def __aiter__(self) -> AsyncIterator[BacktestChange]:
        return self

    async def __anext__(self) -> BacktestChange:
        event = await anext(self._events)
        change = event.change
        return BacktestChange(
            event=event, kind=ChangeKind(change.kind.value), id=strawberry.ID(str(change.backtest_id))
        )

    async def aclose(self) -> None:
        """Leave."""
        await self._events.aclose()
