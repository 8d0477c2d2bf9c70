"""What all walk-forward windows of a run say together."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

import strawberry

from resolvers.walk_forward import load_walk_forward_tests
from resolvers.walk_forward_figures import Part, Parts, load_walk_forward_figures
from schema.bulk import Objects, Read, Stored, batched
from schema.context import Info
from schema.rows import make, needed_columns
from schema.scalars import JSON
from schema.selections import fields_below, remembered, select
from schema.walk_forward import WalkForwardTest
from schema.walk_forward_words import (
    OverlapKind,
    StitchedFrom,
    WalkForwardFigure,
    WalkForwardPerformance,
    WalkForwardReason,
)


@strawberry.type(description="Why a figure over walk-forward windows is undefined.")
class UndefinedWalkForwardFigure(Stored):
    """Why a figure is undefined."""

    figure: WalkForwardFigure = strawberry.field(description="The figure that is null.")
    reason: WalkForwardReason = strawberry.field(description="Why it is null.")


@strawberry.type(description="Days that periods of walk-forward windows have in common.")
class WalkForwardOverlap(Stored):
    """Days in common."""

    kind: OverlapKind = strawberry.field(description="Which periods overlap.")
    days: int = strawberry.field(description="How many days they have in common.")

    @batched(description="The window whose test period overlaps.", needs=("window_id",))
    async def window(overlaps: Objects["WalkForwardOverlap"], info: Info) -> Sequence[WalkForwardTest]:
        """Return the later window of each overlap."""
        return await _load_windows(info, [row["window_id"] for row in overlaps.sources])

    @batched(
        description=(
            "The earlier window that it overlaps with, of several the one whose test period reaches furthest; the same "
            "window for TRAINING."
        ),
        needs=("other_id",),
    )
    async def other(overlaps: Objects["WalkForwardOverlap"], info: Info) -> Sequence[WalkForwardTest]:
        """Return the earlier window of each overlap."""
        return await _load_windows(info, [row["other_id"] for row in overlaps.sources])


@strawberry.type(description="How a chosen parameter changes over walk-forward windows: one that jumps fits noise.")
class ParameterDrift(Stored):
    """How a parameter changes."""

    name: str = strawberry.field(description="Name of the parameter.")
    values: list[JSON | None] = strawberry.field(
        description="Its value in each window, in the order of their test periods; null where a window has none."
    )
    changes: int = strawberry.field(description="How often it differs from the window before that has a value.")
    distinct: int = strawberry.field(description="How many different values it has.")
    mean: float | None = strawberry.field(description="Mean of its values. Null unless they are numbers.")
    standard_deviation: float | None = strawberry.field(
        description="Standard deviation (n - 1) of its values. Null unless they are numbers, at least two."
    )
    coefficient_of_variation: float | None = strawberry.field(
        description="Standard deviation divided by the size of the mean. Null where either is, or the mean is 0."
    )


@strawberry.type(
    description=(
        "All walk-forward windows of a run together. Look at stitchedSharpe with its probability first, then at the "
        "efficiency, the consistency and the drift. None of them sees look-ahead: a strategy that knows the future is "
        "best in every window."
    )
)
class WalkForwardSummary(Stored):
    """Figures over all windows of a run."""

    reads: ClassVar = {
        "overlaps": Read(lambda rows: [Objects(WalkForwardOverlap, row["overlaps"]) for row in rows]),
        "parameter_drift": Read(lambda rows: [Objects(ParameterDrift, row["parameter_drift"]) for row in rows]),
        "undefined": Read(lambda rows: [Objects(UndefinedWalkForwardFigure, row["undefined"]) for row in rows]),
    }
    windows: int = strawberry.field(description="Number of windows.")
    consistency: float | None = strawberry.field(
        description="Share of windows with a positive out-of-sample return, among those that report one. Null if none."
    )
    average_out_of_sample_return: float | None = strawberry.field(
        description="Mean out-of-sample return as a fraction. Null if no window reports one."
    )
    average_out_of_sample_sharpe: float | None = strawberry.field(
        description="Mean out-of-sample Sharpe ratio. Null if no window reports one."
    )
    worst_out_of_sample_drawdown: float | None = strawberry.field(
        description="Deepest out-of-sample drawdown as a fraction, never positive. Null if no window reports one."
    )
    efficiency: float | None = strawberry.field(
        description=(
            "Walk-forward efficiency (Pardo): the annual performance out of sample, summed over the windows that say "
            "both, divided by the sum in-sample. 0.5 is half of it, below zero all of it lost. Null where the sum "
            "in-sample is not positive, or no window says both."
        )
    )
    efficiency_of: WalkForwardPerformance | None = strawberry.field(
        description=(
            "What it is the ratio of: returns, which need the training period's dates, or Sharpe ratios where more "
            "windows have these. Null where no window has either."
        )
    )
    efficiency_windows: int = strawberry.field(description="How many windows it is made of.")
    stitched_return: float | None = strawberry.field(
        description=(
            "Return of all test periods one after the other, compounded, as a fraction; nothing is earned between "
            "them. Null where a window does not say its return, or test periods overlap."
        )
    )
    stitched_sharpe: float | None = strawberry.field(
        description=(
            "Annual Sharpe ratio of the stitched run: of the returns that stitchedFrom names, by their mean and their "
            "standard deviation (n - 1), times the root of stitchedPeriodsPerYear. Null where undefined."
        )
    )
    stitched_probabilistic_sharpe: float | None = strawberry.field(
        description=(
            "Probability that the true Sharpe ratio of the stitched run is above 0, from 0 to 1 (Bailey and Lopez de "
            "Prado 2012). It does not count what was tried before, and does not see look-ahead. Null where undefined."
        )
    )
    stitched_from: StitchedFrom | None = strawberry.field(
        description=(
            "What one return of it is: RETURNS where every window was saved with its returns, else WINDOWS. Null where "
            "nothing could be stitched."
        )
    )
    stitched_observations: int | None = strawberry.field(
        description="How many returns it has. Null where nothing could be stitched."
    )
    stitched_periods_per_year: float | None = strawberry.field(
        description=(
            "How many of them make a year: by the times of the returns, or how many test periods of mean length fit in "
            "365.25 days. Null where stitchedSharpe is."
        )
    )
    stitched_skewness: float | None = strawberry.field(
        description="Skewness of the returns, with n. Null where stitchedSharpe is."
    )
    stitched_kurtosis: float | None = strawberry.field(
        description="Kurtosis of the returns, with n; 3 for normal ones. Null where stitchedSharpe is."
    )
    overlaps: list[WalkForwardOverlap] = strawberry.field(
        description="Where test periods overlap each other, or the training period of their own; in their order."
    )
    parameter_drift: list[ParameterDrift] = strawberry.field(
        description="How each chosen parameter changes from window to window. Empty where none says its parameters."
    )
    undefined: list[UndefinedWalkForwardFigure] = strawberry.field(
        description="Why figures are null, one entry for each that is."
    )


PARTS: Mapping[str, Part] = {
    "consistency": "averages",
    "averageOutOfSampleReturn": "averages",
    "averageOutOfSampleSharpe": "averages",
    "worstOutOfSampleDrawdown": "averages",
    "overlaps": "overlaps",
    "parameterDrift": "drift",
    "undefined": "undefined",
}
"""What fields are part of, beside those that say so by their name."""


async def load_summaries(info: Info, backtest_ids: Sequence[UUID]) -> Sequence[WalkForwardSummary]:
    """Return the summary of each run, with what is selected of it."""
    parts = remembered(info, load_summaries, lambda: _selected(info))
    figures = await load_walk_forward_figures(info.context.database, backtest_ids, parts=parts)
    return make(WalkForwardSummary, figures)


def _selected(info: Info) -> Parts:
    names = {node.name.value for node in fields_below(info, select(info))}
    return frozenset(part for name in names if (part := _part_of(name)))


def _part_of(name: str) -> Part | None:
    if name.startswith("efficiency"):
        return "efficiency"
    return "stitched" if name.startswith("stitched") else PARTS.get(name)


async def _load_windows(info: Info, ids: Sequence[UUID]) -> Sequence[Any]:
    columns = needed_columns(info, WalkForwardTest)
    return make(WalkForwardTest, await load_walk_forward_tests(info.context.database, ids, columns=columns))
