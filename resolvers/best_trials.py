"""How much of the best trial's Sharpe ratio is what luck gives the best of so many."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvers.statistics.json_values import identity
from resolvers.statistics.sharpe import deflated_sharpe_ratio, expected_maximum_sharpe
from resolvers.statistics.trial_returns import Moments
from resolvers.store.metrics import computed_column
from resolvers.trial_sharpes import reported_sharpes

OF_RUN = (
    *("parameters", "periods_per_year", "observations", "skewness", "kurtosis", "sharpe_ratio", "metrics_filled"),
    computed_column("sharpe_ratio"),
)
"""Columns of the run of a sweep that it takes."""


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
    periods_per_year: what annual ratios were divided by the root of.
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
    run = {name: sweep[f"run_{name}"] for name in OF_RUN}
    periods = run["periods_per_year"] or measured.periods_per_year
    [reported] = _annual(run, sweep, [sweep["best_sharpe_ratio"]], [sweep["best_objective_value"]])
    others = _annual(run, sweep, sweep["sharpe_ratios"] or (), sweep["objective_values"] or ())
    recorded, variance = _variance(measured.sharpes, _spread_per_period(others, periods))
    basis, best, reason = _moments_of_best(sweep, measured, reported)
    found = {
        "basis": basis,
        "trials": sweep["combinations_tested"],
        "recorded_trials": recorded,
        "variance": variance,
        "periods_per_year": periods,
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
    value = deflated_sharpe_ratio(best.sharpe, best.observations, best.skewness, best.kurtosis, trials, variance)
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


def _annual(
    run: Mapping[str, Any],
    sweep: Mapping[str, Any],
    sharpes: Sequence[float | None],
    objectives: Sequence[float | None],
) -> list[float | None]:
    """Return the annual Sharpe ratios that trials report, on our basis; None for a trial that reports none."""
    pairs = zip(sharpes, objectives, strict=True)
    trials = [{"sharpe_ratio": sharpe, "objective_value": objective} for sharpe, objective in pairs]
    return reported_sharpes(run, sweep["objective"], trials)


def _spread_per_period(annual: Sequence[float | None], periods_per_year: float | None) -> tuple[int, float, float]:
    if not periods_per_year:
        return spread_of([])
    return spread_of([each / math.sqrt(periods_per_year) for each in annual if each is not None])


def _variance(one: tuple[int, float, float], other: tuple[int, float, float]) -> tuple[int, float | None]:
    """Return how many numbers two sets have together, and their variance with n - 1; None for fewer than two."""
    count = one[0] + other[0]
    if count < 2:  # noqa: PLR2004 - n - 1
        return count, None
    apart = other[1] - one[1]
    variance = (one[2] + other[2] + apart * apart * one[0] * other[0] / count) / (count - 1)
    return count, variance if math.isfinite(variance) else None
