"""The best run of each group."""

import strawberry

from resolvers.leaders import find_leaders
from schema.backtests import Backtest
from schema.context import Info
from schema.enums import Basis
from schema.filters import Filter
from schema.groups import Group, GroupBy, key_names, read_keys
from schema.metrics import BasisArgument, Metric, metric_column
from schema.operators import read_conditions
from schema.rankings import By, MinTrades
from schema.rows import needed_columns
from schema.scopes import READS


@strawberry.type(description="The best run of a group. Keys that were not grouped by are null.")
class Leader(Group):
    """The best run of a group."""

    value: float = strawberry.field(description="The metric of the best run, in its own unit.")
    candidates: int = strawberry.field(description="How many runs of the group could be ranked, the best one included.")
    backtest: Backtest = strawberry.field(description="The best run.")


@strawberry.type(description="What can be asked about leaders.")
class LeaderQuery:
    """The questions about leaders."""

    @strawberry.field(
        description=(
            "The best run of each group: the best strategy for every symbol, the best symbol for every strategy. "
            "Runs take part that `ranking` would rank; among equal values the one that `ranking` puts first wins. "
            "Best group first; a group without such a run is left out. More than 10,000 groups are refused."
        ),
        metadata=READS,
    )
    async def leaders(
        self,
        info: Info,
        group_by: GroupBy,
        by: By = Metric.SHARPE_RATIO,
        filter: Filter = None,
        min_trades: MinTrades = 10,
        basis: BasisArgument = Basis.REPORTED,
    ) -> list[Leader]:
        """Return the best run of each group."""
        keys = key_names(group_by)
        rows = await find_leaders(
            info.context.database,
            keys=keys,
            by=metric_column(by, basis),
            conditions=read_conditions(filter),
            min_trades=min_trades,
            columns=needed_columns(info, Backtest, ("backtest",)),
        )
        return [
            Leader(
                **read_keys(row, keys),
                value=row["value"],
                candidates=row["candidates"],
                backtest=Backtest.of(row),
            )
            for row in rows
        ]
