"""Checks of one optimization with its trials."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from resolvers.checks.report import Report, camel
from resolvers.checks.trial_returns import TrialReturns, check_trial_returns
from resolvers.importers.drafts import Notice, OptimizationDraft, Path, Problem, Source, TrialDraft

MOST_TRIALS = 100_000


@dataclass(slots=True, kw_only=True)
class OptimizationRecord:
    """An optimization that can be stored: its row, and one row for each trial."""

    row: dict[str, Any] = field(default_factory=dict)
    trials: Sequence[dict[str, Any]] = ()
    returns: Sequence[TrialReturns] = ()
    id: UUID | None = None
    source: Source | None = None
    notices: Sequence[Notice] = ()
    problems: Sequence[Problem] = ()


def check_optimization(draft: OptimizationDraft) -> OptimizationRecord:
    """Return the record of a draft; nothing of it may be stored where it has problems."""
    report = Report(draft.places, draft.notices)
    record = OptimizationRecord(id=report.id(draft.id, draft.places.of("id")), source=draft.source)
    if len(draft.trials) > MOST_TRIALS:
        message = f"{len(draft.trials)} trials; at most {MOST_TRIALS} are taken."
        report.invalid(draft.places.of("trials"), message, "TOO_LARGE")
    else:
        record.trials = [_check_trial(report, index, trial) for index, trial in enumerate(draft.trials)]
        record.returns = check_trial_returns(report, draft.trials)
    record.row = {
        "objective": report.name(draft.objective, draft.places.of("objective"), most=200),
        "combinations_tested": _check_combinations(report, draft),
        "parameter_names": list(dict.fromkeys(name for trial in record.trials for name in trial["parameters"])),
        "best_number": _best_number(record.trials),
        "other_metrics": report.json_object(draft.other_metrics, draft.places.of("otherMetrics")),
    }
    record.notices, record.problems = report.notices, report.problems
    return record


def _check_combinations(report: Report, draft: OptimizationDraft) -> int:
    path = report.places.of("combinationsTested")
    given = report.count(draft.combinations_tested, path)
    if given is not None and given < len(draft.trials):
        report.invalid(path, f"{given} is less than the {len(draft.trials)} trials that were given.")
    return len(draft.trials) if given is None else given


def _check_trial(report: Report, index: int, trial: TrialDraft) -> dict[str, Any]:
    def path(name: str) -> Path:
        return report.places.of_row("trials", index, camel(name))

    if trial.rank is not None and trial.rank < 1:
        report.invalid(path("rank"), "The best trial has rank 1.")
    return {
        "number": index + 1,
        "rank": report.count(trial.rank, path("rank")) or index + 1,
        "parameters": report.json_object(trial.parameters, path("parameters")),
        "objective_value": report.number(trial.objective_value, path("objective_value")),
        "total_return": report.number(trial.total_return, path("total_return")),
        "sharpe_ratio": report.number(trial.sharpe_ratio, path("sharpe_ratio")),
        "max_drawdown": report.drawdown(trial.max_drawdown, path("max_drawdown")),
        "win_rate": report.fraction(trial.win_rate, path("win_rate"), "A win rate"),
        "profit_factor": report.number(trial.profit_factor, path("profit_factor")),
        "total_trades": report.count(trial.total_trades, path("total_trades")),
        "is_statistically_significant": trial.is_statistically_significant,
        "p_value": report.fraction(trial.p_value, path("p_value"), "A p-value"),
        "other_metrics": report.json_object(trial.other_metrics, path("other_metrics")),
    }


def _best_number(trials: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the number of the trial with the lowest rank, the first of equals."""
    ranked = sorted(trials, key=lambda trial: (trial["rank"], trial["number"]))
    return ranked[0]["number"] if ranked else None
