"""Checks of walk-forward windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from resolvers.checks.report import Report, camel
from resolvers.importers.drafts import Notice, Path, Problem, Source, WalkForwardDraft, WindowDraft

MOST_WINDOWS = 10_000


@dataclass(slots=True, kw_only=True)
class WalkForwardRecord:
    """Windows that can be stored: one row each, with the id that the client chose, if any."""

    rows: Sequence[dict[str, Any]] = ()
    source: Source | None = None
    notices: Sequence[Notice] = ()
    problems: Sequence[Problem] = ()


def check_walk_forward(draft: WalkForwardDraft) -> WalkForwardRecord:
    """Return the record of a draft; nothing of it may be stored where it has problems."""
    report = Report(draft.places, draft.notices)
    if len(draft.windows) > MOST_WINDOWS:
        message = f"{len(draft.windows)} windows; at most {MOST_WINDOWS} are taken."
        report.invalid(draft.places.of("tests"), message, "TOO_LARGE")
        return WalkForwardRecord(problems=report.problems)
    rows = [_check_window(report, index, window) for index, window in enumerate(draft.windows)]
    return WalkForwardRecord(rows=rows, source=draft.source, notices=report.notices, problems=report.problems)


def _check_window(report: Report, index: int, window: WindowDraft) -> dict[str, Any]:
    def path(name: str) -> Path:
        return report.places.of_row("tests", index, camel(name))

    _check_periods(report, index, window)
    return {
        "id": report.id(window.id, path("id")),
        "training_start": window.training_start,
        "training_end": window.training_end,
        "test_period_start": window.test_period_start,
        "test_period_end": window.test_period_end,
        "optimal_parameters": _parameters(report, window, path("optimal_parameters")),
        "out_of_sample_drawdown": report.drawdown(window.out_of_sample_drawdown, path("out_of_sample_drawdown")),
        "is_profitable": window.is_profitable,
        "is_statistically_significant": window.is_statistically_significant,
        "other_metrics": report.json_object(window.other_metrics, path("other_metrics")),
        **{name: report.count(getattr(window, name), path(name)) for name in _COUNTS},
        **{name: report.number(getattr(window, name), path(name)) for name in _NUMBERS},
    }


_COUNTS = ("window_size_months", "step_size_months", "out_of_sample_trades")
_NUMBERS = (
    "training_performance",
    "training_sharpe",
    "out_of_sample_return",
    "out_of_sample_sharpe",
    "performance_ratio",
    "degradation_factor",
)


def _parameters(report: Report, window: WindowDraft, path: Path) -> dict[str, Any] | None:
    return None if window.optimal_parameters is None else report.json_object(window.optimal_parameters, path)


def _check_periods(report: Report, index: int, window: WindowDraft) -> None:
    for start, end in (("training_start", "training_end"), ("test_period_start", "test_period_end")):
        first, last = getattr(window, start), getattr(window, end)
        if first and last and first > last:
            path = report.places.of_row("tests", index, camel(end))
            report.invalid(path, f"The end, {last}, is before the start, {first}.")
