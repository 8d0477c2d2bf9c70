"""What is left of a result when others were tried: Harvey and Liu 2015, Backtesting, Journal of Portfolio Management.

What is undefined is NaN.
"""

import math
import re
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from resolvers.statistics.normal import cumulative, quantile

PValues = NDArray[np.float64]


class Haircut(float):
    """An annual Sharpe ratio after the trials are counted: a number that also says how it came about.

    Attributes:
        p_single: two-sided p-value, 0 to 1, of the Sharpe ratio before.
        p_multi: that of the best of all trials.
        haircut: the share that is taken away, from 0 to 1, where nothing is left; NaN for a Sharpe ratio of 0.
    """

    __slots__ = ("haircut", "p_multi", "p_single")
    p_single: float
    p_multi: float
    haircut: float

    def __new__(cls, annual_sharpe: float, p_single: float, p_multi: float, haircut: float) -> Self:
        """Return a number with all that is said of it."""
        number = super().__new__(cls, annual_sharpe)
        number.p_single, number.p_multi, number.haircut = p_single, p_multi, haircut
        return number


def haircut_sharpe(annual_sharpe: float, years: float, observations: float, trials: float) -> Haircut:
    """Return what is left of an annual Sharpe ratio that is the best of so many independent trials.

    t = SR sqrt(years), pS = 2 (1 - F_t(|t|; observations - 1)), pM = 1 - (1 - pS)^N, and the Sharpe ratio that alone
    would have pM. It keeps its sign, and is never further from 0 than before. Infinitely many observations take the
    normal distribution, as the paper's example on p. 15 does. All NaN for fewer than two observations, no time, less
    than one trial, or a number that is not finite.
    """
    sharpe, span, freedom, count = float(annual_sharpe), float(years), float(observations) - 1, float(trials)
    root = math.sqrt(span) if span > 0 else math.nan
    size = abs(sharpe) * root
    if not (freedom >= 1 and 1 <= count < math.inf and math.isfinite(size)):
        return Haircut(math.nan, math.nan, math.nan, math.nan)
    below, inverse = _distribution(freedom)
    single = 2 * float(below(-size))
    multi = adjust_for_trials(single, count)
    left = abs(float(inverse(multi / 2))) if single > _TINY else _with_larger_tail(size, freedom, count)
    kept = min(left / root, abs(sharpe))
    return Haircut(math.copysign(kept, sharpe), single, multi, 1 - kept / abs(sharpe) if sharpe else math.nan)


_TINY = 1e-200
"""Below, a p-value nears the end of numbers, and so does its inverse."""
_MOST_FREEDOM = 1e15
"""The t-distribution is as good as the normal one."""


def _distribution(freedom: float) -> tuple[Callable[[float], Any], Callable[[float], Any]]:
    """Return the distribution function of the t-statistic, and its inverse."""
    if math.isinf(freedom):
        return cumulative, quantile
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415 - a third of the start of every command

    return partial(stdtr, freedom), partial(stdtrit, freedom)


def _with_larger_tail(size: float, freedom: float, factor: float) -> float:
    """Return the t-statistic that is exceeded so many times as often as a large one, by the logarithms of both.

    Far out, the tail falls as (1 + t^2 / freedom)^(-(freedom - 1) / 2) / t. Its logarithm is concave in that of t, so
    Newton's steps come from the right and never pass the answer.
    """
    freedom = min(freedom, _MOST_FREEDOM)

    def tail(place: float) -> tuple[float, float]:
        power = 2 * place - math.log(freedom)
        return -(freedom - 1) / 2 * np.logaddexp(0, power) - place, -(freedom - 1) / (1 + math.exp(-power)) - 1

    place = math.log(size)
    goal = tail(place)[0] + math.log(factor)
    for _ in range(_MOST_STEPS):
        height, slope = tail(place)
        place -= (height - goal) / slope
    return math.exp(place)


_MOST_STEPS = 30


def adjust_for_trials(p_value: float, trials: float) -> float:
    """Return the probability that the best of so many independent trials has such a p-value by luck: 1 - (1 - p)^N.

    NaN for a p-value that is not between 0 and 1, and less than one trial.
    """
    if not (0 <= p_value <= 1 and trials >= 1):
        return math.nan
    return -math.expm1(trials * math.log1p(-p_value)) if p_value < 1 else 1.0


class Adjustment(StrEnum):
    """Ways to adjust the p-values of several tests for each other. See `adjust_p_values` for their other names."""

    BONFERRONI = "bonferroni"
    HOLM = "holm"
    BHY_HARVEY_LIU = "bhy_harvey_liu"
    """Benjamini, Hochberg and Yekutieli as Harvey and Liu write it: the largest p-value stays as it is."""
    BY_STANDARD = "by_standard"
    """Benjamini and Yekutieli as R and statsmodels have it: the largest p-value is multiplied, too."""

    @classmethod
    def _missing_(cls, value: object) -> "Adjustment | None":
        name = re.sub(r"[\s_-]+", "_", str(value).strip().lower())
        return next((way for way, names in _NAMES.items() if name in {way.value, *names}), None)


_NAMES = {
    Adjustment.BONFERRONI: {"b", "bonf"},
    Adjustment.HOLM: {"h", "holm_bonferroni", "bonferroni_holm"},
    Adjustment.BHY_HARVEY_LIU: {"bhy", "harvey_liu", "benjamini_hochberg_yekutieli"},
    Adjustment.BY_STANDARD: {"by", "fdr_by", "benjamini_yekutieli"},
}


def adjust_p_values(p_values: ArrayLike, method: Adjustment | str) -> list[float]:
    """Return p-values (0 to 1; a number, or a list or array of one dimension) adjusted for each other.

    They are at most 1, in the order in which they came; none of none. method: an Adjustment or its name, in any case
    and with spaces or hyphens for underscores. "bhy" is what Harvey and Liu call it, and "by" or "fdr_by" what R and
    statsmodels do; "holm_bonferroni" and the like are known, too.

    Raises:
        ValueError: there is no such method, a p-value is not between 0 and 1 (as NaN is not), or they are a matrix.
    """
    adjustment, given = Adjustment(method), np.atleast_1d(np.asarray(p_values, dtype=np.float64))
    if given.ndim > 1:
        raise ValueError("The p-values of all tests are one list.")
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
