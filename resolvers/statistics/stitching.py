"""The test periods of a walk-forward test, one after the other as if they were one run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np

from resolvers.statistics.calendars import infer_calendar
from resolvers.statistics.curves import Values
from resolvers.statistics.performance import deviation, moments
from resolvers.statistics.sharpe import probabilistic_sharpe_ratio
from resolvers.statistics.walk_forward import (
    DAYS_OF_A_YEAR,
    Figure,
    OverlapKind,
    Window,
    WindowsReason,
    count_days,
    find_overlaps,
)

FEWEST = 3
"""Returns that a Sharpe ratio is made of; the skewness of two is always 0."""
MOST_UNEQUAL = 2.0
"""Times that the longest test period may be as long as the shortest, where each counts as one return."""


class StitchedFrom(StrEnum):
    """What one return of a stitched run is."""

    RETURNS = "RETURNS"
    WINDOWS = "WINDOWS"


@dataclass(frozen=True, slots=True)
class Stitched:
    """The windows as one run.

    Attributes:
        total: the compounded return, a fraction.
        sharpe: a year.
        probability: that the true Sharpe ratio is above 0, from 0 to 1.
        observations: how many returns there are; None where they are not known.
        kurtosis: 3 for normal returns.
    """

    total: Figure
    sharpe: Figure
    probability: Figure
    source: StitchedFrom | None = None
    observations: int | None = None
    periods_per_year: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None


def stitch(windows: Sequence[Window]) -> Stitched:
    """Return windows, which are in the order of their test periods, as one run.

    Where all of them have their returns from point to point, those follow on one another; else each window's own
    return is one observation, and a year has as many as test periods of mean length fit in. The Sharpe ratio is
    mean / standard deviation (n - 1) times the root of the periods of a year, its probability is that of Bailey and
    Lopez de Prado 2012. Nothing is defined where test periods overlap: the same days would count twice.
    """
    if not windows:
        return _undefined(WindowsReason.NO_WINDOWS)
    if any(overlap.kind is OverlapKind.TEST for overlap in find_overlaps(windows)):
        return _undefined(WindowsReason.OVERLAP)
    series = [window.returns for window in windows if window.returns is not None]
    if len(series) == len(windows):
        return _stitch_series([times for times, _ in series], [values for _, values in series])
    known = [window.test_return for window in windows if window.test_return is not None]
    return _stitch_windows(windows, known) if len(known) == len(windows) else _undefined(WindowsReason.NOT_REPORTED)


def _undefined(reason: WindowsReason) -> Stitched:
    return Stitched(reason, reason, reason)


def _stitch_series(times: Sequence[np.typing.NDArray[np.int64]], values: Sequence[Values]) -> Stitched:
    if any(later[0] <= earlier[-1] for earlier, later in pairwise(times)):
        return _undefined(WindowsReason.OVERLAP)
    calendar = infer_calendar(np.concatenate(times), with_gaps=True)
    periods = calendar.periods_per_year if calendar else WindowsReason.TOO_SHORT
    return _measure(StitchedFrom.RETURNS, np.concatenate(values), periods)


def _stitch_windows(windows: Sequence[Window], returns: Sequence[float]) -> Stitched:
    days = [count_days(window.test_start, window.test_end) for window in windows]
    is_unequal = max(days) > MOST_UNEQUAL * min(days)
    periods = WindowsReason.UNEQUAL_WINDOWS if is_unequal else DAYS_OF_A_YEAR * len(days) / sum(days)
    return _measure(StitchedFrom.WINDOWS, np.array(returns, dtype=np.float64), periods)


def _measure(source: StitchedFrom, returns: Values, periods: Figure) -> Stitched:
    with np.errstate(all="ignore"):
        total = _compound(returns)
        reason = _why_no_sharpe(returns, periods)
        if isinstance(periods, WindowsReason) or reason is not None:
            why = reason or WindowsReason.TOO_SHORT
            return Stitched(total, why, why, source, len(returns))
        per_period = float(np.mean(returns)) / deviation(returns)
        # Their unit does not matter to moments, and in this one no power leaves the range of numbers.
        skewness, kurtosis = moments(returns / np.max(np.abs(returns)))
    annual = per_period * math.sqrt(periods)
    if not all(map(math.isfinite, (annual, skewness, kurtosis))):
        why = WindowsReason.NON_FINITE
        return Stitched(total, why, why, source, len(returns))
    probability = probabilistic_sharpe_ratio(per_period, 0.0, len(returns), skewness, kurtosis)
    # Sample moments leave no error only where all returns are one of two values.
    known = WindowsReason.ZERO_VARIANCE if math.isnan(probability) else probability
    return Stitched(total, annual, known, source, len(returns), periods, skewness, kurtosis)


def _compound(returns: Values) -> Figure:
    total = float(np.prod(1 + returns)) - 1
    return total if math.isfinite(total) and np.min(returns) >= -1 else WindowsReason.NON_FINITE


def _why_no_sharpe(returns: Values, periods: Figure) -> WindowsReason | None:
    if len(returns) < FEWEST:
        return WindowsReason.TOO_SHORT
    if isinstance(periods, WindowsReason):
        return periods
    spread = deviation(returns)
    if not math.isfinite(spread):
        return WindowsReason.NON_FINITE
    return WindowsReason.ZERO_VARIANCE if spread == 0 else None
