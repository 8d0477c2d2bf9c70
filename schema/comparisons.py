"""Runs side by side."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import strawberry

from resolvers.comparisons import (
    DEFAULT_METRICS,
    MOST_RUNS,
    RankedMetric,
    check_points,
    correlate_curves,
    find_different_parameters,
    load_compared,
    parse_run_ids,
    plot_curves,
    rank_metric,
    span_of,
)
from resolvers.series import Curve, load_equity_curves
from resolvers.store.database import Row
from schema.backtests import Backtest
from schema.context import Info
from schema.enums import Basis
from schema.metrics import BasisArgument, Metric, metric_column
from schema.rows import Columns, needed_columns
from schema.scalars import JSON, DateTime, DateTimes, Floats
from schema.scopes import READS
from schema.selections import is_selected

_COMMON = (
    "Times are common where every run that has a curve has them; of several points at one time the last counts. Where "
    "some curves are intraday (a median step below one day) and others are not, or where fewer than two times are "
    "common, the curves meet on common UTC days instead, each with its last point of the day."
)


@strawberry.type(description="One run's value of a metric.")
class MetricValue:
    """One run's value of a metric."""

    backtest: Backtest = strawberry.field(description="The run.")
    value: float | None = strawberry.field(description="The value, in the metric's unit. Null where undefined.")
    rank: int | None = strawberry.field(
        description="Rank among the compared runs, 1 is best; ties share it: 1, 2, 2, 4. Null without a value."
    )


@strawberry.type(description="One metric of the compared runs. Its figures leave out the runs without a value.")
class MetricComparison:
    """One metric of the compared runs."""

    metric: Metric = strawberry.field(description="Which metric.")
    higher_is_better: bool = strawberry.field(
        description="Whether the highest value is the best; a drawdown or a loss nearer to zero is the higher one."
    )
    values: list[MetricValue] = strawberry.field(
        description=(
            "A value for each run: best first, ties in the order asked for; null values come last, in the order asked "
            "for, without a rank."
        )
    )
    best: MetricValue | None = strawberry.field(
        description="The first of values; of ties the one asked for first. Null where no run has a value."
    )
    mean: float | None = strawberry.field(description="Arithmetic mean. Null where no run has a value.")
    median: float | None = strawberry.field(description="Median. Null where no run has a value.")
    standard_deviation: float | None = strawberry.field(
        description="Standard deviation of a sample (n - 1). Null for fewer than two values."
    )


@strawberry.type(description="A parameter in which the compared runs differ.")
class ParameterComparison:
    """A parameter in which the compared runs differ."""

    name: str = strawberry.field(description="Its name: a key of the runs' parameters.")
    values: list[JSON | None] = strawberry.field(
        description="The value of each run, in the order of backtests. Null where a run has null or does not have it."
    )


@strawberry.type(description="One run's curve on the common times.")
class RunSeries:
    """One run's curve on the common times."""

    backtest: Backtest = strawberry.field(description="The run.")
    values: Floats = strawberry.field(
        description=(
            "One value for each common time: fractions of the first one, or money of the run's currency where not "
            "normalized. Null where the curve is null there, and throughout where it is normalized and its first "
            "common value is zero or null."
        )
    )


@strawberry.type(description="Curves on their common times.")
class AlignedSeries:
    """Curves on their common times."""

    times: DateTimes = strawberry.field(
        description="The common times in UTC, rising; the starts of days where byDay. Empty where there are none."
    )
    series: list[RunSeries] = strawberry.field(
        description="One for each run that has a curve, in the order of backtests; runs without a curve are left out."
    )
    by_day: bool = strawberry.field(
        description="Whether the curves met on UTC days instead of exact times, each with its last point of the day."
    )
    downsampled: bool = strawberry.field(description="Whether common times were left out because of maxPoints.")


