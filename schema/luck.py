"""How much of a run's Sharpe ratio may be luck."""

from enum import Enum
from typing import Annotated, Any, ClassVar

import strawberry

from resolvers.luck_reasons import LuckReason
from schema.bulk import Objects, Read, Stored
from schema.enums import word

BLIND = "It cannot see look-ahead: a strategy that knows the future scores best."
BENCHMARK = "The Sharpe ratio to beat, annual like every Sharpe ratio here; any finite number."
CONFIDENCE = "Of the interval and of the minimum track record; between 0 and 1, without these."

BenchmarkSharpe = Annotated[float, strawberry.argument(description=BENCHMARK)]
Confidence = Annotated[float, strawberry.argument(description=CONFIDENCE)]


@strawberry.enum(name="LuckReason", description="Why a figure of luck is undefined.")
class LuckReasonWord(Enum):
    """Why a figure of luck is undefined; the values are those of LuckReason."""

    NOT_REPORTED = word(LuckReason.NOT_REPORTED, "The run has no equity curve to compute it from.")
    TOO_SHORT = word(LuckReason.TOO_SHORT, "The equity curve has too few points, or its times tell no calendar.")
    ZERO_VARIANCE = word(LuckReason.ZERO_VARIANCE, "The returns do not vary, or no error follows from how they do.")
    NON_FINITE = word(LuckReason.NON_FINITE, "It is no finite number: too large, or a quotient of zeros.")
    BELOW_BENCHMARK = word(
        LuckReason.BELOW_BENCHMARK, "The Sharpe ratio is not above the benchmark: no track record is long enough."
    )
    UNKNOWN_VARIANCE = word(
        LuckReason.UNKNOWN_VARIANCE, "Fewer than two trials of the family have a known Sharpe ratio."
    )
    NOT_COUNTED = word(
        LuckReason.NOT_COUNTED, "No trial of the family was counted yet: `backtest-graph recompute` counts older runs."
    )
    TOO_FEW_CURVES = word(LuckReason.TOO_FEW_CURVES, "Fewer than two stored runs of the family have an equity curve.")
    NO_COMMON_RETURNS = word(
        LuckReason.NO_COMMON_RETURNS, "No two curves share times at which the returns of both vary."
    )


@strawberry.type(description="A figure that is undefined, and why.")
class UndefinedLuck(Stored):
    """A figure that is undefined."""

    figure: str = strawberry.field(description="The field that is null, such as deflation.varianceOfSharpes.")
    reason: LuckReasonWord = strawberry.field(description="Why it is null.")


@strawberry.type(description="Where the true Sharpe ratio lies with the confidence asked for; both bounds are annual.")
class SharpeInterval(Stored):
    """An interval around a Sharpe ratio."""

    lower: float | None = strawberry.field(description="Lower bound. Null where undefined.")
    upper: float | None = strawberry.field(description="Upper bound. Null where undefined.")


@strawberry.type(description="What a Sharpe ratio is deflated by: the best one that the family's trials give by luck.")
class Deflation(Stored):
    """What a Sharpe ratio is deflated by."""

    trials: float = strawberry.field(
        description="Trials of the run's family, deleted ones included: a whole number, which may be beyond an Int."
    )
    recorded_trials: float = strawberry.field(description="Those of them whose Sharpe ratio is known; a whole number.")
    variance_of_sharpes: float | None = strawberry.field(
        description=(
            "Variance (n - 1) of the recorded Sharpe ratios, per period of this run. Null for fewer than two, and "
            "where the run has no calendar."
        )
    )
    expected_maximum_sharpe: float | None = strawberry.field(
        description=(
            "The best annual Sharpe ratio that so many trials are expected to give without any skill: the root of the "
            "variance times the expected maximum of as many normal draws; 0 for one trial. Null where the variance is."
        )
    )
    per_period_expected_maximum_sharpe: float | None = strawberry.field(
        description="The same per period of this run. Null where the variance or the run's calendar is not known."
    )


