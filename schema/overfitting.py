"""Whether the best trial of an optimization is the best by skill."""

import math
from dataclasses import asdict
from enum import Enum
from typing import Annotated

import strawberry

from resolvers import overfitting as answers
from resolvers.best_trials import DeflatedBest
from schema.enums import word

Blocks = Annotated[
    int,
    strawberry.argument(
        description=(
            "Blocks of equal length that the returns are cut into, even, 2 to 20: 16 give 12870 halves, 20 184756. "
            "Returns that fill no block are dropped from the front."
        )
    ),
]


@strawberry.enum(description="Why something cannot be said of an optimization.")
class OverfittingReason(Enum):
    """Why something cannot be said of an optimization."""

    NO_RETURNS = word("NO_RETURNS", "No trial was saved with its returns.")
    TOO_FEW_TRIALS = word("TOO_FEW_TRIALS", "There is nothing to choose from: fewer than two trials are known.")
    TOO_SHORT = word("TOO_SHORT", "There are too few returns for so many blocks, or for a Sharpe ratio.")
    NON_FINITE = word("NON_FINITE", "Too many returns are null, or a number is beyond what can be computed.")
    NO_COMMON_TIMES = word("NO_COMMON_TIMES", "There is no time at which all trials with returns have one.")
    NOT_REPORTED = word("NOT_REPORTED", "The best trial has neither returns nor a Sharpe ratio.")
    NO_CURVE = word("NO_CURVE", "Neither the trial's returns nor an equity curve of the run tell of its periods.")


@strawberry.enum(description="What the moments of the best trial's returns are taken from.")
class MomentsBasis(Enum):
    """What the moments of the best trial's returns are taken from."""

    RETURNS = word("RETURNS", "Its own returns.")
    RUN = word("RUN", "The equity curve of the run, which has the best trial's parameters.")
    NORMAL = word(
        "NORMAL",
        "Nothing: its Sharpe ratio is as reported, its length that of the run's curve, and its moments those of normal "
        "returns, which is kinder than most strategies deserve.",
    )


@strawberry.type(description="Logits that are above lower and not above upper; the first bin has its lower end, too.")
class LogitBin:
    """A bin of a histogram."""

    lower: float = strawberry.field(description="Lower end.")
    upper: float = strawberry.field(description="Upper end.")
    count: int = strawberry.field(description="Number of halves.")


@strawberry.type(
    description=(
        "For each half the logit ln(w / (1 - w)) of its best trial's relative rank w out of sample: 0 is the median, "
        "below 0 is worse."
    )
)
class LogitDistribution:
    """The logits of all halves."""

    mean: float = strawberry.field(description="Arithmetic mean.")
    median: float = strawberry.field(description="Median.")
    histogram: list[LogitBin] = strawberry.field(
        description="24 bins of one width over all that a logit can be; those up to 0 make the pbo."
    )


@strawberry.type(
    description=(
        "The deflated Sharpe ratio of the best trial, with all that it is made of. Its Sharpe ratios are per period, "
        "not per year. It does not see look-ahead bias."
    )
)
class BestTrialDeflation:
    """The deflated Sharpe ratio of the best trial."""

    deflated_sharpe_ratio: float | None = strawberry.field(
        description=(
            "Probability, 0 to 1, that the best trial's true Sharpe ratio is above what luck is expected to give the "
            "best of so many trials. Null where reason says why."
        )
    )
    reason: OverfittingReason | None = strawberry.field(description="Why it is null. Null where it is not.")
    basis: MomentsBasis | None = strawberry.field(
        description="What the Sharpe ratio per period and the moments are taken from. Null where they are null."
    )
    per_period_sharpe_ratio: float | None = strawberry.field(
        description="Sharpe ratio of the best trial per period (n - 1). Null where it is not known."
    )
    observations: int | None = strawberry.field(description="Returns that it is taken from. Null where not known.")
    skewness: float | None = strawberry.field(description="Skewness of these, 0 for normal ones. Null where not known.")
    kurtosis: float | None = strawberry.field(
        description="Kurtosis of these, 3 for normal ones: it is not the excess. Null where not known."
    )
    trials: int = strawberry.field(description="How many combinations were tried: combinationsTested.")
    recorded_trials: int = strawberry.field(
        description="How many of them have a known Sharpe ratio: from their returns, or else as reported."
    )
    variance_of_sharpes: float | None = strawberry.field(
        description="Variance (n - 1) of these Sharpe ratios per period. Null for fewer than two."
    )
    per_period_expected_maximum_sharpe: float | None = strawberry.field(
        description=(
            "The Sharpe ratio per period that luck alone is expected to give the best of so many trials; 0 for one. "
            "Null where it is not known."
        )
    )
    periods_per_year: float | None = strawberry.field(
        description=(
            "Annual Sharpe ratios were divided by the root of this to be per period. Where the run's own ratio tells "
            "that the engine annualises otherwise, those of the trials were brought to this before. Null where unknown."
        )
    )


