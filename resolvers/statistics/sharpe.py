"""What a Sharpe ratio is worth: its error, its probability, and how much of it the number of trials explains.

Every Sharpe ratio here is per period (mean / standard deviation with n - 1 of the returns of one period), unless a
name says annual. Skewness is 0 and kurtosis 3 for normal returns: it is not the excess kurtosis. All take numbers, or
arrays that are broadcast. A figure that is undefined is NaN, as is one of NaN; nothing is raised. None of them sees
look-ahead: a strategy that knows the future scores best.
"""

import math

import numpy as np
from numpy.typing import NDArray

from resolvers.statistics.elementwise import elementwise
from resolvers.statistics.normal import cumulative, quantile

Values = NDArray[np.float64]

EULER_GAMMA = 0.5772156649015329


@elementwise
def standard_error(sharpe: float, observations: float, skewness: float = 0.0, kurtosis: float = 3.0) -> float:
    """Return the standard error of a Sharpe ratio that was measured over so many returns.

    sqrt((1 - g3 SR + (g4 - 1)/4 SR^2) / (n - 1)): Bailey and Lopez de Prado 2012, The Sharpe Ratio Efficient Frontier.
    NaN for fewer than two observations and where the radicand is not positive, or too large for a number.
    """
    spread = _spread(sharpe, skewness, kurtosis)
    return math.sqrt(spread / (observations - 1)) if observations > 1 and 0 < spread < math.inf else math.nan


@elementwise
def standard_error_of_independent_returns(sharpe: float, observations: float) -> float:
    """Return sqrt((1 + SR^2/2) / T): Lo 2002, The Statistics of Sharpe Ratios. NaN without observations."""
    return math.sqrt((1 + sharpe * sharpe / 2) / observations) if observations > 0 else math.nan


@elementwise
def annualization_factor(periods_per_year: float, autocorrelation: float = 0.0) -> float:
    """Return what a Sharpe ratio per period is multiplied by for a year, where returns follow an AR(1) process.

    sqrt(q) for an autocorrelation of 0: Lo 2002. NaN unless -1 < autocorrelation < 1 and a year has a period; below 0
    a year takes a whole number of them.
    """
    q, r = periods_per_year, autocorrelation
    if not (-1 < r < 1 and q > 0) or (r < 0 and not q.is_integer()):
        return math.nan
    inflation = 1 + 2 * r / (1 - r) * (1 - (1 - r**q) / (q * (1 - r)))
    return math.sqrt(q / inflation) if inflation > 0 else math.nan


@elementwise
def probabilistic_sharpe_ratio(
    sharpe: float, benchmark: float, observations: float, skewness: float = 0.0, kurtosis: float = 3.0
) -> float:
    """Return the probability (0 to 1) that the true Sharpe ratio is above a benchmark, per period as well.

    Z((SR - SR*) / s(SR)): Bailey and Lopez de Prado 2012. NaN where the standard error is undefined, or 0 as
    that of infinitely many observations.
    """
    error = standard_error(sharpe, observations, skewness, kurtosis)
    return cumulative((sharpe - benchmark) / error) if error > 0 else math.nan


@elementwise
def minimum_track_record_length(
    sharpe: float, benchmark: float, skewness: float = 0.0, kurtosis: float = 3.0, confidence: float = 0.95
) -> float:
    """Return how many observations it takes to be so confident that the true Sharpe ratio is above the benchmark.

    1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (Z^-1(p) / (SR - SR*))^2: Bailey and Lopez de Prado 2012. Not rounded. NaN where
    the Sharpe ratio is not above the benchmark, the radicand is not positive or leaves the range of numbers, or
    confidence is not between 0 and 1.
    """
    spread = _spread(sharpe, skewness, kurtosis)
    if not (sharpe > benchmark and 0 < spread < math.inf and 0 < confidence < 1):
        return math.nan
    ratio = quantile(confidence) / (sharpe - benchmark)
    return 1 + spread * ratio * ratio


