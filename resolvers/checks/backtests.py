"""Checks of one run, as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from typing import Any
from uuid import UUID

import numpy as np

from resolvers.checks.report import Report, camel
from resolvers.checks.series import Curve, check_curve, check_drawdown_curve, place_in_time
from resolvers.checks.trades import are_sound, check_trades, count_results
from resolvers.importers.drafts import (
    NO_TIME,
    BacktestDraft,
    Notice,
    Problem,
    SeriesDraft,
    Source,
    TradesDraft,
    TradesPart,
)
from resolvers.store.metrics import METRICS

MOST_TAGS = 100
MOST_PERIODS = 1_000_000_000
"""Periods of a year: 32 a second."""


@dataclass(slots=True, kw_only=True)
class BacktestRecord:
    """A run that can be stored.

    row has a value for each column of backtests but id, times of saving, hash and what is computed; reported names the
    metrics that have a value of the sender's, non_finite those that were infinite or NaN.
    """

    row: dict[str, Any] = field(default_factory=dict)
    reported: frozenset[str] = frozenset()
    non_finite: frozenset[str] = frozenset()
    study: str | None = None
    periods_per_year: float | None = None
    frequency: str | None = None
    id: UUID | None = None
    created_at: int | None = None
    equity: Curve | None = None
    drawdown: Curve | None = None
    trades: TradesDraft | None = None
    source: Source | None = None
    notices: Sequence[Notice] = ()
    problems: Sequence[Problem] = ()


def check_backtests(drafts: Sequence[BacktestDraft]) -> list[BacktestRecord]:
    """Return the records of drafts; trades that come as parts of one whole are looked at all at once."""
    wholes = {id(draft.trades.whole): draft.trades.whole for draft in drafts if isinstance(draft.trades, TradesPart)}
    sound = {key for key, whole in wholes.items() if are_sound(whole)}
    return [
        check_backtest(draft, trades_are_sound=isinstance(draft.trades, TradesPart) and id(draft.trades.whole) in sound)
        for draft in drafts
    ]


def check_backtest(draft: BacktestDraft, *, trades_are_sound: bool = False) -> BacktestRecord:
    """Return the record of a draft; nothing of it may be stored where it has problems."""
    report = Report(draft.places, draft.notices)
    record = BacktestRecord(
        id=report.id(draft.id, draft.places.of("id")), created_at=draft.created_at, source=draft.source
    )
    equity = check_curve(report, draft.equity_curve, "equityCurve")
    drawdown = check_drawdown_curve(report, draft.drawdown_curve, "drawdownCurve")
    record.trades = check_trades(report, draft.trades, known_sound=trades_are_sound)
    start, end = _check_dates(report, draft, (equity, drawdown))
    record.row = {
        **_check_description(report, draft),
        **_check_metrics(report, draft),
        "start_date": start,
        "end_date": end,
        "data_points": len(equity.values) if equity else 0,
    }
    given = {name for name, value in draft.metrics.items() if value is not None}
    record.reported = frozenset(name for name in given if record.row.get(name) is not None)
    record.non_finite = frozenset(given - record.reported)
    _check_study(report, draft, record)
    if not report.problems:
        record.equity = place_in_time(report, equity, "equityCurve", start, end)
        record.drawdown = _place_drawdown(report, drawdown, record.equity, start, end)
    record.notices, record.problems = report.notices, report.problems
    return record


def check_tags(report: Report, tags: Sequence[str]) -> list[str]:
    """Return tags trimmed and each once."""
    path = report.places.of("tags")
    if len(tags) > MOST_TAGS:
        report.invalid(path, f"{len(tags)} tags; at most {MOST_TAGS} are taken.")
    names = [report.name(tag, (*path, str(index)), most=100) for index, tag in enumerate(tags)]
    return list(dict.fromkeys(names))


def _check_description(report: Report, draft: BacktestDraft) -> dict[str, Any]:
    of = report.places.of
    return {
        "symbol": _check_symbol(report, draft.symbol),
        "strategy": report.name(draft.strategy, of("strategy"), most=200),
        "status": draft.status,
        "initial_capital": _check_capital(report, draft.initial_capital),
        "fees": report.number(draft.fees, of("fees")),
        "slippage": report.number(draft.slippage, of("slippage")),
        "parameters": report.json_object(draft.parameters, of("parameters")),
        "other_metrics": report.json_object(draft.other_metrics, of("otherMetrics")),
        "tags": check_tags(report, draft.tags),
        "notes": report.text(draft.notes, of("notes"), most=100_000),
        "error_message": report.text(draft.error_message, of("errorMessage"), most=100_000),
        "engine": report.text(draft.engine, of("engine"), most=200),
        "execution_time_seconds": report.number(draft.execution_time_seconds, of("executionTimeSeconds")),
    }


def _check_study(report: Report, draft: BacktestDraft, record: BacktestRecord) -> None:
    """Check the family and the calendar, where they are given."""
    of, periods = report.places.of, draft.periods_per_year
    if draft.study is not None:
        record.study = report.name(draft.study, of("study"), most=200)
    if draft.frequency is not None:
        record.frequency = report.name(draft.frequency, of("frequency"), most=100)
    if periods is not None and not 0 < periods <= MOST_PERIODS:
        report.invalid(of("periodsPerYear"), f"Must be above 0 and at most {MOST_PERIODS:,}; {periods:g} was given.")
    record.periods_per_year = periods


def _check_symbol(report: Report, given: str) -> str:
    path = report.places.of("symbol")
    symbol = report.name(given, path, most=64).upper()
    if symbol != given:
        report.notice("ASSUMED", path, f"Symbols are trimmed and in upper case: stored as {symbol}.")
    return symbol


def _check_capital(report: Report, given: float) -> float:
    if not 0 < given < float("inf"):
        report.invalid(report.places.of("initialCapital"), f"Must be above zero; {given:g} was given.")
    return given


def _check_dates(report: Report, draft: BacktestDraft, curves: Sequence[SeriesDraft | None]) -> tuple[date, date]:
    first, last = (None, None) if draft.start_date and draft.end_date else _observed(draft, curves)
    start, end = draft.start_date or first, draft.end_date or last
    for name, day in (("startDate", start), ("endDate", end)):
        if day is None:
            report.invalid(report.places.of(name), "Needed: there is no curve or trade with times to take it from.")
    if start and end and start > end:
        report.invalid(report.places.of("endDate"), f"The end, {end}, is before the start, {start}.")
    return start or date.min, end or date.max


def _observed(draft: BacktestDraft, curves: Sequence[SeriesDraft | None]) -> tuple[date | None, date | None]:
    """Return the first and last day of the curves or, without any, of the trades."""
    times = [curve.times for curve in curves if curve is not None and curve.times is not None]
    if not times and draft.trades is not None:
        exits = draft.trades.exit_times
        times = [draft.trades.entry_times, exits[exits != NO_TIME]]
    times = [column for column in times if len(column)]
    if not times:
        return None, None
    return _day(min(column.min() for column in times)), _day(max(column.max() for column in times))


def _day(microseconds: np.int64) -> date:
    day: date = np.datetime64(int(microseconds), "us").astype("datetime64[D]").item()
    return day


def _check_metrics(report: Report, draft: BacktestDraft) -> dict[str, Any]:
    values: dict[str, Any] = {name: draft.metrics.get(name) for name in _NAMES}
    for name, value in values.items():
        if value is not None and (name in _OF_THEIR_OWN or not isfinite(value)):
            values[name] = _check_metric(report, name, value)
    counted = [name for name in _COUNTED if draft.metrics.get(name) is None]
    return values | _count(draft.trades, counted) if counted else values


_NAMES = tuple(metric.name for metric in METRICS)
_COUNTED = ("total_trades", "winning_trades", "losing_trades", "win_rate")
_OF_THEIR_OWN = frozenset({*_COUNTED, "max_drawdown"})
"""Metrics of which not every finite number is taken as it is."""


def _count(trades: TradesDraft | None, names: Sequence[str]) -> dict[str, Any]:
    """Return these figures as the trades tell them."""
    winning, losing, win_rate = count_results(trades) if trades else (0, 0, None)
    counted = dict(zip(_COUNTED, (len(trades or ()), winning, losing, win_rate), strict=True))
    return {name: counted[name] for name in names}


def _check_metric(report: Report, name: str, value: Any) -> float | int | None:
    path = report.places.of(f"metrics.{camel(name)}")
    match name:
        case "max_drawdown":
            return report.drawdown(value, path)
        case "win_rate":
            return report.fraction(value, path, "A win rate")
        case "total_trades" | "winning_trades" | "losing_trades":
            return report.count(value, path)
        case _:
            return report.number(value, path)


def _place_drawdown(
    report: Report, drawdown: SeriesDraft | None, equity: Curve | None, start: date, end: date
) -> Curve | None:
    """Return the drawdown curve; without times of its own it shares those of an equity curve of its length."""
    if drawdown is None or drawdown.times is not None or equity is None or len(equity.values) != len(drawdown.values):
        return place_in_time(report, drawdown, "drawdownCurve", start, end)
    report.notice("ASSUMED", report.places.of("drawdownCurve"), "No times were given: those of the equity curve hold.")
    return Curve(equity.times, drawdown.values.values)
