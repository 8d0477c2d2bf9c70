"""What is left of a result when others were tried: Harvey and Liu 2015, Backtesting, Journal of Portfolio Management.

What is undefined is NaN.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvers.statistics.normal import cumulative, quantile

PValues = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Haircut:
    """A Sharpe ratio before and after the trials are counted; p-values are two-sided, from 0 to 1.

    haircut is the share that is taken away: 1 where nothing is left.
    """

    p_single: float
    p_multiple: float
    annual_sharpe: float
    haircut: float


def haircut_sharpe(annual_sharpe: float, years: float, observations: float, trials: float) -> Haircut:
    """Return what is left of an annual Sharpe ratio that is the best of so many independent trials.

    t = SR sqrt(years), pS = 2 (1 - F_t(|t|; observations - 1)), pM = 1 - (1 - pS)^N, and the Sharpe ratio that alone
    would have pM. It keeps its sign. Infinitely many observations take the normal distribution, as the paper's example
    on p. 15 does. All NaN for fewer than two observations, no time, or less than one trial.
    """
    if not (observations >= 2 and years > 0 and trials >= 1 and math.isfinite(annual_sharpe)):  # noqa: PLR2004 - two
        return Haircut(math.nan, math.nan, math.nan, math.nan)
    below, inverse = _distribution(observations)
    single = 2 * float(below(-abs(annual_sharpe) * math.sqrt(years)))
    multiple = adjust_for_trials(single, trials)
    left = abs(float(inverse(multiple / 2))) / math.sqrt(years)
    taken = 1 - left / abs(annual_sharpe) if annual_sharpe else math.nan
    return Haircut(single, multiple, math.copysign(left, annual_sharpe), taken)


def _distribution(observations: float) -> tuple[Callable[[float], Any], Callable[[float], Any]]:
    """Return the distribution function of the t-statistic, and its inverse."""
    if math.isinf(observations):
        return cumulative, quantile
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - a third of the start of every command

    return partial(stdtr, observations - 1), partial(stdtrit, observations - 1)


def adjust_for_trials(p_value: float, trials: float) -> float:
    """Return the probability that the best of so many independent trials has such a p-value by luck: 1 - (1 - p)^N."""
    return -math.expm1(trials * math.log1p(-p_value)) if p_value < 1 else 1.0


class Adjustment(StrEnum):
    """Ways to adjust the p-values of several tests for each other."""

    BONFERRONI = "bonferroni"
    HOLM = "holm"
    BHY_HARVEY_LIU = "bhy_harvey_liu"
    """Benjamini, Hochberg and Yekutieli as Harvey and Liu write it: the largest p-value stays as it is."""
    BY_STANDARD = "by_standard"
    """Benjamini and Yekutieli as R and statsmodels have it: the largest p-value is multiplied, too."""


def adjust_p_values(p_values: Sequence[float], method: Adjustment | str) -> list[float]:
    """Return p-values (0 to 1) adjusted for each other, at most 1, in the order in which they came.

    Raises:
        ValueError: there is no such method, or a p-value is not between 0 and 1.
    """
    adjustment, given = Adjustment(method), np.asarray(p_values, dtype=np.float64)
    if not np.all((given >= 0) & (given <= 1)):
        raise ValueError("A p-value lies between 0 and 1.")
    order = np.argsort(given, kind="stable")
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(_ADJUST[adjustment](given[order]), 1.0)
    return [float(value) for value in adjusted]


def _bonferroni(rising: PValues) -> PValues:
    return rising * len(rising)


def _holm(rising: PValues) -> PValues:
    return np.maximum.accumulate(rising * np.arange(len(rising), 0, -1))


def _by_standard(rising: PValues) -> PValues:
    places = np.arange(1, len(rising) + 1)
    harmonic = np.sum(1.0 / places)
    return _falling_minimum(rising * len(rising) * harmonic / places)


def _bhy_harvey_liu(rising: PValues) -> PValues:
    places = np.arange(1, len(rising) + 1)
    harmonic = np.sum(1.0 / places)
    raised = rising * len(rising) * harmonic / places
    return _falling_minimum(np.where(places == len(rising), rising, raised))


def _falling_minimum(values: PValues) -> PValues:
    """Return the smallest of each value and all after it."""
    return np.minimum.accumulate(values[::-1])[::-1]


_ADJUST = {
    Adjustment.BONFERRONI: _bonferroni,
    Adjustment.HOLM: _holm,
    Adjustment.BHY_HARVEY_LIU: _bhy_harvey_liu,
    Adjustment.BY_STANDARD: _by_standard,
}
