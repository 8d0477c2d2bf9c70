"""How much of the best trial's Sharpe ratio is what luck gives the best of so many."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvers.optimizations import metric_of
from resolvers.statistics.json_values import identity
from resolvers.statistics.sharpe import deflated_sharpe_ratio, expected_maximum_sharpe
from resolvers.statistics.trial_returns import Moments

_LIKELY = 1.5
"""Engines take 252, 365 or so many periods of a year for the same days: the roots differ by less than this factor."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What is computed from the returns of a sweep's trials.

    best: of the best trial; None without returns or variance. sharpes: how many trials have a Sharpe ratio per period,
    their mean, and the sum of their squared deviations. periods_per_year: as the times of the returns tell.
    """

    best: Moments | None = None
    sharpes: tuple[int, float, float] = (0, 0.0, 0.0)
    periods_per_year: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflatedBest:
    """The deflated Sharpe ratio of the best trial with all that it takes; Sharpe ratios are per period.

    value is None where reason says why. basis: RETURNS of the trial, the curve of the RUN, or NORMAL moments.
    periods_per_year: what reported ratios were divided by the root of.
    """

    value: float | None = None
    reason: str | None = None
    basis: str | None = None
    sharpe_ratio: float | None = None
    observations: int | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    trials: int
    recorded_trials: int = 0
    variance: float | None = None
    threshold: float | None = None
    periods_per_year: float | None = None


def spread_of(sharpes: Sequence[float]) -> tuple[int, float, float]:
    """Return how many numbers there are, their mean and the sum of their squared deviations."""
    values = np.array(sharpes)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = float(values.mean()) if len(values) else 0.0
        return len(values), mean, float(np.square(values - mean).sum())


def deflate_best(sweep: Mapping[str, Any], measured: Measured) -> DeflatedBest:
    """Return the deflated Sharpe ratio of the best trial of a sweep.

    sweep: its columns combinations_tested and objective; of its run those with run_ before their name; of its best
    trial those with best_; and of all trials without returns the lists sharpe_ratios and objective_values.
    """
    is_sharpe = metric_of(sweep["objective"]) == "sharpe_ratio"
    reported = _reported(sweep["best_sharpe_ratio"], sweep["best_objective_value"], is_sharpe)
    basis, best, reason = _moments_of_best(sweep, measured, reported)
    root = _annual_factor(sweep, measured, reported, best)
    pairs = zip(sweep["sharpe_ratios"] or (), sweep["objective_values"] or (), strict=True)
    others = [sharpe for pair in pairs if (sharpe := _reported(*pair, is_sharpe)) is not None]
    recorded, variance = _variance(measured.sharpes, spread_of([each / root for each in others] if root else []))
    found = {
        "basis": basis,
        "trials": sweep["combinations_tested"],
        "recorded_trials": recorded,
        "variance": variance,
        "periods_per_year": root and root**2,
    }
    if best is None:
        return DeflatedBest(reason=reason, **found)
    inputs = {"sharpe_ratio": best.sharpe, "observations": best.observations}
    found |= inputs | {"skewness": best.skewness, "kurtosis": best.kurtosis}
    if variance is None and found["trials"] > 1:
        return DeflatedBest(reason="TOO_FEW_TRIALS", **found)
    return DeflatedBest(**found, **_deflate(best, found["trials"], variance or 0.0))


def _deflate(best: Moments, trials: int, variance: float) -> dict[str, Any]:
    threshold = expected_maximum_sharpe(trials, variance)
    try:
        value = deflated_sharpe_ratio(best.sharpe, best.observations, best.skewness, best.kurtosis, trials, variance)
    except OverflowError:
        value = math.nan
    if not math.isfinite(value):
        reason = "TOO_SHORT" if best.observations < 2 else "NON_FINITE"  # noqa: PLR2004 - n - 1
        return {"reason": reason, "threshold": threshold if math.isfinite(threshold) else None}
    return {"value": value, "threshold": threshold}


def _moments_of_best(
    sweep: Mapping[str, Any], measured: Measured, reported: float | None
) -> tuple[str | None, Moments | None, str | None]:
    """Return what the best trial is judged by and its moments, or the reason why there are none."""
    if measured.best:
        return "RETURNS", measured.best, None
    if sweep["best_number"] is None:
        return None, None, "TOO_FEW_TRIALS"
    periods, observations = sweep["run_periods_per_year"], sweep["run_observations"]
    if not periods or observations is None:
        return None, None, "NOT_REPORTED" if reported is None else "NO_CURVE"
    if sweep["run_computed_sharpe_ratio"] is not None and _is_of_run(sweep):
        sharpe = sweep["run_computed_sharpe_ratio"] / math.sqrt(periods)
        return "RUN", Moments(sharpe, observations, sweep["run_skewness"], sweep["run_kurtosis"]), None
    if reported is None:
        return None, None, "NOT_REPORTED"
    return "NORMAL", Moments(reported / math.sqrt(periods), observations, 0.0, 3.0), None


def _is_of_run(sweep: Mapping[str, Any]) -> bool:
    """Tell whether the run has the best trial's parameters, whatever others it has beside them."""
    best, run = sweep["best_parameters"], sweep["run_parameters"]
    moments = sweep["run_skewness"], sweep["run_kurtosis"]
    return (
        bool(best)
        and None not in moments
        and all(name in run and identity(run[name]) == identity(value) for name, value in best.items())
    )


def _annual_factor(
    sweep: Mapping[str, Any], measured: Measured, reported: float | None, best: Moments | None
) -> float | None:
    """Return what the engine multiplied a ratio per period by: as the best trial tells, or else by the calendar."""
    periods = sweep["run_periods_per_year"] or measured.periods_per_year
    if not periods:
        return None
    root = math.sqrt(periods)
    if reported and best and best.sharpe:
        found = reported / best.sharpe
        if root / _LIKELY < found < root * _LIKELY:
            return found
    return root


def _variance(one: tuple[int, float, float], other: tuple[int, float, float]) -> tuple[int, float | None]:
    """Return how many numbers two sets have together, and their variance with n - 1; None for fewer than two."""
    count = one[0] + other[0]
    if count < 2:  # noqa: PLR2004 - n - 1
        return count, None
    apart = other[1] - one[1]
    variance = (one[2] + other[2] + apart * apart * one[0] * other[0] / count) / (count - 1)
    return count, variance if math.isfinite(variance) else None


def _reported(sharpe: float | None, objective: float | None, is_sharpe: bool) -> float | None:
    """Return the annual Sharpe ratio that is reported of a trial, as such or as its objective."""
    return objective if sharpe is None and is_sharpe else sharpe
