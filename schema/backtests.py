"""Runs."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import orjson
import strawberry

from resolvers.documents import load_documents
from resolvers.optimizations import load_optimization_pages
from resolvers.paging import MOST_OF_ONE_RUN, request_page
from resolvers.series import load_drawdown_curves, load_equity_curves
from resolvers.store.database import Row
from resolvers.trades import load_trade_pages
from resolvers.walk_forward import load_walk_forward_pages, load_walk_forward_summaries
from schema.context import Info
from schema.documents import SourceDocument, read_document
from schema.enums import BacktestStatus
from schema.filters import TradeFilter
from schema.metrics import Metrics, read_metrics
from schema.nodes import Node
from schema.operators import read_conditions
from schema.optimizations import Optimization, read_optimization
from schema.orders import TradeOrder, read_order
from schema.pages import After, Before, Connection, First, Last, connect, wanted
from schema.rows import read
from schema.scalars import JSON, DateTime
from schema.series import From, MaxPoints, Series, To, read_series
from schema.trades import Trade, read_trade
from schema.walk_forward import (
    WalkForwardSummary,
    WalkForwardTest,
    read_walk_forward_summary,
    read_walk_forward_test,
)


@strawberry.type(description="One run of one strategy on one symbol, with all that was measured.")
class Backtest(Node):
    """One run."""

    key: strawberry.Private[UUID]
    symbol: str = strawberry.field(description="What was traded, in upper case.")
    strategy: str = strawberry.field(description="Name of the strategy.")
    status: BacktestStatus = strawberry.field(description="How far the run is.")
    created_at: DateTime = strawberry.field(description="Instant the run was made: as given, or of saving.")
    updated_at: DateTime = strawberry.field(description="Instant of saving, or of the last change.")
    start_date: date = strawberry.field(description="First day of the tested period.")
    end_date: date = strawberry.field(description="Last day of the tested period.")
    initial_capital: float = strawberry.field(description="Money at the start, in the run's currency, above zero.")
    fees: float | None = strawberry.field(
        description="Fee of an order as a fraction of its value, or as the engine counts it. Null where not reported."
    )
    slippage: float | None = strawberry.field(
        description="Slippage of an order as a fraction of its price. Null where not reported."
    )
    parameters: JSON = strawberry.field(description="The strategy's parameters: a value for each name.")
    metrics: Metrics = strawberry.field(description="What the engine reported.")
    other_metrics: JSON = strawberry.field(
        description="What the engine reported beyond Metrics, under its own names; {} where nothing."
    )
    tags: list[str] = strawberry.field(description="The user's tags, each once.")
    notes: str | None = strawberry.field(description="The user's notes. Null where there are none.")
    error_message: str | None = strawberry.field(description="What went wrong. Null where nothing was said.")
    engine: str | None = strawberry.field(description="What ran it, such as vectorbt. Null where not reported.")
    execution_time_seconds: float | None = strawberry.field(
        description="How long the run took, in seconds. Null where not reported."
    )
    data_points: int = strawberry.field(description="Length of the equity curve as saved; 0 without one.")

    @strawberry.field(description="The trades in the order saved, unless told.")
    async def trades(
        self,
        info: Info,
        filter: Annotated[TradeFilter | None, strawberry.argument(description="Only these. All unless told.")] = None,
        order_by: Annotated[
            list[TradeOrder] | None, strawberry.argument(description="Keys of the order; the number decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Trade]:
        """Return a page of the trades."""
        page = await info.context.load(
            load_trade_pages,
            self.key,
            conditions=orjson.dumps(read_conditions(filter), option=orjson.OPT_SORT_KEYS),
            order=read_order(order_by),
            request=request_page(first, after, last, before, most=MOST_OF_ONE_RUN),
            wanted=wanted(info, backward=last is not None),
        )
        return connect(page, read_trade)

    @strawberry.field(description="Value of the portfolio over time. Null where none was saved.")
    async def equity_curve(
        self, info: Info, max_points: MaxPoints = None, from_: From = None, to: To = None
    ) -> Series | None:
        """Return the equity curve."""
        return read_series(await info.context.load(load_equity_curves, self.key), max_points, from_, to)

    @strawberry.field(
        description=(
            "Fall from the peak over time as a fraction, never positive: as saved, or else computed from the equity "
            "curve. Null where neither was saved."
        )
    )
    async def drawdown_curve(
        self, info: Info, max_points: MaxPoints = None, from_: From = None, to: To = None
    ) -> Series | None:
        """Return the drawdown curve."""
        return read_series(await info.context.load(load_drawdown_curves, self.key), max_points, from_, to)

    @strawberry.field(description="The parameter optimizations saved with this run, newest first.")
    async def optimizations(self, info: Info, first: First = None, after: After = None) -> Connection[Optimization]:
        """Return a page of the optimizations."""
        return connect(await self._page(info, load_optimization_pages, first, after), read_optimization)

    @strawberry.field(description="The walk-forward windows saved with this run, in the order of their test periods.")
    async def walk_forward_tests(
        self, info: Info, first: First = None, after: After = None
    ) -> Connection[WalkForwardTest]:
        """Return a page of the windows."""
        return connect(await self._page(info, load_walk_forward_pages, first, after), read_walk_forward_test)

    @strawberry.field(description="All walk-forward windows of this run together.")
    async def walk_forward(self, info: Info) -> WalkForwardSummary:
        """Return the figures over all windows."""
        return read_walk_forward_summary(await info.context.load(load_walk_forward_summaries, self.key))

    @strawberry.field(description="The documents the run and its parts were imported from, first received first.")
    async def documents(self, info: Info) -> list[SourceDocument]:
        """Return the documents."""
        return [read_document(row) for row in await info.context.load(load_documents, self.key)]

    async def _page(self, info: Info, load: Any, first: int | None, after: str | None) -> Any:
        request = request_page(first, after, most=MOST_OF_ONE_RUN)
        return await info.context.load(load, self.key, request=request, wanted=wanted(info))


def read_backtest(row: Row) -> Backtest:
    """Return the run of a row."""
    return read(
        Backtest,
        row,
        id=strawberry.ID(str(row["id"])),
        key=row["id"],
        status=BacktestStatus(row["status"]),
        metrics=read_metrics(row),
    )
