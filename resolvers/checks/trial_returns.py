"""Checks of the returns that trials of an optimization made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvers.checks.report import Report
from resolvers.checks.series import check_curve
from resolvers.importers.drafts import Instants, SeriesDraft, TrialDraft

MOST_RETURNS = 5_000_000
"""Of all trials together."""


@dataclass(frozen=True, slots=True)
class TrialReturns:
    """The returns of a trial: a fraction for each period, NaN is null. No trial of a sweep has times, or all have."""

    number: int
    times: Instants | None
    values: NDArray[np.float64]


def check_trial_returns(report: Report, trials: Sequence[TrialDraft]) -> list[TrialReturns]:
    """Check lengths, times and values; trials without times must have equally many returns."""
    given = {index: trial.returns for index, trial in enumerate(trials) if trial.returns and len(trial.returns.values)}
    total = sum(len(each.values) for each in given.values())
    if total > MOST_RETURNS:
        message = f"{total} returns; at most {MOST_RETURNS} are taken."
        report.invalid(report.places.of("trials"), message, "TOO_LARGE")
        return []
    checked = {index: check_curve(report, each, _name(index)) for index, each in given.items()}
    sound = {index: each for index, each in checked.items() if each is not None}
    _check_periods(report, sound)
    return [TrialReturns(index + 1, each.times, each.values.values) for index, each in sound.items()]


def _check_periods(report: Report, given: dict[int, SeriesDraft]) -> None:
    """Check that it is known which returns belong together: by their times, or by their positions."""
    if all(each.times is not None for each in given.values()):
        return
    first, length = next((index, len(each.values)) for index, each in given.items() if each.times is None)
    for index, each in given.items():
        if each.times is not None:
            message = f"Trial {first + 1} has returns without times: all trials have times, or none has."
            report.invalid(report.places.of(f"{_name(index)}.times"), message)
        elif len(each.values) != length:
            message = f"{len(each.values)} returns for the {length} of trial {first + 1}: without times they agree."
            report.invalid(report.places.of(f"{_name(index)}.values"), message)
    message = "No times were given: returns at one position are of one period, spread over the run's days."
    report.notice("ASSUMED", report.places.of(_name(first)), message)


def _name(index: int) -> str:
    return f"trials.{index}.returns"