@elementwise
def expected_maximum(trials: float) -> float:
    """Return the expected largest of so many independent draws from a standard normal distribution.

    (1 - gE) Z^-1(1 - 1/N) + gE Z^-1(1 - 1/(N e)): Bailey and Lopez de Prado 2014, The Deflated Sharpe Ratio. Trials
    may be a fraction (an effective number); 0 for one trial, by convention, and never below; NaN for less than one.
    """
    if not trials >= 1:
        return math.nan
    # Z^-1(1 - p) = -Z^-1(p), which stays finite where 1 - 1/N rounds to 1.
    largest = -(1 - EULER_GAMMA) * quantile(1 / trials) - EULER_GAMMA * quantile(1 / (trials * math.e))
    return max(0.0, float(largest))


@elementwise
def deflated_sharpe_ratio(  # noqa: PLR0917 - what the formula takes, in its order
    sharpe: float,
    observations: float,
    skewness: float,
    kurtosis: float,
    trials: float,
    variance_of_sharpes: float,
) -> float:
    """Return the probability (0 to 1) that the true Sharpe ratio is above the best that luck is expected to give.

    The probabilistic Sharpe ratio against `expected_maximum_sharpe`: Bailey and Lopez de Prado 2014. NaN where either
    is undefined.
    """
    threshold = expected_maximum_sharpe(trials, variance_of_sharpes)
    return probabilistic_sharpe_ratio(sharpe, threshold, observations, skewness, kurtosis)


def deflated_sharpe_ratios(sharpes: Values, standard_errors: Values, thresholds: Values | float) -> Values:
    """Return the deflated Sharpe ratio of each of many runs, from what is known of them already.

    Z((SR - SR0) / s): Sharpe ratios, their standard errors and the thresholds (see `expected_maximum_sharpe`) are per
    period, one for each run. NaN where one of them is, or where the error is not above zero.
    """
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = np.array([cumulative(each) for each in ((sharpes - thresholds) / standard_errors).tolist()])
    return np.where(standard_errors > 0, found, np.nan)


@elementwise
def expected_maximum_sharpe(trials: float, variance_of_sharpes: float) -> float:
    """Return the best Sharpe ratio that is expected of so many trials without any skill, per period.

    sqrt(V) E[max_N]: Bailey and Lopez de Prado 2014. variance_of_sharpes is that of the trials' Sharpe ratios per
    period; it does not matter for one trial, whose threshold is 0. NaN for a negative variance.
    """
    largest = expected_maximum(trials)
    if largest == 0:
        return 0.0
    return math.sqrt(variance_of_sharpes) * largest if variance_of_sharpes >= 0 else math.nan


@elementwise
def minimum_backtest_length(trials: float, target_annual_sharpe: float) -> float:
    """Return how many years a backtest must have, so that the best of so many trials does not reach a target by luck.

    (E[max_N] / target)^2: Bailey, Borwein, Lopez de Prado and Zhu 2014, Pseudo-Mathematics and Financial
    Charlatanism. The target is an annual Sharpe ratio; NaN unless it is positive.
    """
    if not target_annual_sharpe > 0:
        return math.nan
    ratio = expected_maximum(trials) / target_annual_sharpe
    return ratio * ratio


@elementwise
def effective_trials(trials: float, average_correlation: float) -> float:
    """Return how many independent trials are worth as many that are correlated.

    rho + (1 - rho) M: Bailey and Lopez de Prado 2014, eq. 9. Not below 1 nor, for a negative correlation, above the
    number of trials; NaN for less than one trial and for a correlation beyond -1 and 1.
    """
    if not (trials >= 1 and -1 <= average_correlation <= 1):
        return math.nan
    rho = max(0.0, average_correlation)
    return rho + (1 - rho) * trials


def _spread(sharpe: float, skewness: float, kurtosis: float) -> float:
    """Return n - 1 times the variance of a Sharpe ratio."""
    return 1 - skewness * sharpe + (kurtosis - 1) / 4 * (sharpe * sharpe)
