"""What the windows of runs say together: averages, efficiency, stitched run, overlaps and drift."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, and_, select

from resolvers.backtests import is_one_of
from resolvers.page_statements import pick
from resolvers.series import unpack
from resolvers.statistics.alignment import Points
from resolvers.statistics.drift import measure_drift
from resolvers.statistics.stitching import Stitched, stitch
from resolvers.statistics.walk_forward import (
    Averages,
    Efficiency,
    Overlap,
    Window,
    WindowsReason,
    find_overlaps,
    measure_averages,
    measure_efficiency,
)
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import walk_forward_returns, walk_forward_tests

table = walk_forward_tests

Part = Literal["averages", "efficiency", "stitched", "overlaps", "drift", "undefined"]
Parts = frozenset[Part]
"""What is asked for; only that is read and computed."""

_TEST = {
    "out_of_sample_return": "test_return",
    "out_of_sample_sharpe": "test_sharpe",
    "out_of_sample_drawdown": "test_drawdown",
}
_TRAINING = {
    "training_start": "training_start",
    "training_end": "training_end",
    "training_performance": "training_return",
    "training_sharpe": "training_sharpe",
}
"""Columns, and what they are of a window."""
_COLUMNS: Mapping[Part, Iterable[str]] = {
    "averages": _TEST,
    "efficiency": (*_TRAINING, "out_of_sample_return", "out_of_sample_sharpe"),
    "stitched": ("out_of_sample_return",),
    "overlaps": ("training_start", "training_end"),
    "drift": ("optimal_parameters",),
    "undefined": (*_TRAINING, *_TEST),
}


async def load_walk_forward_figures(
    database: Database, backtest_ids: Sequence[UUID], *, parts: Parts
) -> list[dict[str, Any]]:
    """Return the figures over the windows of each run, by the names of the fields that show them."""
    columns = frozenset(name for part in parts for name in _COLUMNS[part])
    with_returns = _takes(parts, "stitched")
    rows = await database.fetch(_windows(columns, with_returns, ids=backtest_ids), plan=Plan.ONCE)
    return await asyncio.to_thread(_measure_runs, backtest_ids, rows, parts)


@shaped
def _windows(columns: frozenset[str], with_returns: bool, *, ids: Slot) -> Select[Any]:
    """Select the windows of runs in the order of their test periods, with the returns of those that have them."""
    needed = ("backtest_id", "id", "test_period_start", "test_period_end")
    found = select(*pick(table, columns, needed))
    if with_returns:
        own = walk_forward_returns.c
        found = found.add_columns(own.times, own["values"]).outerjoin_from(
            table,
            walk_forward_returns,
            and_(own.backtest_id == table.c.backtest_id, own.walk_forward_test_id == table.c.id),
        )
    order = (table.c.backtest_id, table.c.test_period_start, table.c.test_period_end, table.c.id)
    return found.where(is_one_of(table.c.backtest_id, ids)).order_by(*order)


def _measure_runs(ids: Sequence[UUID], rows: Sequence[Row], parts: Parts) -> list[dict[str, Any]]:
    found = {id: _measure(list(own), parts) for id, own in groupby(rows, itemgetter("backtest_id"))}
    return [found[id] if id in found else _measure([], parts) for id in ids]


def _takes(parts: Parts, part: Part) -> bool:
    """Tell whether a part with figures is asked for, or why they are undefined."""
    return part in parts or "undefined" in parts


def _measure(rows: Sequence[Row], parts: Parts) -> dict[str, Any]:
    """Return what is asked for; a figure that is undefined is None."""
    windows = _read_windows(rows)
    others: dict[str, Any] = {"windows": len(windows)}
    if "drift" in parts:
        chosen = [row["optimal_parameters"] for row in rows]
        others["parameter_drift"] = [asdict(drift) for drift in measure_drift(chosen)]
    if "overlaps" in parts:
        others["overlaps"] = [_name_windows(overlap, rows) for overlap in find_overlaps(windows)]
    shown: dict[str, Any] = {}
    if _takes(parts, "averages"):
        shown |= _show_averages(measure_averages(windows))
    if _takes(parts, "efficiency"):
        shown |= _show_efficiency(measure_efficiency(windows))
    if _takes(parts, "stitched"):
        shown |= _show_stitched(stitch(windows))
    if "undefined" in parts:
        others["undefined"] = list(_undefined(shown))
    return others | {name: None if isinstance(value, WindowsReason) else value for name, value in shown.items()}


def _read_windows(rows: Sequence[Row]) -> list[Window]:
    """Return windows with what was selected of them."""
    given = frozenset(rows[0].keys() if rows else ())
    names = {column: name for column, name in (_TRAINING | _TEST).items() if column in given}
    return [
        Window(
            test_start=row["test_period_start"],
            test_end=row["test_period_end"],
            returns=_returns(row) if "times" in given else None,
            **{name: row[column] for column, name in names.items()},
        )
        for row in rows
    ]


def _returns(row: Row) -> Points | None:
    if row["times"] is None:
        return None
    curve = unpack(row["times"], row["values"])
    return curve.times, curve.values


def _name_windows(overlap: Overlap, rows: Sequence[Row]) -> dict[str, Any]:
    """Return an overlap with the ids of its windows in place of their positions."""
    window, other = rows[overlap.position], rows[overlap.other]
    return {"kind": str(overlap.kind), "days": overlap.days, "window_id": window["id"], "other_id": other["id"]}


def _show_averages(found: Averages) -> dict[str, Any]:
    return {
        "consistency": found.consistency,
        "average_out_of_sample_return": found.test_return,
        "average_out_of_sample_sharpe": found.test_sharpe,
        "worst_out_of_sample_drawdown": found.worst_drawdown,
    }


def _show_efficiency(found: Efficiency) -> dict[str, Any]:
    of = found.of and str(found.of)
    return {"efficiency": found.value, "efficiency_of": of, "efficiency_windows": found.windows}


def _show_stitched(found: Stitched) -> dict[str, Any]:
    return {
        "stitched_return": found.total,
        "stitched_sharpe": found.sharpe,
        "stitched_probabilistic_sharpe": found.probability,
        "stitched_from": found.source and str(found.source),
        "stitched_observations": found.observations,
        "stitched_periods_per_year": found.periods_per_year,
        "stitched_skewness": found.skewness,
        "stitched_kurtosis": found.kurtosis,
    }


def _undefined(shown: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for figure, value in shown.items():
        if isinstance(value, WindowsReason):
            yield {"figure": figure.upper(), "reason": str(value)}
