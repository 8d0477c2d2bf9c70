"""How runs did over the last days."""

from typing import Annotated, ClassVar

import strawberry

from resolvers.summaries import summarise_performance
from schema.bulk import Objects, Read, Stored
from schema.context import Info
from schema.enums import Basis
from schema.filters import Filter
from schema.metrics import BasisArgument
from schema.operators import read_conditions
from schema.scalars import DateTime
from schema.scopes import READS
from schema.selections import is_selected

_NO_VALUE = "Null where no run has one."
_RETURN = f"Mean of the total returns as a fraction. {_NO_VALUE}"
_SHARPE = f"Mean of the Sharpe ratios. {_NO_VALUE}"
_WIN_RATE = f"Mean of the win rates, 0 to 1; each run counts once. {_NO_VALUE}"


@strawberry.type(description="The figures of the runs that share a strategy or a symbol.")
class GroupPerformance(Stored):
    """The figures of a group."""

    key: str = strawberry.field(description="The strategy or symbol.")
    count: int = strawberry.field(description="Number of runs.")
    average_return: float | None = strawberry.field(description=_RETURN)
    average_sharpe: float | None = strawberry.field(description=_SHARPE)
    average_win_rate: float | None = strawberry.field(description=_WIN_RATE)


def _whole(name: str) -> Read:
    return Read(lambda summaries: [summary.whole[name] for summary in summaries])


def _groups(key: str) -> Read:
    return Read(
        lambda summaries: [Objects(GroupPerformance, each.groups.get(key, ()), each.names) for each in summaries]
    )


_FIGURES = ("average_return", "best_return", "worst_return", "average_sharpe", "average_win_rate")


@strawberry.type(description="The figures of the completed runs of the last days.")
class PerformanceSummary(Stored):
    """The figures of the last days; the source is the summary."""

    reads: ClassVar = {
        "since": Read(lambda summaries: [summary.since for summary in summaries]),
        "total_backtests": _whole("count"),
        **{name: _whole(name) for name in _FIGURES},
        "by_strategy": _groups("strategy"),
        "by_symbol": _groups("symbol"),
    }
    since: DateTime = strawberry.field(description="Runs made at this instant or later are in.")
    total_backtests: int = strawberry.field(description="Number of runs.")
    average_return: float | None = strawberry.field(description=_RETURN)
    best_return: float | None = strawberry.field(description=f"Highest total return as a fraction. {_NO_VALUE}")
    worst_return: float | None = strawberry.field(description=f"Lowest total return as a fraction. {_NO_VALUE}")
    average_sharpe: float | None = strawberry.field(description=_SHARPE)
    average_win_rate: float | None = strawberry.field(description=_WIN_RATE)
    by_strategy: list[GroupPerformance] = strawberry.field(description="By strategy, most runs first; ties by name.")
    by_symbol: list[GroupPerformance] = strawberry.field(description="By symbol, most runs first; ties by name.")


@strawberry.type(description="What can be asked about the last days.")
class SummaryQuery:
    """The questions about the last days."""

    @strawberry.field(
        description=(
            "Completed runs of the last `days` days: those made `days` times 24 hours ago or later. "
            "Means leave nulls out, and are null where a value is 1e140 or larger."
        ),
        metadata=READS,
    )
    async def performance_summary(
        self,
        info: Info,
        days: Annotated[int, strawberry.argument(description="From 1 to 36,500 days before now.")] = 30,
        filter: Filter = None,
        basis: BasisArgument = Basis.REPORTED,
    ) -> PerformanceSummary:
        """Return the figures of the last days."""
        fields = {"strategy": "byStrategy", "symbol": "bySymbol"}
        summary = await summarise_performance(
            info.context.database,
            days=days,
            conditions=read_conditions(filter),
            keys=[key for key, field in fields.items() if is_selected(info, field)],
            basis=basis.value,
        )
        return PerformanceSummary.of(summary)
