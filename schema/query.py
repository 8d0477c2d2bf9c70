"""What can be asked."""

from typing import Annotated

import strawberry

from resolvers.backtests import list_backtests, load_backtests
from resolvers.filters import parse_id
from resolvers.optimizations import load_optimizations, load_trials
from resolvers.paging import request_page
from resolvers.trades import load_trades
from resolvers.walk_forward import load_walk_forward_tests
from schema.aggregates import AggregateQuery
from schema.backtests import Backtest, read_backtest
from schema.comparisons import ComparisonQuery
from schema.context import Info
from schema.filters import Filter
from schema.leaders import LeaderQuery
from schema.nodes import Node, parse_node_id
from schema.operators import read_conditions
from schema.optimizations import read_optimization, read_trial
from schema.orders import BacktestOrder, read_order
from schema.pages import After, Before, Connection, First, Last, connect, wanted
from schema.rankings import RankingQuery
from schema.summaries import SummaryQuery
from schema.trades import read_trade
from schema.walk_forward import read_walk_forward_test

_WHOLE = (
    (load_backtests, read_backtest),
    (load_optimizations, read_optimization),
    (load_walk_forward_tests, read_walk_forward_test),
)
_NUMBERED = ((load_trades, read_trade), (load_trials, read_trial))


@strawberry.type(description="What can be asked.")
class Query(ComparisonQuery, RankingQuery, LeaderQuery, SummaryQuery, AggregateQuery):
    """The root of questions."""

    @strawberry.field(description="Anything with an id. Null where nothing has it.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of any thing.")]
    ) -> Node | None:
        """Return the thing with an id."""
        owner, number = parse_node_id(id)
        for load, make in _WHOLE if number is None else _NUMBERED:
            row = await info.context.load(load, owner if number is None else (owner, number))
            if row is not None:
                return make(row)
        return None

    @strawberry.field(description="One run. Null where there is none with the id.")
    async def backtest(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the run.")]
    ) -> Backtest | None:
        """Return one run."""
        row = await info.context.load(load_backtests, parse_id(id))
        return read_backtest(row) if row else None

    @strawberry.field(description="Runs, newest first unless told; ties by id.")
    async def backtests(
        self,
        info: Info,
        filter: Filter = None,
        order_by: Annotated[
            list[BacktestOrder] | None, strawberry.argument(description="Keys of the order; the id decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Backtest]:
        """Return a page of runs."""
        page = await list_backtests(
            info.context.database,
            conditions=read_conditions(filter),
            order=read_order(order_by),
            request=request_page(first, after, last, before),
            wanted=wanted(info, backward=last is not None),
        )
        return connect(page, read_backtest)
