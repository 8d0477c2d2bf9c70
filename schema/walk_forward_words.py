"""Words of the figures over walk-forward windows."""

from enum import Enum

import strawberry

from schema.enums import word


@strawberry.enum(description="What a walk-forward efficiency is the ratio of.")
class WalkForwardPerformance(Enum):
    """What a walk-forward efficiency is the ratio of."""

    RETURN = word("RETURN", "Returns, each compounded to a year by the length of its own period.")
    SHARPE = word("SHARPE", "Sharpe ratios, which are annual already.")


@strawberry.enum(description="What one return of a stitched run is.")
class StitchedFrom(Enum):
    """What one return of a stitched run is."""

    RETURNS = word("RETURNS", "A return from point to point, as saved with every window: the exact figures.")
    WINDOWS = word(
        "WINDOWS", "The whole return of one window: few observations, and nothing of what happened within a window."
    )


@strawberry.enum(description="Which periods of walk-forward windows have days in common.")
class OverlapKind(Enum):
    """Which periods of walk-forward windows have days in common."""

    TEST = word("TEST", "The test period and that of an earlier window: the same days would count twice.")
    BOUNDARY = word(
        "BOUNDARY",
        "Only the first day of the test period, which is the last one of an earlier window's: some engines write the "
        "end of a window as the start of the next one.",
    )
    TRAINING = word("TRAINING", "The test period and the window's own training period: it was chosen on these days.")


@strawberry.enum(description="Figures over walk-forward windows that can be undefined.")
class WalkForwardFigure(Enum):
    """Figures over walk-forward windows that can be undefined."""

    CONSISTENCY = word("CONSISTENCY", "The field consistency.")
    AVERAGE_OUT_OF_SAMPLE_RETURN = word("AVERAGE_OUT_OF_SAMPLE_RETURN", "The field averageOutOfSampleReturn.")
    AVERAGE_OUT_OF_SAMPLE_SHARPE = word("AVERAGE_OUT_OF_SAMPLE_SHARPE", "The field averageOutOfSampleSharpe.")
    WORST_OUT_OF_SAMPLE_DRAWDOWN = word("WORST_OUT_OF_SAMPLE_DRAWDOWN", "The field worstOutOfSampleDrawdown.")
    EFFICIENCY = word("EFFICIENCY", "The field efficiency.")
    STITCHED_RETURN = word("STITCHED_RETURN", "The field stitchedReturn.")
    STITCHED_SHARPE = word("STITCHED_SHARPE", "The field stitchedSharpe.")
    STITCHED_PROBABILISTIC_SHARPE = word("STITCHED_PROBABILISTIC_SHARPE", "The field stitchedProbabilisticSharpe.")


@strawberry.enum(description="Why a figure over walk-forward windows is undefined.")
class WalkForwardReason(Enum):
    """Why a figure over walk-forward windows is undefined."""

    NO_WINDOWS = word("NO_WINDOWS", "The run has no windows.")
    NOT_REPORTED = word("NOT_REPORTED", "No window, or for a stitched figure not every window, says what it takes.")
    IN_SAMPLE_NOT_POSITIVE = word(
        "IN_SAMPLE_NOT_POSITIVE", "The performance in-sample, summed over the windows, is not above zero."
    )
    OVERLAP = word("OVERLAP", "Test periods overlap, so that the same days would count twice: see overlaps.")
    UNEQUAL_WINDOWS = word(
        "UNEQUAL_WINDOWS", "The longest test period is more than twice as long as the shortest, and each is one return."
    )
    TOO_SHORT = word("TOO_SHORT", "There are fewer than three returns, or no time passes between them.")
    ZERO_VARIANCE = word("ZERO_VARIANCE", "The returns are all equal, or leave the Sharpe ratio no error.")
    NON_FINITE = word("NON_FINITE", "A return below -100 %, or a result beyond the range of numbers.")
