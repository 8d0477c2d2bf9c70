"""What can be asked."""

from typing import Annotated

import strawberry

from resolvers.backtest_lists import list_backtests
from resolvers.backtests import load_backtests
from resolvers.filters import parse_id
from resolvers.optimizations import load_optimizations, load_trials
from resolvers.paging import request_page
from resolvers.trades import load_trades
from resolvers.walk_forward import load_walk_forward_tests
from schema.aggregates import AggregateQuery
from schema.backtests import Backtest
from schema.comparisons import ComparisonQuery
from schema.context import Info
from schema.families import FamilyQuery
from schema.filters import Filter
from schema.leaders import LeaderQuery
from schema.nodes import Node, parse_node_id
from schema.operators import read_conditions
from schema.optimizations import Optimization, OptimizationTrial
from schema.orders import BacktestOrder, read_run_order
from schema.pages import After, Before, Connection, First, Last, connect, wanted
from schema.rankings import RankingQuery
from schema.rows import make_one, needed_columns
from schema.scopes import READS
from schema.selections import is_alone
from schema.summaries import SummaryQuery
from schema.trades import Trade
from schema.walk_forward import WalkForwardTest

_WHOLE = (
    (load_backtests, Backtest),
    (load_optimizations, Optimization),
    (load_walk_forward_tests, WalkForwardTest),
)
_NUMBERED = ((load_trades, Trade), (load_trials, OptimizationTrial))


@strawberry.type(description="What can be asked.")
class Query(ComparisonQuery, RankingQuery, LeaderQuery, SummaryQuery, AggregateQuery, FamilyQuery):
    """The root of questions."""

    @strawberry.field(description="Anything with an id. Null where nothing has it.", metadata=READS)
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of any thing.")]
    ) -> Node | None:
        """Return the thing with an id."""
        owner, number = parse_node_id(id)
        for load, kind in _WHOLE if number is None else _NUMBERED:
            row = await info.context.load(load, owner if number is None else (owner, number))
            if row is not None:
                return kind.of(row)
        return None

    @strawberry.field(description="One run. Null where there is none with the id.", metadata=READS)
    async def backtest(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The id of the run.")]
    ) -> Backtest | None:
        """Return one run."""
        key, columns = parse_id(id), needed_columns(info, Backtest)
        if is_alone(info):
            [row] = await load_backtests(info.context.database, [key], columns=columns)
        else:
            row = await info.context.load(load_backtests, key, columns=columns)
        return make_one(Backtest, row)

    @strawberry.field(description="Runs, newest first unless told; ties by id.", metadata=READS)
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
            order=read_run_order(order_by),
            request=request_page(first, after, last, before),
            wanted=wanted(info, Backtest, backward=last is not None),
        )
        return connect(Backtest, [page])[0]
