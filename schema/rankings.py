"""Runs ranked by a metric."""

from typing import Annotated, ClassVar

import strawberry

from resolvers.paging import request_page
from resolvers.rankings import rank_backtests
from schema.backtests import Backtest
from schema.bulk import Objects, Places, Read, Stored, read_places
from schema.context import Info
from schema.enums import Basis
from schema.filters import Filter
from schema.metrics import BasisArgument, Metric, metric_column
from schema.operators import read_conditions
from schema.pages import After, First, PageInfo, wanted
from schema.scopes import READS
from schema.selections import is_selected

By = Annotated[
    Metric,
    strawberry.argument(description="The metric; whether higher or lower is better is said at Metric."),
]
MinTrades = Annotated[
    int, strawberry.argument(description="Only runs with at least so many trades, whatever the basis.")
]


@strawberry.type(description="A run with its place in a ranking.")
class RankingEdge(Stored):
    """A run with its place in a ranking; the source is the ranking, the metric's column and the place on the page."""

    reads: ClassVar = {
        "cursor": read_places(
            lambda ranking, _: ranking.page.cursors, lambda ranking, _, index: ranking.page.cursor(index)
        ),
        "rank": read_places(lambda ranking, _: ranking.ranks, lambda ranking, _, index: ranking.ranks[index]),
        "value": read_places(
            lambda ranking, by: [row[by] for row in ranking.page.rows],
            lambda ranking, by, index: ranking.page.rows[index][by],
        ),
        "node": read_places(
            lambda ranking, _: Objects(Backtest, ranking.page.rows, ranking.page.names),
            lambda ranking, _, index: Backtest.of(ranking.page.rows[index]),
        ),
    }
    cursor: str = strawberry.field(description="The place in this ranking and filter, for `after`.")
    rank: int = strawberry.field(
        description="1 for the best. One more than the number of better runs in the whole ranking, so ties share it."
    )
    value: float = strawberry.field(description="The metric that is ranked by, in its own unit.")
    node: Backtest = strawberry.field(description="The run.")


@strawberry.type(description="A page of a ranking, best first.")
class RankingConnection(Stored):
    """Edges, the same as nodes, and facts about the ranking; the source is the ranking and the metric's column."""

    reads: ClassVar = {
        "edges": Read(
            lambda rankings: [
                Objects(RankingEdge, Places((ranking, by), len(ranking.page.rows))) for ranking, by in rankings
            ]
        ),
        "nodes": Read(
            lambda rankings: [Objects(Backtest, ranking.page.rows, ranking.page.names) for ranking, _ in rankings]
        ),
        "page_info": Read(lambda rankings: Objects(PageInfo, [ranking.page for ranking, _ in rankings])),
        "total_count": Read(lambda rankings: [ranking.page.total_count for ranking, _ in rankings]),
    }
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
        ),
        metadata=READS,
    )
    async def ranking(
        self,
        info: Info,
        by: By = Metric.SHARPE_RATIO,
        filter: Filter = None,
        min_trades: MinTrades = 10,
        first: First = None,
        after: After = None,
        basis: BasisArgument = Basis.REPORTED,
    ) -> RankingConnection:
        """Return a page of a ranking."""
        column = metric_column(by, basis)
        ranking = await rank_backtests(
            info.context.database,
            by=column,
            conditions=read_conditions(filter),
            min_trades=min_trades,
            request=request_page(first, after),
            wanted=wanted(info, Backtest),
            with_ranks=is_selected(info, "edges", "rank"),
        )
        return RankingConnection.of((ranking, column))
