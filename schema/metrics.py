"""The metrics of a run in each of their GraphQL shapes, made from the one table of metrics."""

from enum import Enum, EnumMeta
from typing import Annotated, Any, cast

import strawberry

from resolvers.metric_columns import choose_column
from resolvers.store.metrics import LUCK, METRICS
from schema.bulk import Stored
from schema.enums import Basis, word
from schema.operators import FloatFilter, IntFilter

Metric: Any = strawberry.enum(
    cast(
        "EnumMeta",
        Enum(
            "Metric",
            {metric.name.upper(): word(metric.name, metric.description) for metric in (*METRICS, *LUCK)},
            module=__name__,
        ),
    ),
    description=(
        "One value for each field of Metrics; and PROBABILISTIC_SHARPE and DEFLATED_SHARPE, which are no fields of it "
        "and are always computed, whatever the basis. Better is higher, but for MAX_DRAWDOWN_DURATION, VOLATILITY, "
        "DOWNSIDE_VOLATILITY and LOSING_TRADES; a drawdown or a loss nearer to zero is the higher one."
    ),
)


def _made(name: str, annotation: Any, *, counts: Any, description: str) -> Any:
    """Return a class with an annotated field for each metric."""
    annotations = {metric.name: counts if metric.is_count else annotation for metric in METRICS}
    fields = {metric.name: _field(metric.description, name, metric.is_count) for metric in METRICS}
    if name == "MetricsFilter":
        annotations |= {metric.name: annotation for metric in LUCK} | {"basis": Basis}
        fields |= {metric.name: _field(metric.description, name, False) for metric in LUCK}
        fields["basis"] = strawberry.field(
            description="Which values count, in all conditions of this object.", default=Basis.REPORTED
        )
    return type(
        name,
        (Stored,) if name == "Metrics" else (),
        {"__annotations__": annotations, "__module__": __name__, "__doc__": description, **fields},
    )


def _field(description: str, kind: str, is_count: bool) -> Any:
    if kind == "Metrics":
        return strawberry.field(description=description if is_count else f"{description} Null where undefined.")
    return strawberry.field(description=description, default=strawberry.UNSET)


Metrics: Any = strawberry.type(
    _made("Metrics", float | None, counts=int, description="What the engine reported of a run."),
    description=(
        "What the engine reported of a run, and where it did not, what was computed. A value that is undefined, or "
        "that nothing tells, is null."
    ),
)
MetricsInput: Any = strawberry.input(
    _made("MetricsInput", float | None, counts=int | None, description="What the engine reported of a run."),
    description="What the engine reported of a run. Infinite and NaN values become null with a warning.",
)
MetricsFilter: Any = strawberry.input(
    _made("MetricsFilter", FloatFilter | None, counts=IntFilter | None, description="Conditions on metrics."),
    description="Conditions on metrics; all that are given hold together.",
)


BasisArgument = Annotated[
    Basis,
    strawberry.argument(
        description="Which values of metrics count. What takes a benchmark, BETA and ALPHA, is not computed."
    ),
]


def metric_column(metric: Enum, basis: Basis) -> str:
    """Return the column of a metric on a basis; raises BadUserInput where it is not computed."""
    return choose_column(metric.value, basis.value)


def given_metrics(given: Any) -> dict[str, float | int | None]:
    """Return what an input says of metrics, by their column names."""
    values = {} if given is None else vars(given)
    return {name: value for name, value in values.items() if value is not strawberry.UNSET}
