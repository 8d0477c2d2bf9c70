"""Runs."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, ClassVar
from uuid import UUID

import orjson
import strawberry

from resolvers.documents import load_documents
from resolvers.families import Family as Name
from resolvers.luck import NEEDED, load_luck
from resolvers.optimizations import load_optimization_pages
from resolvers.paging import MOST_OF_ONE_RUN, request_page
from resolvers.series import load_drawdown_curves, load_equity_curves
from resolvers.trades import load_trade_pages
from resolvers.walk_forward import load_walk_forward_pages
from schema.bulk import Objects, Read, Stored, batched
from schema.computed import COMPUTED_READ, ComputedMetrics, reconciliation, undefined
from schema.context import Info
from schema.documents import SourceDocument
from schema.enums import BacktestStatus
from schema.families import Family, find_families
from schema.filters import TradeFilter
from schema.luck import BLIND, BenchmarkSharpe, Confidence, Luck
from schema.metrics import Metric, Metrics
from schema.nodes import Node
from schema.operators import read_conditions
from schema.optimizations import Optimization
from schema.orders import TradeOrder, read_order
from schema.pages import After, Before, Connection, First, Last, connect, wanted
from schema.rows import see
from schema.scalars import JSON, DateTime
from schema.series import From, MaxPoints, Series, To, count_points, read_series
from schema.trades import Trade
from schema.walk_forward import WalkForwardTest
from schema.walk_forward_summaries import WalkForwardSummary, load_summaries


@strawberry.type(description="One run of one strategy on one symbol, with all that was measured.")
class Backtest(Node, Stored):
    """One run."""

    reads: ClassVar = {
        "metrics": Read(lambda rows: Objects(Metrics, rows), inside=Metrics),
        "computed": COMPUTED_READ,
    }
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
    metrics: Metrics = strawberry.field(
        description="What the engine reported; where it did not, what was computed, as metricsFilled says."
    )
    metrics_filled: list[Metric] = strawberry.field(
        description="Those of metrics that were not reported, so that their values are the computed ones."
    )
    computed: ComputedMetrics = strawberry.field(
        description="The same metrics as the equity curve and the trades give them, whatever was reported."
    )
    undefined = undefined
    reconciliation = reconciliation
    periods_per_year: float | None = strawberry.field(
        description=(
            "Periods of a year that computed annual figures are annualised with: as given on save, or as the times of "
            "the equity curve tell. Null without either."
        )
    )
    frequency: str | None = strawberry.field(
        description=(
            "How often the equity curve has a point, such as trading days, calendar days or 5 minutes: as given on "
            "save, or as its times tell. Null without either."
        )
    )
    study: str | None = strawberry.field(
        description="The study whose trials the run is one of. Null where none was given: strategy and symbol count."
    )
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

    @batched(description="The trades in the order saved, unless told.", needs=("id",))
    async def trades(
        runs: Objects["Backtest"],
        info: Info,
        filter: Annotated[TradeFilter | None, strawberry.argument(description="Only these. All unless told.")] = None,
        order_by: Annotated[
            list[TradeOrder] | None, strawberry.argument(description="Keys of the order; the number decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Sequence[Connection[Trade]]:
        """Return a page of the trades of each run."""
        pages = await load_trade_pages(
            info.context.database,
            _ids(info, runs),
            conditions=orjson.dumps(read_conditions(filter), option=orjson.OPT_SORT_KEYS),
            order=read_order(order_by),
            request=request_page(first, after, last, before, most=MOST_OF_ONE_RUN),
            wanted=wanted(info, Trade, backward=last is not None),
        )
        return connect(Trade, pages)

    @batched(description="Value of the portfolio over time. Null where none was saved.", needs=("id", "data_points"))
    async def equity_curve(
        runs: Objects["Backtest"], info: Info, max_points: MaxPoints = None, from_: From = None, to: To = None
    ) -> Sequence[Series | None]:
        """Return the equity curve of each run."""
        count_points(info, runs.sources)
        curves = await load_equity_curves(info.context.database, _ids(info, runs))
        return [read_series(curve, max_points, from_, to) for curve in curves]

    @batched(
        description=(
            "Fall from the peak over time as a fraction, never positive: as saved, or else computed from the equity "
            "curve. Null where neither was saved."
        ),
        needs=("id", "data_points"),
    )
    async def drawdown_curve(
        runs: Objects["Backtest"], info: Info, max_points: MaxPoints = None, from_: From = None, to: To = None
    ) -> Sequence[Series | None]:
        """Return the drawdown curve of each run."""
        count_points(info, runs.sources)
        curves = await load_drawdown_curves(info.context.database, _ids(info, runs))
        return [read_series(curve, max_points, from_, to) for curve in curves]

    @batched(description="The parameter optimizations saved with this run, newest first.", needs=("id",))
    async def optimizations(
        runs: Objects["Backtest"], info: Info, first: First = None, after: After = None
    ) -> Sequence[Connection[Optimization]]:
        """Return a page of the optimizations of each run."""
        request = request_page(first, after, most=MOST_OF_ONE_RUN)
        pages = await load_optimization_pages(
            info.context.database, _ids(info, runs), request=request, wanted=wanted(info, Optimization)
        )
        return connect(Optimization, pages)

    @batched(
        description="The walk-forward windows saved with this run, in the order of their test periods.", needs=("id",)
    )
    async def walk_forward_tests(
        runs: Objects["Backtest"], info: Info, first: First = None, after: After = None
    ) -> Sequence[Connection[WalkForwardTest]]:
        """Return a page of the windows of each run."""
        request = request_page(first, after, most=MOST_OF_ONE_RUN)
        pages = await load_walk_forward_pages(
            info.context.database, _ids(info, runs), request=request, wanted=wanted(info, WalkForwardTest)
        )
        return connect(WalkForwardTest, pages)

    @batched(description="All walk-forward windows of this run together.", needs=("id",))
    async def walk_forward(runs: Objects["Backtest"], info: Info) -> Sequence[WalkForwardSummary]:
        """Return the figures over all windows of each run."""
        return await load_summaries(info, _ids(info, runs))

    @batched(
        description=(
            "How much of the Sharpe ratio may be luck, by the run's own returns and by the number of trials of its "
            f"family. {BLIND}"
        ),
        needs=NEEDED,
    )
    async def luck(
        runs: Objects["Backtest"], info: Info, benchmark_sharpe: BenchmarkSharpe = 0.0, confidence: Confidence = 0.95
    ) -> Sequence[Luck]:
        """Return the figures of luck of each run."""
        found = await load_luck(info.context.database, runs.sources, benchmark=benchmark_sharpe, confidence=confidence)
        return Objects(Luck, found)

    @batched(
        description="What the run is a trial of: its study, or else its strategy on its symbol.",
        needs=("strategy", "symbol", "study"),
    )
    async def family(runs: Objects["Backtest"], info: Info) -> Sequence[Family]:
        """Return the family of each run."""
        return await find_families(info, [Name(row["strategy"], row["symbol"], row["study"]) for row in runs.sources])

    @batched(description="The documents the run and its parts were imported from, first received first.", needs=("id",))
    async def documents(runs: Objects["Backtest"], info: Info) -> Sequence[list[SourceDocument]]:
        """Return the documents of each run."""
        return [Objects(SourceDocument, rows) for rows in await load_documents(info.context.database, _ids(info, runs))]  # type: ignore[misc]  # a list for GraphQL


def _ids(info: Info, runs: Objects[Backtest]) -> list[UUID]:
    """Return the ids of runs, which may be asked for again as the owners of what is found by them."""
    see(info, runs)
    return [row["id"] for row in runs.sources]
