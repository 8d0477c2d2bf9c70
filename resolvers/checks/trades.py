"""Checks of trades, a column at a time."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvers.checks.report import Report, camel, first_index
from resolvers.checks.sound import is_storable
from resolvers.importers.drafts import NO_TIME, TradesDraft
from resolvers.importers.numbers import Numbers

MOST_TRADES = 1_000_000
LONGEST = 1000
"""Characters of an exit reason."""
DIRECTIONS = frozenset({"LONG", "SHORT"})
NEVER_NEGATIVE = {"size": "A size is never negative: direction tells long from short."} | dict.fromkeys(
    ("duration_days", "duration_hours"), "A duration is never negative."
)


def are_sound(draft: TradesDraft) -> bool:
    """Tell whether nothing is to be said of trades, be they those of one run or of many."""
    return (
        set(draft.directions) <= DIRECTIONS
        and not _are_backwards(draft).any()
        and all(_are_numbers_sound(name, numbers) for name, numbers in draft.numbers.items())
        and all(
            reason is None or (len(reason) <= LONGEST and is_storable(reason)) for reason in set(draft.exit_reasons)
        )
        and not any(draft.other_metrics)
    )


def check_trades(report: Report, draft: TradesDraft | None, *, known_sound: bool = False) -> TradesDraft | None:
    """Check the trades of a run.

    Args:
        report: takes what is wrong.
        draft: the trades.
        known_sound: whether `are_sound` told so.
    """
    if draft is None:
        return None
    if len(draft) > MOST_TRADES:
        report.invalid(
            report.places.of("trades"), f"{len(draft)} trades; at most {MOST_TRADES} are taken.", "TOO_LARGE"
        )
        return None
    if known_sound or are_sound(draft):
        return replace(draft, other_metrics=[{}] * len(draft))
    _check_directions(report, draft)
    _check_times(report, draft)
    for name, numbers in draft.numbers.items():
        _check_numbers(report, name, numbers)
    return replace(draft, other_metrics=_check_texts(report, draft))


def count_results(draft: TradesDraft) -> tuple[int, int, float | None]:
    """Return how many trades won and lost, and the share that won among those whose result is known."""
    known = draft.numbers.get("pnl")
    if known is None or np.isnan(known.values).all():
        known = draft.numbers.get("pnl_percent")
    if known is None:
        return 0, 0, None
    winning, losing = int((known.values > 0).sum()), int((known.values < 0).sum())
    judged = int((~np.isnan(known.values)).sum())
    return winning, losing, winning / judged if judged else None


def _check_directions(report: Report, draft: TradesDraft) -> None:
    for index, direction in enumerate(draft.directions):
        if direction not in DIRECTIONS:
            report.invalid(_path(report, index, "direction"), f"{direction[:40]!r} is neither LONG nor SHORT.")


def _check_times(report: Report, draft: TradesDraft) -> None:
    _refuse(report, _are_backwards(draft), "exit_time", "The exit is before the entry.")


def _are_backwards(draft: TradesDraft) -> NDArray[np.bool_]:
    backwards: NDArray[np.bool_] = (draft.exit_times != NO_TIME) & (draft.exit_times < draft.entry_times)
    return backwards


def _are_numbers_sound(name: str, numbers: Numbers) -> bool:
    if name == "entry_price":
        return not np.isnan(numbers.values).any()
    return not len(numbers.non_finite) and not (name in NEVER_NEGATIVE and (numbers.values < 0).any())


def _check_numbers(report: Report, name: str, numbers: Numbers) -> None:
    if name == "entry_price":
        _refuse(report, np.isnan(numbers.values), name, "Must be a finite number.")
        return
    if len(numbers.non_finite):
        report.numbers(numbers, (), _path(report, int(numbers.non_finite[0]), name))
    if name in NEVER_NEGATIVE:
        _refuse(report, numbers.values < 0, name, NEVER_NEGATIVE[name])


def _check_texts(report: Report, draft: TradesDraft) -> list[dict[str, Any]]:
    """Check the exit reasons and return what else was reported of each trade."""
    for index, reason in enumerate(draft.exit_reasons):
        if reason is not None:
            report.text(reason, _path(report, index, "exit_reason"), most=LONGEST)
    return [
        report.json_object(other, report.places.of("trades", str(index))) if other else {}
        for index, other in enumerate(draft.other_metrics)
    ]


def _refuse(report: Report, wrong: NDArray[np.bool_], name: str, message: str) -> None:
    if first_index(wrong) is None:
        return
    for index in np.flatnonzero(wrong)[:100]:
        report.invalid(_path(report, int(index), name), message)


def _path(report: Report, index: int, column: str) -> Any:
    return report.places.of_row("trades", index, camel(column))
