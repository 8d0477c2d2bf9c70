"""How much of a run's Sharpe ratio may be luck, of its own returns and of the number of trials in its family.

None of it sees look-ahead: a strategy that knows the future has the least luck of all.
"""

import asyncio
import math
from collections.abc import Mapping, Sequence
from typing import Any

from resolvers.checks.report import camel
from resolvers.errors import BadUserInput
from resolvers.families import Family
from resolvers.family_trials import NO_TRIALS, FamilyTrials, load_family_trials
from resolvers.luck_reasons import LuckReason
from resolvers.statistics import sharpe
from resolvers.statistics.multiple_testing import haircut_sharpe
from resolvers.statistics.normal import cumulative, quantile
from resolvers.store.database import Database
from resolvers.store.metrics import computed_column
from resolvers.trial_ledger import HUGE

SHARPE = computed_column("sharpe_ratio")
NEEDED = (
    "strategy",
    "symbol",
    "study",
    SHARPE,
    "periods_per_year",
    "observations",
    "skewness",
    "kurtosis",
    "undefined",
)
"""The columns of a run that it takes."""
MANY = 50
"""From so many runs on the figures are worked out in a thread."""

Run = Mapping[str, Any]
Figures = dict[str, Any]
Path = tuple[str, ...]
"""Where a figure stands among the figures."""


async def load_luck(database: Database, runs: Sequence[Run], *, benchmark: float, confidence: float) -> list[Figures]:
    """Return the figures of each run; its family's trials are counted for all of them by one statement.

    Args:
        database: where to ask.
        runs: rows with the columns of NEEDED.
        benchmark: an annual Sharpe ratio.
        confidence: of the interval and of the minimum track record, between 0 and 1.

    Raises:
        BadUserInput: benchmark is not finite, or confidence is not between 0 and 1.
    """
    if not math.isfinite(benchmark):
        raise BadUserInput("benchmarkSharpe must be a finite number.")
    if not 0 < confidence < 1:
        raise BadUserInput(f"confidence is {confidence:g} and must be between 0 and 1, without these.")
    keys = [Family(run["strategy"], run["symbol"], run["study"]).key for run in runs]
    found = await load_family_trials(database, keys)
    trials = [found.get(key, NO_TRIALS) for key in keys]
    if len(runs) < MANY:
        return _measure_all(runs, trials, benchmark, confidence)
    return await asyncio.to_thread(_measure_all, runs, trials, benchmark, confidence)


def _measure_all(
    runs: Sequence[Run], trials: Sequence[FamilyTrials], benchmark: float, confidence: float
) -> list[Figures]:
    return [measure_luck(run, each, benchmark, confidence) for run, each in zip(runs, trials, strict=True)]


def measure_luck(run: Run, trials: FamilyTrials, benchmark: float, confidence: float) -> Figures:
    """Return the figures of a run by their names, None where undefined, and as `undefined` why each of these is.

    The benchmark is an annual Sharpe ratio; the names of `undefined` are those of the API.
    """
    unknown = _why_unknown(run)
    figures = _nothing() if unknown else _measure(run, trials, benchmark, confidence)
    figures["deflation"] |= _deflate(trials, run["periods_per_year"])
    reasons = _reasons(figures, trials, benchmark, run["periods_per_year"])

    def why(path: Path) -> LuckReason:
        of_run = None if path[0] == "deflation" else unknown
        return of_run or reasons.get(path, LuckReason.NON_FINITE)

    return figures | {"undefined": [{"figure": _spell(path), "reason": why(path)} for path in _clear(figures)]}


def _why_unknown(run: Run) -> LuckReason | None:
    """Return why nothing is known of a run's Sharpe ratio, None where it is known."""
    if run[SHARPE] is None:
        return LuckReason((run["undefined"] or {}).get("sharpe_ratio", LuckReason.NOT_REPORTED))
    return LuckReason.NON_FINITE if abs(run[SHARPE]) >= HUGE else None


def _nothing() -> Figures:
    return {
        **dict.fromkeys(_OF_RETURNS),
        "confidence_interval": dict.fromkeys(("lower", "upper")),
        "haircut": dict.fromkeys(("sharpe_ratio", "p_value_single", "p_value_multiple", "haircut")),
        "deflation": {},
    }


_OF_RETURNS = (
    *("observations", "periods_per_year", "skewness", "kurtosis", "sharpe_ratio", "standard_error"),
    *("per_period_sharpe_ratio", "per_period_standard_error", "probabilistic_sharpe_ratio", "deflated_sharpe_ratio"),
    *("minimum_track_record_length", "minimum_track_record_years"),
)