@strawberry.type(
    description=(
        "The Sharpe ratio after Harvey and Liu's haircut for multiple testing, as if the family's trials were "
        "independent: where they are alike it takes too much."
    )
)
class Haircut(Stored):
    """The Sharpe ratio after a haircut."""

    sharpe_ratio: float | None = strawberry.field(description="Annual Sharpe ratio that is left. Null where undefined.")
    p_value_single: float | None = strawberry.field(
        description="Two-sided p-value of the Sharpe ratio as if it were the only trial, 0 to 1. Null where undefined."
    )
    p_value_multiple: float | None = strawberry.field(
        description="The p-value for the best of all trials of the family: 1 - (1 - p)^N. Null where undefined."
    )
    haircut: float | None = strawberry.field(
        description="Share of the Sharpe ratio that is taken away, 0 to 1. Null where undefined."
    )


def _inside(kind: Any, name: str) -> Read:
    return Read(lambda luck: Objects(kind, [each[name] for each in luck]))


@strawberry.type(
    description=(
        "How much of a run's Sharpe ratio may be luck, computed from its equity curve whatever was reported: what its "
        "length and the shape of its returns leave open, and what the number of trials in its family explains. None "
        "of these figures sees look-ahead: a strategy that knows the future scores best. What is undefined is null, "
        "with its reason in `undefined`."
    )
)
class Luck(Stored):
    """The figures of luck of a run; the source is what `resolvers.luck` measures."""

    reads: ClassVar = {
        "confidence_interval": _inside(SharpeInterval, "confidence_interval"),
        "deflation": _inside(Deflation, "deflation"),
        "haircut": _inside(Haircut, "haircut"),
        "undefined": Read(lambda luck: [Objects(UndefinedLuck, each["undefined"]) for each in luck]),
    }
    observations: int | None = strawberry.field(description="Number of returns. Null without an equity curve.")
    periods_per_year: float | None = strawberry.field(description="Returns of a year. Null where undefined.")
    skewness: float | None = strawberry.field(description="Skewness of the returns, with n. Null where undefined.")
    kurtosis: float | None = strawberry.field(
        description="Kurtosis of the returns, with n and not the excess: 3 for normal ones. Null where undefined."
    )
    sharpe_ratio: float | None = strawberry.field(
        description="Computed annual Sharpe ratio, which all of this is about. Null where undefined."
    )
    standard_error: float | None = strawberry.field(
        description=(
            "Standard error of the annual Sharpe ratio, for returns that are not normal but independent (Bailey and "
            "Lopez de Prado 2012). Null where undefined."
        )
    )
    confidence_interval: SharpeInterval = strawberry.field(
        description="Two-sided interval around the annual Sharpe ratio at `confidence`."
    )
    per_period_sharpe_ratio: float | None = strawberry.field(
        description="Sharpe ratio per period: mean / standard deviation (n - 1). Null where undefined."
    )
    per_period_standard_error: float | None = strawberry.field(
        description="Standard error of the Sharpe ratio per period. Null where undefined."
    )
    probabilistic_sharpe_ratio: float | None = strawberry.field(
        description=(
            f"Probability (0 to 1) that the true Sharpe ratio is above `benchmarkSharpe`. {BLIND} Null where undefined."
        )
    )
    deflated_sharpe_ratio: float | None = strawberry.field(
        description=(
            "Probability (0 to 1) that the true Sharpe ratio is above the best that luck is expected to give the "
            f"family's trials, whatever `benchmarkSharpe` is (Bailey and Lopez de Prado 2014). {BLIND} Null where "
            "undefined."
        )
    )
    deflation: Deflation = strawberry.field(description="What the deflated Sharpe ratio is made of.")
    minimum_track_record_length: float | None = strawberry.field(
        description=(
            "Returns it takes to be confident that the true Sharpe ratio is above `benchmarkSharpe`; compare it with "
            f"observations. {BLIND} Null where the Sharpe ratio is not above it."
        )
    )
    minimum_track_record_years: float | None = strawberry.field(
        description="The same in years. Null where the Sharpe ratio is not above the benchmark."
    )
    haircut: Haircut = strawberry.field(description="What is left of the Sharpe ratio when all trials are counted.")
    undefined: list[UndefinedLuck] = strawberry.field(
        description="Which of these figures are null, and why; empty where none is."
    )
