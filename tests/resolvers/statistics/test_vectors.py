"""The statistics give the figures of the papers, and those of well-known implementations."""

import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from resolvers.statistics import multiple_testing, sharpe, walk_forward
from resolvers.statistics.overfitting import probability_of_backtest_overfitting

VECTORS = json.loads(Path(__file__).with_name("vectors.json").read_text(encoding="utf-8"))
Inputs = Mapping[str, Any]


def track_record(given: Inputs) -> float:
    return sharpe.minimum_track_record_length(
        given["sr"], given["sr_benchmark"], given["skew"], given["kurt"], given["prob"]
    )


def threshold(given: Inputs) -> float:
    return sharpe.expected_maximum_sharpe(given["n_trials"], given["var_sr_annual"] / given["periods"])


def deflated(given: Inputs) -> float:
    if "sr_estimates" in given:
        estimates = given["sr_estimates"]
        observed, trials, variance = given["sr"], len(estimates), float(np.var(estimates, ddof=given["ddof"]))
    else:
        observed, trials = given["sr_annual"] / math.sqrt(given["periods"]), given["n_trials"]
        variance = given["var_sr_annual"] / given["periods"]
    return sharpe.deflated_sharpe_ratio(observed, given["n"], given["skew"], given["kurt"], trials, variance)


def haircut(given: Inputs) -> dict[str, float]:
    """Return the example of p. 15, which takes the normal distribution for 240 months."""
    found = multiple_testing.haircut_sharpe(given["sr_annual"], given["months"] / 12, math.inf, given["n_tests"])
    return {"p_single": found.p_single, "p_multi": found.p_multi, "haircut_sr": found}


def haircut_of_t(given: Inputs) -> float:
    """Return the share that is taken from a t-statistic: that of the Sharpe ratio which has it."""
    years = given["n_months"] / 12
    annual = given["t"] / math.sqrt(years)
    return multiple_testing.haircut_sharpe(annual, years, given["n_months"], given["n_tests"]).haircut


def adjusted(given: Inputs) -> dict[str, list[float]]:
    return {each.value: multiple_testing.adjust_p_values(given["p"], each) for each in multiple_testing.Adjustment}


def lo_errors(given: Inputs) -> list[list[float]]:
    return [[sharpe.standard_error_of_independent_returns(sr, count) for count in given["T"]] for sr in given["sr"]]


def overfitting(given: Inputs) -> dict[str, Any]:
    score = "mean" if given["metric"] == "mean" else "sharpe"
    matrix = np.array(given["matrix"], dtype=float) if "matrix" in given else waves(given)
    found = probability_of_backtest_overfitting(matrix, given["S"], score)
    return {
        "pbo": found.pbo,
        "prob_oos_loss": found.probability_of_loss,
        "slope": found.slope,
        "logits": found.logits.tolist(),
    }


def waves(given: Inputs) -> Any:
    t, n = np.arange(1, given["T"] + 1)[:, None], np.arange(1, given["N"] + 1)[None, :]
    matrix = 0.01 * np.sin(1.3 * t * n + 0.5 * n * n + 0.05 * t * t)
    matrix[:, -1] += given["edge"]
    return matrix


def recentred(_: Inputs) -> dict[str, float]:
    noise = np.random.default_rng(7).normal(size=(2400, 100))
    matrix = (noise - noise.mean(axis=0)) / noise.std(axis=0, ddof=1)
    found = probability_of_backtest_overfitting(matrix, 8)
    return {"pbo": found.pbo, "prob_oos_loss": found.probability_of_loss}


def efficiency(given: Inputs) -> dict[str, float]:
    before, after = given["is_annual"], given["oos_annual"]
    ratios = [walk_forward.efficiency([inside], [outside]) for inside, outside in zip(before, after, strict=True)]
    return {"ratio_of_sums": walk_forward.efficiency(before, after), "mean_of_ratios": float(np.mean(ratios))}


COMPUTE: Mapping[str, Callable[[Inputs], Any]] = {
    "PSR": lambda given: sharpe.probabilistic_sharpe_ratio(
        given["sr"], given["sr_benchmark"], given["n"], given["skew"], given["kurt"]
    ),
    "SR_STDEV": lambda given: sharpe.standard_error(given["sr"], given["n"], given["skew"], given["kurt"]),
    "MINTRL_YEARS": lambda given: track_record(given) / given["periods"],
    "MINTRL_OBS": track_record,
    "EXPECTED_MAX_Z": lambda given: sharpe.expected_maximum(given["n_trials"]),
    "MINBTL_YEARS": lambda given: sharpe.minimum_backtest_length(given["n_trials"], given["target_sr_annual"]),
    "DSR_SR0_DAILY": threshold,
    "DSR": deflated,
    "SIDAK_P": lambda given: multiple_testing.adjust_for_trials(given["p"], given["n_tests"]),
    "HAIRCUT_INDEP": haircut,
    "HAIRCUT_INDEP_T": haircut_of_t,
    "ADJUST_P": adjusted,
    "LO_SE_IID": lo_errors,
    "PBO": overfitting,
    "PBO_INVARIANT": recentred,
    "EFFECTIVE_TRIALS": lambda given: sharpe.effective_trials(given["m"], given["avg_corr"]),
    "WFE": efficiency,
}


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{place} {each['stat']}" for place, each in enumerate(VECTORS)])
def test_a_figure_is_the_published_one(vector: Mapping[str, Any]) -> None:
    found, expected = COMPUTE[vector["stat"]](vector["inputs"]), vector["expected"]
    if isinstance(expected, dict):
        found = {name: found[name] for name in expected}
    assert flat(found) == pytest.approx(flat(expected), abs=vector["tol"], rel=0)


def flat(figures: Any) -> list[float]:
    if isinstance(figures, dict):
        figures = list(figures.values())
    return [each for part in figures for each in flat(part)] if isinstance(figures, list) else [figures]