def _measure(run: Run, trials: FamilyTrials, benchmark: float, confidence: float) -> Figures:
    annual, periods, moments = run[SHARPE], run["periods_per_year"], (run["skewness"], run["kurtosis"])
    root = math.sqrt(periods)
    per_period, target = annual / root, benchmark / root
    error = sharpe.standard_error(per_period, run["observations"], *moments)
    margin = -quantile((1 - confidence) / 2) * error * root
    length = sharpe.minimum_track_record_length(per_period, target, *moments, confidence)
    threshold = trials.threshold() / root if trials.trials else math.nan
    return {
        **{name: run[name] for name in ("observations", "periods_per_year", "skewness", "kurtosis")},
        "sharpe_ratio": annual,
        "standard_error": error * root,
        "confidence_interval": {"lower": annual - margin, "upper": annual + margin},
        "per_period_sharpe_ratio": per_period,
        "per_period_standard_error": error,
        "probabilistic_sharpe_ratio": _probability(per_period, target, error),
        "deflated_sharpe_ratio": _probability(per_period, threshold, error),
        "minimum_track_record_length": length,
        "minimum_track_record_years": length / periods,
        "haircut": _cut(annual, run["observations"], periods, trials),
        "deflation": {},
    }


def _probability(per_period: float, threshold: float, error: float) -> float:
    return cumulative((per_period - threshold) / error) if error > 0 else math.nan


def _cut(annual: float, observations: int, periods: float, trials: FamilyTrials) -> Figures:
    cut = haircut_sharpe(annual, observations / periods, observations, trials.trials)
    return {
        "sharpe_ratio": float(cut),
        "p_value_single": cut.p_single,
        "p_value_multiple": cut.p_multi,
        "haircut": cut.haircut,
    }


def _deflate(trials: FamilyTrials, periods: float | None) -> Figures:
    """Return what the deflated Sharpe ratio is made of."""
    threshold = trials.threshold() if trials.trials else math.nan
    variance = math.nan if trials.variance is None else trials.variance
    return {
        "trials": float(trials.trials),
        "recorded_trials": float(trials.recorded),
        "variance_of_sharpes": variance / periods if periods else math.nan,
        "expected_maximum_sharpe": threshold,
        "per_period_expected_maximum_sharpe": threshold / math.sqrt(periods) if periods else math.nan,
    }


def _reasons(figures: Figures, trials: FamilyTrials, benchmark: float, periods: float | None) -> dict[Path, LuckReason]:
    """Return why figures are undefined, if they are."""
    found: dict[Path, LuckReason] = {}
    if trials.recorded < 2:  # noqa: PLR2004 - a variance takes two
        reason = LuckReason.UNKNOWN_VARIANCE if trials.trials else LuckReason.NOT_COUNTED
        found |= dict.fromkeys(_OF_TRIALS, reason)
    if periods is None:
        found |= dict.fromkeys(_PER_PERIOD, LuckReason.NOT_REPORTED)
    if not trials.trials:
        found |= {("haircut", name): LuckReason.NOT_COUNTED for name in figures["haircut"]}
    annual, error = figures["sharpe_ratio"], figures["per_period_standard_error"]
    if annual is not None and annual <= benchmark:
        found |= dict.fromkeys(_OF_LENGTH, LuckReason.BELOW_BENCHMARK)
    if error is not None and math.isnan(error):
        found |= dict.fromkeys(_OF_ERROR, LuckReason.ZERO_VARIANCE)
    return found


_PER_PERIOD: tuple[Path, ...] = (
    ("deflation", "variance_of_sharpes"),
    ("deflation", "per_period_expected_maximum_sharpe"),
)
_OF_TRIALS: tuple[Path, ...] = (("deflated_sharpe_ratio",), ("deflation", "expected_maximum_sharpe"), *_PER_PERIOD)
_OF_LENGTH: tuple[Path, ...] = (("minimum_track_record_length",), ("minimum_track_record_years",))
_OF_ERROR: tuple[Path, ...] = (
    *(("standard_error",), ("per_period_standard_error",), ("probabilistic_sharpe_ratio",), ("deflated_sharpe_ratio",)),
    *(("confidence_interval", "lower"), ("confidence_interval", "upper"), *_OF_LENGTH),
)


def _clear(figures: Figures, *inside: str) -> list[Path]:
    """Set what is not finite to None, and return where there is none."""
    found: list[Path] = []
    for name, figure in figures.items():
        if isinstance(figure, dict):
            found += _clear(figure, *inside, name)
        elif figure is None or not math.isfinite(figure):
            figures[name] = None
            found.append((*inside, name))
    return found


def _spell(path: Path) -> str:
    return ".".join(map(camel, path))
