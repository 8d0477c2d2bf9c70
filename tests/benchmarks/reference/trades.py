"""Trades, in two ways: row by row with datetimes, and column by column with times as numbers."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from starlette.requests import Request
from starlette.responses import Response

from tests.benchmarks.reference.pools import WRITTEN, pools_of, write

Row = dict[str, Any]

_ONE_RUN = """
    SELECT number, direction, entry_time, entry_price, exit_time, exit_price, size, pnl, pnl_percent, duration_days,
        exit_reason, fees_paid
    FROM trades WHERE backtest_id = $1 ORDER BY number LIMIT 2000
"""
_NEWEST = """
    SELECT run.id, run.symbol, trade.*
    FROM (SELECT id, symbol, created_at FROM backtests ORDER BY created_at DESC, id DESC LIMIT 50) AS run
    CROSS JOIN LATERAL (
        SELECT number, direction, entry_time, entry_price, exit_time, exit_price, pnl, pnl_percent
        FROM trades WHERE backtest_id = run.id ORDER BY number LIMIT 20
    ) AS trade
    ORDER BY run.created_at DESC, run.id DESC, number
"""


async def by_row(request: Request) -> Response:
    """Return the trades of a run, a dict from each record."""
    rows = await pools_of(request).plain.fetch(_ONE_RUN, request.path_params["id"])
    nodes = [
        {
            "number": row["number"],
            "direction": row["direction"],
            "entryTime": row["entry_time"],
            "entryPrice": row["entry_price"],
            "exitTime": row["exit_time"],
            "exitPrice": row["exit_price"],
            "size": row["size"],
            "pnl": row["pnl"],
            "pnlPercent": row["pnl_percent"],
            "durationDays": row["duration_days"],
            "exitReason": row["exit_reason"],
            "feesPaid": row["fees_paid"],
        }
        for row in rows
    ]
    return write({"backtest": {"trades": {"nodes": nodes}}})


async def by_column(request: Request) -> Response:
    """Return the trades of a run, the times converted a column at a time."""
    rows = await pools_of(request).integers.fetch(_ONE_RUN, request.path_params["id"])
    numbers, directions, entries, entry_prices, exits, *others = zip(*rows, strict=True) if rows else [()] * 12
    nodes = [
        {
            "number": number,
            "direction": direction,
            "entryTime": entry,
            "entryPrice": entry_price,
            "exitTime": left,
            "exitPrice": exit_price,
            "size": size,
            "pnl": pnl,
            "pnlPercent": percent,
            "durationDays": days,
            "exitReason": reason,
            "feesPaid": fees,
        }
        for number, direction, entry, entry_price, left, exit_price, size, pnl, percent, days, reason, fees in zip(
            numbers, directions, _times(entries), entry_prices, _times(exits), *others, strict=True
        )
    ]
    return write({"backtest": {"trades": {"nodes": nodes}}})


async def newest_by_row(request: Request) -> Response:
    """Return the 50 newest runs with their first trades, a dict from each record."""
    rows = await pools_of(request).plain.fetch(_NEWEST)
    runs: list[Row] = []
    for row in rows:
        if not runs or runs[-1]["id"] != row["id"]:
            runs.append({"id": row["id"], "symbol": row["symbol"], "trades": {"nodes": []}})
        runs[-1]["trades"]["nodes"].append(
            {
                "number": row["number"],
                "direction": row["direction"],
                "entryTime": row["entry_time"],
                "entryPrice": row["entry_price"],
                "exitTime": row["exit_time"],
                "exitPrice": row["exit_price"],
                "pnl": row["pnl"],
                "pnlPercent": row["pnl_percent"],
            }
        )
    return write({"backtests": {"nodes": runs}})


async def newest_by_column(request: Request) -> Response:
    """Return the 50 newest runs with their first trades, the times converted a column at a time."""
    rows = await pools_of(request).integers.fetch(_NEWEST)
    ids, symbols, numbers, directions, entries, entry_prices, exits, *others = zip(*rows, strict=True)
    nodes = [
        {
            "number": number,
            "direction": direction,
            "entryTime": entry,
            "entryPrice": entry_price,
            "exitTime": left,
            "exitPrice": exit_price,
            "pnl": pnl,
            "pnlPercent": percent,
        }
        for number, direction, entry, entry_price, left, exit_price, pnl, percent in zip(
            numbers, directions, _times(entries), entry_prices, _times(exits), *others, strict=True
        )
    ]
    starts = [place for place, number in enumerate(numbers) if number == 1]
    runs = [
        {"id": ids[start], "symbol": symbols[start], "trades": {"nodes": nodes[start:end]}}
        for start, end in zip(starts, [*starts[1:], len(nodes)], strict=True)
    ]
    return write({"backtests": {"nodes": runs}})


def _times(column: Sequence[int | None]) -> list[str | None]:
    """Return instants as texts; orjson writes a column of numpy many times quicker than Python does each value."""
    instants = np.array([0 if each is None else each for each in column], "datetime64[us]")
    texts: list[str | None] = orjson.loads(orjson.dumps(instants, option=WRITTEN))
    return [None if each is None else text for each, text in zip(column, texts, strict=True)]
