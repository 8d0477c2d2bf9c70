"""Runs ranked by a metric."""

from typing import Annotated

import strawberry

from resolvers.paging import request_page
from resolvers.rankings import Ranking, rank_backtests
from schema.backtests import Backtest, read_backtest
from schema.context import Info
from schema.filters import Filter
from schema.metrics import Metric
from schema.operators import read_conditions
from schema.pages import After, First, PageInfo, is_selected, page_info, wanted

By = Annotated[
    Metric,
    strawberry.argument(description="The metric; whether higher or lower is better is said at Metric."),
]
MinTrades = Annotated[int, strawberry.argument(description="Only runs with at least so many trades.")]


@strawberry.type(description="A run with its place in a ranking.")
class RankingEdge:
    """A run with its place in a ranking."""

    cursor: str = strawberry.field(description="The place in this ranking and filter, for `after`.")
    rank: int = strawberry.field(
        description="1 for the best. One more than the number of better runs in the whole ranking, so ties share it."
    )
    value: float = strawberry.field(description="The metric that is ranked by, in its own unit.")
    node: Backtest = strawberry.field(description="The run.")


@strawberry.type(description="A page of a ranking, best first.")
class RankingConnection:
    """Edges, the same as nodes, and facts about the ranking."""

    edges: list[RankingEdge] = strawberry.field(description="The runs of this page, each with its rank and value.")
    nodes: list[Backtest] = strawberry.field(description="The runs of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the ranking.")
    total_count: int = strawberry.field(description="How many runs are ranked. Counted only when asked for.")


@strawberry.type(description="What can be asked about rankings.")
class RankingQuery:
    """The questions about rankings."""

    @strawberry.field(
        description=(
            "Completed runs ordered best first by one metric; a run whose metric is null is not among them. "
            "Ties share a rank (1, 2, 2, 4) and are ordered by id. Ranks count the runs that match the filter."
        )
    )
    async def ranking(
        self,
        info: Info,
        by: By = Metric.SHARPE_RATIO,
        filter: Filter = None,
        min_trades: MinTrades = 10,
        first: First = None,
        after: After = None,
    ) -> RankingConnection:
        """Return a page of a ranking."""
        ranking = await rank_backtests(
            info.context.database,
            by=by.value,
            conditions=read_conditions(filter),
            min_trades=min_trades,
            request=request_page(first, after),
            wanted=wanted(info),
            with_ranks=is_selected(info, "edges", "rank"),
        )
        return _connect(ranking, by.value)


def _connect(ranking: Ranking, by: str) -> RankingConnection:
    page = ranking.page
    nodes = [read_backtest(row) for row in page.rows]
    return RankingConnection(
        edges=[
            RankingEdge(cursor=cursor, rank=rank, value=row[by], node=node)  # type: ignore[arg-type]  # as below
            for cursor, rank, row, node in zip(page.cursors, ranking.ranks, page.rows, nodes, strict=True)
        ],
        nodes=nodes,
        page_info=page_info(page.has_next, page.has_previous, page.cursors),
        total_count=page.total_count,  # type: ignore[arg-type]  # None only where nobody asked
    )
