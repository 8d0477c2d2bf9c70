"""The rows of new runs, which are added by COPY."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any
from uuid import UUID

import numpy as np
import orjson
from numpy.typing import NDArray

from resolvers.checks.backtests import BacktestRecord
from resolvers.checks.series import Curve
from resolvers.importers.drafts import NO_TIME, Path, TradesDraft
from resolvers.saving import Document, now
from resolvers.store.database import Transaction
from resolvers.store.instants import EPOCH_2000
from resolvers.store.packing import Fixed, Packed, pack, pack_ids, pack_json, pack_numbers, pack_texts
from resolvers.store.tables import backtest_series, backtests, documents, trades
from resolvers.trial_ledger import count_trials, entry_of_run

TRADE_NUMBERS = (
    *("entry_price", "exit_price", "size", "pnl", "pnl_percent", "mae", "mfe"),
    *("duration_days", "duration_hours", "fees_paid", "slippage_cost"),
)
SERIES_COLUMNS = ("equity_times", "equity_values", "drawdown_times", "drawdown_values")
_COLUMNS = tuple(column.name for column in backtests.c)


@dataclass(slots=True)
class Save:
    """One run on its way into the tables."""

    id: UUID
    record: BacktestRecord
    document: Document | None
    content_hash: bytes
    id_path: Path
    computed: dict[str, Any]
    """Columns that are computed, and metrics that are filled by them."""

    def row(self, received_at: int) -> dict[str, Any]:
        """Return the row of the run, which arrived at this instant."""
        created_at = received_at if self.record.created_at is None else self.record.created_at
        times = {"created_at": created_at, "updated_at": received_at}
        return {"id": self.id, "content_hash": self.content_hash, **times, **self.record.row, **self.computed}


async def add_backtests(transaction: Transaction, saves: Sequence[Save]) -> None:
    """Store new runs, which come in the order of their ids: so nobody waits for somebody who waits for him."""
    received_at = now()
    rows = [save.row(received_at) for save in saves]
    if not rows:
        return
    await transaction.copy(backtests, _COLUMNS, [[row[name] for name in _COLUMNS] for row in rows])
    await count_trials(transaction, [entry_of_run(row) for row in rows])
    await _copy_series(transaction, saves)
    await _copy_trades(transaction, saves)
    await _copy_documents(transaction, saves, received_at)


async def _copy_series(transaction: Transaction, saves: Sequence[Save]) -> None:
    columns = ("backtest_id", *SERIES_COLUMNS)
    rows = [(save.id, *pack_series(save.record)) for save in saves if save.record.equity or save.record.drawdown]
    if rows:
        await transaction.copy(backtest_series, columns, rows)


def pack_series(record: BacktestRecord) -> tuple[bytes | None, ...]:
    """Return the curves of a run as they are stored; times that both have in common stand once."""
    equity, drawdown = record.equity, record.drawdown
    shared = equity is not None and drawdown is not None and np.array_equal(equity.times, drawdown.times)
    times, values = _buffers(drawdown)
    return (*_buffers(equity), None if shared else times, values)


def _buffers(curve: Curve | None) -> tuple[bytes | None, bytes | None]:
    if curve is None:
        return None, None
    return curve.times.astype("<i8", copy=False).tobytes(), curve.values.astype("<f8", copy=False).tobytes()


async def _copy_trades(transaction: Transaction, saves: Sequence[Save]) -> None:
    lists = {save.id: save.record.trades for save in saves if save.record.trades}
    if lists:
        await transaction.copy_packed(trades, _pack_trades(list(lists), list(lists.values())))


def _pack_trades(ids: Sequence[UUID], lists: Sequence[TradesDraft]) -> Packed:
    """Return the rows of the trades of runs."""
    counts = [len(each) for each in lists]
    return pack(
        {
            "backtest_id": pack_ids(ids, counts),
            "number": Fixed(np.concatenate([np.arange(1, count + 1, dtype=np.int32) for count in counts])),
            "entry_time": _pack_times([each.entry_times for each in lists]),
            "exit_time": _pack_times([each.exit_times for each in lists]),
            **{name: pack_numbers(np.concatenate(_numbers(lists, name))) for name in TRADE_NUMBERS},
        },
        {
            "direction": pack_texts(_joined(each.directions for each in lists)),
            "exit_reason": pack_texts(_joined(each.exit_reasons for each in lists)),
            "other_metrics": pack_json(
                [orjson.dumps(other) if other else b"{}" for other in _joined(each.other_metrics for each in lists)]
            ),
        },
    )


def _pack_times(columns: Sequence[NDArray[np.int64]]) -> Fixed:
    times = np.concatenate(columns)
    missing = times == NO_TIME
    return Fixed(times - EPOCH_2000, missing if missing.any() else None)


def _numbers(lists: Sequence[TradesDraft], name: str) -> list[NDArray[np.float64]]:
    """Return a column of numbers for each list of trades; one that nobody gave is undefined throughout."""
    return [each.numbers[name].values if name in each.numbers else np.full(len(each), np.nan) for each in lists]


def _joined(columns: Iterable[Iterable[Any]]) -> list[Any]:
    return list(chain.from_iterable(columns))


async def _copy_documents(transaction: Transaction, saves: Sequence[Save], received_at: int) -> None:
    """Keep the documents that the runs were made from."""
    kept = [{"backtest_id": save.id, **asdict(save.document)} for save in saves if save.document]
    if kept:
        rows = [[*each.values(), received_at] for each in kept]
        await transaction.copy(documents, (*kept[0], "received_at"), rows)
