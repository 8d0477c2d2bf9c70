"""One new run by one statement: what belongs to it is inserted beside it, so nothing has to begin or be committed."""

from typing import Any

from sqlalchemy import Insert, Integer, Select, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP, insert

from resolvers.backtest_rows import SERIES_COLUMNS, TRADE_NUMBERS, Save, pack_series
from resolvers.changes import ChangeKind, note_of
from resolvers.importers.drafts import NO_TIME, TradesDraft
from resolvers.saving import now
from resolvers.store.connections import Plan
from resolvers.store.database import Database
from resolvers.store.instants import EPOCH_2000
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtest_series, backtests, optimizations, trades, walk_forward_tests
from resolvers.trial_ledger import entry_beside, entry_of_run

MOST_TRADES = 100
MOST_POINTS = 20_000
"""A COPY is quicker for more of them; and of what is large, it is asked first whether it is there."""

_TRADE_COLUMNS = (
    *("number", "direction", "entry_time", "exit_time", "exit_reason", "other_metrics"),
    *TRADE_NUMBERS,
)


def fits(save: Save) -> bool:
    """Tell whether a run is to be stored so."""
    curves = [curve for curve in (save.record.equity, save.record.drawdown) if curve]
    is_small = len(save.record.trades or ()) <= MOST_TRADES and sum(len(each.values) for each in curves) <= MOST_POINTS
    return is_small and save.document is None


async def add_backtest(database: Database, save: Save) -> bool:
    """Store a run with all that belongs to it, if its id stands for nothing yet; whether it was stored now.

    Where the connection is lost it is tried again, which is safe: what was stored after all is then not stored anew.
    """
    record = save.record
    series = dict(zip(SERIES_COLUMNS, pack_series(record), strict=True)) if record.equity or record.drawdown else None
    columns = _columns(record.trades) if record.trades else None
    row = save.row(now())
    given = {"row": row, "series": series, "columns": columns, "entry": entry_of_run(row)}
    statement = _add(series is not None, columns is not None, **given)
    is_stored = bool(await database.fetch(statement, plan=Plan.ONCE))
    if is_stored:
        database.wake_listeners()
    return is_stored


@shaped
def _add(has_series: bool, has_trades: bool, *, row: Slot, series: Slot, columns: Slot, entry: Slot) -> Select[Any]:
    """Insert a run, its curves and its trades, count it, note it for listeners; select its id if there was none."""
    values = select(*(literal(row[column.name], type_=column.type) for column in backtests.c))
    for table in (optimizations, walk_forward_tests):
        values = values.where(~exists().where(table.c.id == literal(row["id"], type_=table.c.id.type)))
    added = insert(backtests).from_select([column.name for column in backtests.c], values).on_conflict_do_nothing()
    run = added.returning(backtests.c.id).cte("run")
    parts = [_add_series(run, series).cte("series")] if has_series else []
    parts += [_add_trades(run, columns).cte("trades_of_run")] if has_trades else []
    parts += [entry_beside(run, entry).cte("entry")]
    return select(run.c.id).add_cte(*parts, note_of(run, ChangeKind.SAVED).cte("note"))


def _add_series(run: Any, series: Slot) -> Insert:
    values = [literal(series[name], type_=backtest_series.c[name].type) for name in SERIES_COLUMNS]
    return insert(backtest_series).from_select(["backtest_id", *SERIES_COLUMNS], select(run.c.id, *values))


def _add_trades(run: Any, columns: Slot) -> Insert:
    lists = [literal(columns[name], type_=ARRAY(_element(name))) for name in _TRADE_COLUMNS]
    rows = func.unnest(*lists).table_valued(*_TRADE_COLUMNS, name="given").render_derived()
    return insert(trades).from_select(
        ["backtest_id", *_TRADE_COLUMNS], select(run.c.id, *(rows.c[name] for name in _TRADE_COLUMNS))
    )


def _element(name: str) -> Any:
    """Return the type of what a list holds; instants are counted as PostgreSQL counts them."""
    kind = trades.c[name].type
    if name in {"entry_time", "exit_time"}:
        return TIMESTAMP(timezone=True)
    return Integer() if name == "number" else kind


def _columns(draft: TradesDraft) -> dict[str, list[Any]]:
    empty: list[Any] = [None] * len(draft)
    known = {name: _nullable(numbers.values) for name, numbers in draft.numbers.items()}
    return {
        "number": list(range(1, len(draft) + 1)),
        "direction": list(draft.directions),
        "entry_time": (draft.entry_times - EPOCH_2000).tolist(),
        "exit_time": [None if time == NO_TIME else time - EPOCH_2000 for time in draft.exit_times.tolist()],
        "exit_reason": list(draft.exit_reasons),
        "other_metrics": list(draft.other_metrics),
        **{name: known.get(name, empty) for name in TRADE_NUMBERS},
    }


def _nullable(values: Any) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN is not itself
