"""Figures over the windows of a walk-forward test."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from resolvers.statistics.alignment import Points

DAYS_OF_A_YEAR = 365.25


class WindowsReason(StrEnum):
    """Why a figure over windows is undefined."""

    NO_WINDOWS = "NO_WINDOWS"
    NOT_REPORTED = "NOT_REPORTED"
    IN_SAMPLE_NOT_POSITIVE = "IN_SAMPLE_NOT_POSITIVE"
    OVERLAP = "OVERLAP"
    UNEQUAL_WINDOWS = "UNEQUAL_WINDOWS"
    TOO_SHORT = "TOO_SHORT"
    ZERO_VARIANCE = "ZERO_VARIANCE"
    NON_FINITE = "NON_FINITE"


class Performance(StrEnum):
    """What an efficiency is the ratio of."""

    RETURN = "RETURN"
    SHARPE = "SHARPE"


class OverlapKind(StrEnum):
    """Which periods have days in common."""

    TEST = "TEST"
    BOUNDARY = "BOUNDARY"
    TRAINING = "TRAINING"


Figure = float | WindowsReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window; None is not known. Periods include their last day.

    Attributes:
        training_return: over the training period, a fraction; test_return likewise.
        training_sharpe: a year; test_sharpe likewise.
        test_drawdown: a fraction, never positive.
        returns: of the test period from point to point, each at the time it ends.
    """

    test_start: date
    test_end: date
    training_start: date | None = None
    training_end: date | None = None
    training_return: float | None = None
    training_sharpe: float | None = None
    test_return: float | None = None
    test_sharpe: float | None = None
    test_drawdown: float | None = None
    returns: Points | None = None


@dataclass(frozen=True, slots=True)
class Averages:
    """Each over the windows that say it; consistency is the share of windows with a return above zero."""

    consistency: Figure
    test_return: Figure
    test_sharpe: Figure
    worst_drawdown: Figure


@dataclass(frozen=True, slots=True)
class Efficiency:
    """An efficiency: what it is the ratio of, and over how many windows."""

    value: Figure
    of: Performance | None = None
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """Days that periods have in common: of the window at a position, and of an earlier one or itself."""

    kind: OverlapKind
    position: int
    other: int
    days: int


def efficiency(in_sample: ArrayLike, out_of_sample: ArrayLike) -> float:
    """Return how much of the performance in-sample is left out of sample, as a ratio of the sums over all windows.

    Both are annualized performances of the same windows, in their order (lists or arrays of one dimension, or the
    numbers of a single window): Pardo 2008, The Evaluation and Optimization of Trading Strategies. A ratio of sums and
    not a mean of ratios, which one window with little performance in-sample would decide. NaN where the sum in-sample
    is not positive, there is no window, or a performance is not finite; infinite where the ratio leaves the range of
    numbers.

    Raises:
        ValueError: they have different numbers of windows.
    """
    before, after = (np.ravel(np.asarray(each, dtype=np.float64)).tolist() for each in (in_sample, out_of_sample))
    if len(before) != len(after):
        raise ValueError(f"{len(before)} windows in-sample and {len(after)} out of sample.")
    if not all(map(math.isfinite, before + after)):
        return math.nan
    total, left = (sum(map(Fraction, each)) for each in (before, after))  # no sum of numbers is out of their range
    if total <= 0:
        return math.nan
    try:
        return float(left / total)
    except OverflowError:
        return math.inf if left > 0 else -math.inf


def annualize(total: float, start: date, end: date) -> float:
    """Return the return a year (of 365.25 days) that compounds to one from a first to a last day.

    NaN for less than -1 and where the last day is before the first, and infinite where it leaves the range of numbers.
    """
    days = count_days(start, end)
    if total <= -1 or days <= 0:
        return -1.0 if total == -1 and days > 0 else math.nan
    try:
        return math.expm1(math.log1p(total) * DAYS_OF_A_YEAR / days)
    except OverflowError:
        return math.inf


