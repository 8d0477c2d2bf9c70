"""Statistics of metrics over groups of runs."""

import math
from collections.abc import Iterator
from enum import Enum
from typing import Annotated, Any

import strawberry
from strawberry.types.nodes import SelectedField, Selection
from strawberry.utils.str_converters import to_snake_case

from resolvers.aggregates import STATISTICS, GroupOrder, aggregate_backtests, statistic_name
from resolvers.store.database import Row
from schema.context import Info
from schema.enums import Basis, OrderDirection, word
from schema.filters import Filter
from schema.groups import Group, GroupBy, key_names, read_keys
from schema.metrics import BasisArgument, Metric, metric_column
from schema.operators import read_conditions
from schema.scopes import READS

_NO_VALUE = "Null where no run has a value."


@strawberry.enum(description="What groups can be ordered by.")
class Statistic(Enum):
    """What groups can be ordered by."""

    COUNT = word("count", "Number of runs, or of the metric's values where `by` names one.")
    MIN = word("min", "Lowest value.")
    MEDIAN = word("median", "Median.")
    MEAN = word("mean", "Arithmetic mean.")
    MAX = word("max", "Highest value.")


@strawberry.input(description="An order of groups. Nulls last in both directions, ties by the keys of the groups.")
class AggregateOrder:
    """An order of groups."""

    by: Metric | None = strawberry.field(
        description="The metric whose statistic counts. Without it only COUNT makes sense.", default=None
    )
    statistic: Statistic = strawberry.field(description="The statistic.", default=Statistic.COUNT)
    direction: OrderDirection = strawberry.field(description="Which way.", default=OrderDirection.DESC)
    first: int | None = strawberry.field(
        description="So many groups from the start, at most 10,000. All unless told.", default=None
    )


@strawberry.type(description="Statistics of one metric over the runs of a group. Runs without a value are left out.")
class MetricStatistics:
    """Statistics of one metric, in its unit."""

    count: int = strawberry.field(description="Number of runs with a value.")
    min: float | None = strawberry.field(description=f"Lowest value. {_NO_VALUE}")
    p05: float | None = strawberry.field(description=f"5th percentile, interpolated. {_NO_VALUE}")
    p25: float | None = strawberry.field(description=f"25th percentile, interpolated. {_NO_VALUE}")
    median: float | None = strawberry.field(description=f"Median. {_NO_VALUE}")
    mean: float | None = strawberry.field(
        description="Arithmetic mean. Null where no run has a value, or one is 1e140 or larger."
    )
    p75: float | None = strawberry.field(description=f"75th percentile, interpolated. {_NO_VALUE}")
    p95: float | None = strawberry.field(description=f"95th percentile, interpolated. {_NO_VALUE}")
    max: float | None = strawberry.field(description=f"Highest value. {_NO_VALUE}")
    standard_deviation: float | None = strawberry.field(
        description="Sample standard deviation (n - 1). Null for fewer than two values, or if one is 1e140 or larger."
    )


@strawberry.type(description="The runs of a group in figures. Keys that were not grouped by are null.")
class BacktestAggregate(Group):
    """The runs of a group in figures."""

    row: strawberry.Private[Row]
    basis: strawberry.Private[Basis]
    count: int = strawberry.field(description="Number of runs.")

    @strawberry.field(description="Statistics of one metric.")
    def metric(self, of: Annotated[Metric, strawberry.argument(description="The metric.")]) -> MetricStatistics:
        """Return the statistics of a metric; those that nobody asked for are None."""
        column = metric_column(of, self.basis)
        return MetricStatistics(**{name: _finite(self.row.get(statistic_name(column, name))) for name in STATISTICS})


def _finite(value: Any) -> Any:
    """Return a value, None where interpolation between two of some 1e308 overflowed."""
    return value if value is None or math.isfinite(value) else None


@strawberry.type(description="What can be asked about groups of runs.")
class AggregateQuery:
    """The questions about groups of runs."""

    @strawberry.field(
        description=(
            "Runs of every status in figures, by groups; most runs first unless told. Without keys there is one group, "
            "even where there are no runs. More than 10,000 groups are refused. Only what is asked for is computed."
        ),
        metadata=READS,
    )
    async def backtest_aggregates(
        self,
        info: Info,
        group_by: GroupBy,
        filter: Filter = None,
        order_by: Annotated[
            AggregateOrder | None, strawberry.argument(description="Order of the groups, and how many of them.")
        ] = None,
        basis: BasisArgument = Basis.REPORTED,
    ) -> list[BacktestAggregate]:
        """Return the groups."""
        keys = key_names(group_by)
        rows = await aggregate_backtests(
            info.context.database,
            keys=keys,
            conditions=read_conditions(filter),
            statistics=_selected_statistics(info, basis),
            order=_read_order(order_by or AggregateOrder(), basis),
        )
        return [BacktestAggregate(**read_keys(row, keys), row=row, basis=basis, count=row["count"]) for row in rows]


def _read_order(given: AggregateOrder, basis: Basis) -> GroupOrder:
    return GroupOrder(
        by=metric_column(given.by, basis) if given.by else None,
        statistic=given.statistic.value,
        descending=given.direction is OrderDirection.DESC,
        first=given.first,
    )


def _selected_statistics(info: Info, basis: Basis) -> dict[str, dict[str, None]]:
    """Return the statistics that are asked for of each metric, under whatever aliases."""
    asked: dict[str, dict[str, None]] = {}
    for field in _fields(info.selected_fields):
        for metric in (each for each in _fields(field.selections) if each.name == "metric"):
            names = (to_snake_case(each.name) for each in _fields(metric.selections))
            asked.setdefault(metric_column(_metric(metric.arguments["of"]), basis), {}).update(
                (name, None) for name in names if name in STATISTICS
            )
    return asked


def _metric(of: Any) -> Enum:
    """Return the metric; an enum value is a name where it was written out, a member from a variable."""
    metric: Enum = Metric[of] if isinstance(of, str) else of
    return metric


def _fields(selections: list[Selection]) -> Iterator[SelectedField]:
    """Yield the fields of a selection, those in its fragments included."""
    for each in selections:
        if isinstance(each, SelectedField):
            yield each
        else:
            yield from _fields(each.selections)
