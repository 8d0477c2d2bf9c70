"""The Sharpe ratios of an optimization's trials as the ledger records them: annual, on the basis of our own."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from resolvers.optimizations import metric_of
from resolvers.statistics.sharpe_bases import Basis, recognise_basis
from resolvers.store.metrics import computed_column
from resolvers.trial_ledger import HUGE

_COMPUTED = computed_column("sharpe_ratio")


def annual_sharpes(
    run: Mapping[str, Any],
    objective: str,
    trials: Sequence[Mapping[str, Any]],
    computed: Mapping[int, float | None],
) -> list[float]:
    """Return the annual Sharpe ratios that are known of trials: as computed from their returns, or else as reported.

    computed is by the numbers of trials; the others are as for `reported_sharpes`.
    """
    reported = reported_sharpes(run, objective, trials)
    known = ((computed.get(trial["number"]), said) for trial, said in zip(trials, reported, strict=True))
    return [sharpe for sharpe in (said if own is None else own for own, said in known) if sharpe is not None]


def reported_sharpes(run: Mapping[str, Any], objective: str, trials: Sequence[Mapping[str, Any]]) -> list[float | None]:
    """Return the annual Sharpe ratio that each trial reports, None where it reports none.

    Where a trial has none and the objective is the Sharpe ratio, the value of the objective is one. The engine that
    reported them reported that of the run, too: where what it said there is ours on another basis, such as 365 days a
    year for trading days, those of the trials are brought from that basis to ours.

    Args:
        run: of the optimization, with its reported and its computed Sharpe ratio, observations, periods_per_year and
            metrics_filled.
        objective: what was optimized.
        trials: with number, sharpe_ratio and objective_value.
    """
    is_objective = metric_of(objective) == "sharpe_ratio"
    found = [_reported(trial, is_objective) for trial in trials]
    basis = _basis_of(run)
    if basis is None:
        return found
    return [None if each is None else _rebase(each, basis, run["periods_per_year"]) for each in found]


def _reported(trial: Mapping[str, Any], is_objective: bool) -> float | None:
    sharpe: float | None = trial["sharpe_ratio"]
    return trial["objective_value"] if sharpe is None and is_objective else sharpe


def _basis_of(run: Mapping[str, Any]) -> Basis | None:
    """Return the basis on which the run's Sharpe ratio was reported, where it is recognised."""
    reported, computed, observations = run["sharpe_ratio"], run[_COMPUTED], run["observations"]
    periods = run["periods_per_year"]
    if "sharpe_ratio" in run["metrics_filled"] or None in (reported, computed, observations, periods):
        return None
    if max(abs(reported), abs(computed)) >= HUGE:
        return None
    return recognise_basis(reported, computed / math.sqrt(periods), observations, periods)


def _rebase(reported: float, basis: Basis, periods_per_year: float) -> float:
    per_period = basis.per_period(reported) if abs(reported) < HUGE else math.nan
    return reported if math.isnan(per_period) else per_period * math.sqrt(periods_per_year)