@strawberry.type(
    description=(
        "What cross-validation says of an optimization, over the trials that were saved with returns, on their common "
        "times. Where it can say nothing, reason says why, and what can be said without returns is in "
        "deflation. None of it sees look-ahead bias."
    )
)
class Overfitting:
    """What cross-validation says of an optimization."""

    pbo: float | None = strawberry.field(
        description=(
            "Probability of backtest overfitting: the share of halves, 0 to 1, whose best trial by Sharpe ratio, the "
            "first of equals, is no better than the median in the other half. Returns that fill no block are dropped "
            "from the front; a trial that does not move in a half ranks last there. 0.5 says nothing, near 0 is good. "
            "Null where reason says why."
        )
    )
    probability_of_loss: float | None = strawberry.field(
        description="Share of halves, 0 to 1, whose best trial has a mean below 0 in the other half. Null as pbo."
    )
    slope: float | None = strawberry.field(
        description=(
            "Degradation: slope of the best trials' Sharpe ratios out of sample on theirs in-sample; below 0, the "
            "better one looks the worse it does. Null as pbo, and where all in-sample ratios are equal."
        )
    )
    logits: LogitDistribution | None = strawberry.field(description="Their ranks out of sample. Null as pbo.")
    blocks: int = strawberry.field(description="Blocks that the returns were cut into.")
    combinations: int = strawberry.field(description="Halves of so many blocks: each is in-sample once.")
    trials: int = strawberry.field(description="Trials with returns.")
    missing: int = strawberry.field(description="Saved trials without returns, which are left out.")
    observations: int = strawberry.field(description="Returns of each trial that were used; 0 where pbo is null.")
    dropped_observations: int = strawberry.field(
        description=(
            "Times at which some trial has a return and that were left out: another trial has none or a null there, or "
            "they fill no block."
        )
    )
    reason: OverfittingReason | None = strawberry.field(description="Why pbo is null. Null where it is not.")
    deflation: BestTrialDeflation = strawberry.field(
        description="The deflated Sharpe ratio of the best trial, with or without returns, and what it is made of."
    )


def read_overfitting(found: answers.Overfitting) -> Overfitting:
    """Return what was found of an optimization as it is told."""
    said = found.validation
    return Overfitting(
        pbo=said.pbo,
        probability_of_loss=said.probability_of_loss,
        slope=said.slope,
        logits=_read_logits(said),
        blocks=found.blocks,
        combinations=math.comb(found.blocks, found.blocks // 2),
        trials=said.trials,
        missing=found.trials - said.trials,
        observations=said.observations,
        dropped_observations=said.dropped,
        reason=_reason(said.reason),
        deflation=_read_deflation(found.best),
    )


def _read_logits(said: answers.Validation) -> LogitDistribution | None:
    if said.mean is None or said.median is None:
        return None
    bins = [LogitBin(**asdict(each)) for each in said.histogram]
    return LogitDistribution(mean=said.mean, median=said.median, histogram=bins)


def _read_deflation(best: DeflatedBest) -> BestTrialDeflation:
    return BestTrialDeflation(
        deflated_sharpe_ratio=best.value,
        reason=_reason(best.reason),
        basis=None if best.basis is None else MomentsBasis(best.basis),
        per_period_sharpe_ratio=best.sharpe_ratio,
        observations=best.observations,
        skewness=best.skewness,
        kurtosis=best.kurtosis,
        trials=best.trials,
        recorded_trials=best.recorded_trials,
        variance_of_sharpes=best.variance,
        per_period_expected_maximum_sharpe=best.threshold,
        periods_per_year=best.periods_per_year,
    )


def _reason(reason: str | None) -> OverfittingReason | None:
    return None if reason is None else OverfittingReason(reason)
