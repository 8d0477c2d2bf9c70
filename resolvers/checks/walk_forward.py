"""Checks of walk-forward windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvers.checks.report import Report, camel, first_index
from resolvers.checks.series import Curve, check_curve, place_in_time
from resolvers.importers.drafts import Notice, Path, Problem, Source, WalkForwardDraft, WindowDraft

MOST_WINDOWS = 10_000
DAY = 86_400_000_000
"""Microseconds: so much may the times of returns be beyond the test period, whose days are those of the exchange."""


@dataclass(slots=True, kw_only=True)
class WalkForwardRecord:
    """Windows that can be stored: one row each, with the id that the client chose, if any, and its returns, if any."""

    rows: Sequence[dict[str, Any]] = ()
    returns: Sequence[Curve | None] = ()
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
    returns = [_check_returns(report, index, window) for index, window in enumerate(draft.windows)]
    return WalkForwardRecord(
        rows=rows, returns=returns, source=draft.source, notices=report.notices, problems=report.problems
    )


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


def _check_returns(report: Report, index: int, window: WindowDraft) -> Curve | None:
    """Return the returns of a test period: each known, and at a time of the period."""
    name = f"tests.{index}.returns"
    draft = check_curve(report, window.returns, name)
    if draft is None or window.test_period_start > window.test_period_end:
        return None
    unknown = first_index(np.isnan(draft.values.values))
    if unknown is not None:
        report.invalid(report.places.of_point(name, unknown, "values"), "A return has to be a number.")
    curve = place_in_time(report, draft, name, window.test_period_start, window.test_period_end)
    if curve is not None:
        _check_times(report, name, window, curve)
    return curve


def _check_times(report: Report, name: str, window: WindowDraft, curve: Curve) -> None:
    first, last = (
        np.datetime64(day, "us").astype(np.int64) for day in (window.test_period_start, window.test_period_end)
    )
    outside = first_index((curve.times < first - DAY) | (curve.times >= last + 2 * DAY))
    if outside is not None:
        period = f"{window.test_period_start} to {window.test_period_end}"
        report.invalid(report.places.of_point(name, outside, "times"), f"Not a time of the test period, {period}.")