def count_days(start: date, end: date) -> int:
    """Return the number of days from a first to a last one, both included; not positive where they are reversed."""
    return (end - start).days + 1


def measure_averages(windows: Sequence[Window]) -> Averages:
    """Return the averages of test periods."""
    returns = [window.test_return for window in windows if window.test_return is not None]
    sharpes = [window.test_sharpe for window in windows if window.test_sharpe is not None]
    drawdowns = [window.test_drawdown for window in windows if window.test_drawdown is not None]
    nothing = WindowsReason.NOT_REPORTED if windows else WindowsReason.NO_WINDOWS
    return Averages(
        consistency=sum(each > 0 for each in returns) / len(returns) if returns else nothing,
        test_return=_mean(returns) if returns else nothing,
        test_sharpe=_mean(sharpes) if sharpes else nothing,
        worst_drawdown=min(drawdowns) if drawdowns else nothing,
    )


def measure_efficiency(windows: Sequence[Window]) -> Efficiency:
    """Return the efficiency over the windows that say both performances.

    Of their returns, each annualized by the length of its own period, or of their Sharpe ratios where more windows
    have these.
    """
    by_return = [pair for window in windows if (pair := _annual_returns(window))]
    by_sharpe = [pair for window in windows if (pair := _known(window.training_sharpe, window.test_sharpe))]
    of, pairs = max(((Performance.RETURN, by_return), (Performance.SHARPE, by_sharpe)), key=lambda each: len(each[1]))
    if not pairs:
        return Efficiency(WindowsReason.NOT_REPORTED if windows else WindowsReason.NO_WINDOWS)
    return Efficiency(_efficiency(pairs), of, len(pairs))


def find_overlaps(windows: Sequence[Window]) -> list[Overlap]:
    """Return the overlaps of windows that are in the order of their test periods.

    Of each window: of its test period with the training period of its own, and with the earlier test period that
    reaches furthest. BOUNDARY where only the last day of one is the first day of the next, as some engines write it.
    """
    found: list[Overlap] = []
    furthest = 0
    for position, window in enumerate(windows):
        if days := _days_of_training(window):
            found.append(Overlap(OverlapKind.TRAINING, position, position, days))
        earlier = windows[furthest]
        days = count_days(window.test_start, min(window.test_end, earlier.test_end)) if position else 0
        if days > 0:
            kind = OverlapKind.BOUNDARY if _adjoins(earlier, window) else OverlapKind.TEST
            found.append(Overlap(kind, position, furthest, days))
        if window.test_end > earlier.test_end:
            furthest = position
    return found


def _mean(values: Sequence[float]) -> Figure:
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return WindowsReason.NON_FINITE


Pair = tuple[float, float]


def _known(training: float | None, test: float | None) -> Pair | None:
    return None if training is None or test is None else (training, test)


def _annual_returns(window: Window) -> Pair | None:
    pair = _known(window.training_return, window.test_return)
    if pair is None or window.training_start is None or window.training_end is None:
        return None
    training = annualize(pair[0], window.training_start, window.training_end)
    return training, annualize(pair[1], window.test_start, window.test_end)


def _efficiency(pairs: Sequence[Pair]) -> Figure:
    in_sample, out_of_sample = zip(*pairs, strict=True)
    if not all(map(math.isfinite, (*in_sample, *out_of_sample))):
        return WindowsReason.NON_FINITE
    found = efficiency(in_sample, out_of_sample)
    if math.isnan(found):
        return WindowsReason.IN_SAMPLE_NOT_POSITIVE
    return found if math.isfinite(found) else WindowsReason.NON_FINITE


def _days_of_training(window: Window) -> int:
    """Return how many days of a test period are of its own training period; one without a start has always begun."""
    if window.training_end is None:
        return 0
    start = max(window.test_start, window.training_start or window.test_start)
    return max(0, count_days(start, min(window.test_end, window.training_end)))


def _adjoins(earlier: Window, window: Window) -> bool:
    return earlier.test_start < earlier.test_end == window.test_start < window.test_end