@strawberry.type(description="Runs side by side, whatever their status.")
class Comparison:
    """Runs side by side."""

    rows: strawberry.Private[Sequence[Row]]
    asked: strawberry.Private[Mapping[Any, str]]
    """The column of each metric that was asked for."""
    backtests: list[Backtest] = strawberry.field(
        description="In the order asked for; an id asked for twice counts once."
    )
    missing_ids: list[strawberry.ID] = strawberry.field(
        description="The ids that no run has, in the order asked for; the others are compared."
    )

    @strawberry.field(description="The metrics asked for, each once, in the order asked for.")
    def metrics(self) -> list[MetricComparison]:
        """Return the runs ranked by each metric."""
        return [
            _read_metric(metric, rank_metric(self.rows, column), self.backtests)
            for metric, column in self.asked.items()
        ]

    @strawberry.field(
        description=(
            "Only the parameters whose values differ, in order of first appearance; none where one run is compared. "
            "A parameter that a run does not have counts as null; 10 and 10.0 are equal, 1 and true are not; objects "
            "and lists are compared whole."
        )
    )
    def parameters(self) -> list[ParameterComparison]:
        """Return the parameters that differ."""
        different = find_different_parameters(self.rows)
        return [ParameterComparison(name=name, values=values) for name, values in different.items()]

    @strawberry.field(
        description=f"Equity curves on their common times, each divided by its first common value. {_COMMON}"
    )
    async def equity_curves(
        self,
        info: Info,
        max_points: Annotated[
            int | None,
            strawberry.argument(
                description=(
                    "At most so many times, at least 4, chosen for a plot of all curves: first and last, the highest "
                    "and lowest points of all curves and of even stretches are among them, and each curve's own where "
                    "there is room. All common times unless told."
                )
            ),
        ] = None,
        normalize: Annotated[
            bool, strawberry.argument(description="Whether to divide each curve by its first common value.")
        ] = True,
    ) -> AlignedSeries:
        """Return the curves on common times."""
        plotted = await plot_curves(await self._curves(info), most=max_points, normalized=normalize)
        runs = [self.backtests[position] for position in plotted.positions]
        return AlignedSeries(
            times=DateTimes(plotted.times),
            series=[RunSeries(backtest=run, values=values) for run, values in zip(runs, plotted.values, strict=True)],
            by_day=plotted.by_day,
            downsampled=plotted.downsampled,
        )

    @strawberry.field(
        description=(
            "Pearson correlation of the runs' simple returns from one common time to the next: a row for each run, a "
            "value for each run, both in the order of backtests. Null for a run without a curve, one whose returns do "
            "not vary, and two that share fewer than two returns (two are always 1 or -1). A return next to a null or "
            f"from zero is left out. {_COMMON}"
        )
    )
    async def return_correlation(self, info: Info) -> list[Floats]:
        """Return the matrix of correlations."""
        return list(await correlate_curves(await self._curves(info)))

    @strawberry.field(
        description="First time of the compared runs' equity curves, common or not. Null where no run has a curve."
    )
    async def earliest(self, info: Info) -> DateTime | None:
        """Return the first time of all curves."""
        span = span_of(await self._curves(info))
        return None if span is None else DateTime(span[0])

    @strawberry.field(
        description="Last time of the compared runs' equity curves, common or not. Null where no run has a curve."
    )
    async def latest(self, info: Info) -> DateTime | None:
        """Return the last time of all curves."""
        span = span_of(await self._curves(info))
        return None if span is None else DateTime(span[1])

    async def _curves(self, info: Info) -> list[Curve | None]:
        check_points(self.rows)
        return list(await asyncio.gather(*(info.context.load(load_equity_curves, row["id"]) for row in self.rows)))


@strawberry.type
class ComparisonQuery:
    """Questions that compare runs."""

    @strawberry.field(
        description=(
            f"Compares 1 to {MOST_RUNS} runs: their metrics ranked, the parameters that differ, and their equity "
            "curves on common times."
        ),
        metadata=READS,
    )
    async def compare_backtests(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description=f"1 to {MOST_RUNS} runs.")],
        metrics: Annotated[
            list[Metric] | None,
            strawberry.argument(
                description=(
                    "The metrics to compare. Total return, Sharpe ratio, maximum drawdown, win rate, profit factor and "
                    "total trades unless told."
                )
            ),
        ] = None,
        basis: BasisArgument = Basis.REPORTED,
    ) -> Comparison:
        """Compare runs."""
        asked, columns = parse_run_ids(ids), _metric_columns(metrics, basis)
        found = await load_compared(
            info.context.database, asked, metrics=columns.values(), columns=_columns(info, columns.values())
        )
        rows = [row for row in found if row is not None]
        return Comparison(
            rows=rows,
            asked=columns,
            backtests=[Backtest.of(row) for row in rows],
            missing_ids=[strawberry.ID(str(id)) for id, row in zip(asked, found, strict=True) if row is None],
        )


_RUNS = (
    ("backtests",),
    ("metrics", "values", "backtest"),
    ("metrics", "best", "backtest"),
    ("equityCurves", "series", "backtest"),
)
"""Where a comparison shows runs."""


def _columns(info: Info, names: Iterable[str]) -> Columns:
    """Return what a comparison by these metrics takes of the runs."""
    shown = needed_columns(info, Backtest, *_RUNS)
    if shown is None:
        return None
    parameters = {"parameters"} if is_selected(info, "parameters") else set()
    return shown | parameters | {"data_points", *names}


def _metric_columns(metrics: Sequence[Any] | None, basis: Basis) -> dict[Any, str]:
    asked = map(Metric, DEFAULT_METRICS) if metrics is None else metrics
    return {metric: metric_column(metric, basis) for metric in asked}


def _read_metric(metric: Any, ranked: RankedMetric, backtests: Sequence[Backtest]) -> MetricComparison:
    values = [
        MetricValue(backtest=backtests[position], value=value, rank=rank) for position, value, rank in ranked.values
    ]
    return MetricComparison(
        metric=metric,
        higher_is_better=ranked.higher_is_better,
        values=values,
        best=values[0] if values and values[0].rank is not None else None,
        mean=ranked.spread.mean,
        median=ranked.spread.median,
        standard_deviation=ranked.spread.standard_deviation,
    )
