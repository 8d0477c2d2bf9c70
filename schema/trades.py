"""Trades."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from schema.bulk import Objects, Stored, batched
from schema.context import Info
from schema.enums import Direction
from schema.nodes import Node, numbered_id
from schema.rows import load_runs
from schema.scalars import JSON, DateTime

if TYPE_CHECKING:
    from schema.backtests import Backtest


@strawberry.type(description="One trade of a run: an entry and, unless it is still open, an exit.")
class Trade(Node, Stored):
    """One trade of a run."""

    reads: ClassVar = {"id": numbered_id("backtest_id")}
    number: int = strawberry.field(description="Position among the run's trades in the order saved, from 1.")
    direction: Direction = strawberry.field(description="Long or short.")
    entry_time: DateTime = strawberry.field(description="Instant of the entry.")
    entry_price: float = strawberry.field(
        description="Price of the entry; futures and spreads can be at or below zero."
    )
    exit_time: DateTime | None = strawberry.field(description="Instant of the exit. Null while the trade is open.")
    exit_price: float | None = strawberry.field(
        description="Price of the exit. Null while the trade is open or where not reported."
    )
    size: float | None = strawberry.field(
        description="Units held, never negative, for long and short alike. Null where not reported."
    )
    pnl: float | None = strawberry.field(description="Profit or loss in the run's currency. Null where not reported.")
    pnl_percent: float | None = strawberry.field(
        description="Profit or loss as a fraction of the position (0.02 = 2 %). Null where not reported."
    )
    mae: float | None = strawberry.field(
        description="Maximum adverse excursion, in the unit the engine reports. Null where not reported."
    )
    mfe: float | None = strawberry.field(
        description="Maximum favourable excursion, in the unit the engine reports. Null where not reported."
    )
    duration_days: float | None = strawberry.field(description="Days held. Null where not reported.")
    duration_hours: float | None = strawberry.field(description="Hours held. Null where not reported.")
    exit_reason: str | None = strawberry.field(description="Why it was closed. Null where not reported.")
    fees_paid: float | None = strawberry.field(
        description="Fees of entry and exit in the run's currency. Null where not reported."
    )
    slippage_cost: float | None = strawberry.field(
        description="Cost of slippage in the run's currency. Null where not reported."
    )
    other_metrics: JSON = strawberry.field(
        description="What the engine reported of the trade beyond these, under its own names; {} where nothing."
    )

    @batched(description="The run the trade belongs to.", needs=("backtest_id",))
    async def backtest(
        trades: Objects["Trade"], info: Info
    ) -> Sequence[Annotated["Backtest", strawberry.lazy("schema.backtests")]]:
        """Return the run of each trade."""
        return await load_runs(info, [row["backtest_id"] for row in trades.sources])
