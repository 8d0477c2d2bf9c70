"""The ledger of trials: what was tried is counted in the transaction that saves it, once, and is never forgotten."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Insert, Select, and_, false, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.expression import FromClause, func

from resolvers.families import Family
from resolvers.statistics.sharpe import standard_error
from resolvers.store.database import Transaction
from resolvers.store.metrics import computed_column
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, trial_ledger

Entry = Mapping[str, Any]
COLUMNS = tuple(column.name for column in trial_ledger.c if column.name not in {"counted_at", "is_deflated"})
FIGURES = ("recorded", "sharpe_ratio", "sharpe_deviations", "periods_per_year", "standard_error")
"""What is known of the trials of an entry; who they are, and how many, never changes."""
IS_STORED = and_(
    trial_ledger.c.part == trial_ledger.c.backtest_id,
    backtests.c.id == trial_ledger.c.backtest_id,
    backtests.c.content_hash == trial_ledger.c.content_hash,
    backtests.c.study.is_not_distinct_from(trial_ledger.c.study),
)
"""What joins an entry with its run, if that is stored: a deleted one may have come back with other content or study."""
HUGE = 1e100
"""A Sharpe ratio from here on is none, and its square would soon be infinite: it is not recorded."""


def entry_of_run(row: Mapping[str, Any]) -> Entry:
    """Return the entry of a run, one trial, from its whole row. Its Sharpe ratio is as reported if not computed."""
    computed = _sound(row[computed_column("sharpe_ratio")])
    sharpe = _sound(row["sharpe_ratio"]) if computed is None else computed
    return _entry(
        row,
        part=row["id"],
        content_hash=row["content_hash"],
        trials=1,
        recorded=int(sharpe is not None),
        sharpe_ratio=sharpe,
        sharpe_deviations=None if sharpe is None else 0.0,
        standard_error=None if computed is None else _standard_error(computed, row),
    )


def entry_of_optimization(run: Mapping[str, Any], optimization: Mapping[str, Any], sharpes: Sequence[float]) -> Entry:
    """Return the entry of an optimization of a run, with the known annual Sharpe ratios of its trials."""
    sharpes = [each for each in sharpes if _sound(each) is not None]
    mean = math.fsum(sharpes) / len(sharpes) if sharpes else None
    return _entry(
        run,
        part=optimization["id"],
        content_hash=optimization["content_hash"],
        trials=optimization["combinations_tested"],
        recorded=len(sharpes),
        sharpe_ratio=mean,
        sharpe_deviations=None if mean is None else math.fsum((each - mean) ** 2 for each in sharpes),
        standard_error=None,
    )


def _sound(sharpe: float | None) -> float | None:
    return sharpe if sharpe is not None and abs(sharpe) < HUGE else None


def _entry(run: Mapping[str, Any], **columns: Any) -> Entry:
    family = Family(run["strategy"], run["symbol"], run["study"])
    return {
        "backtest_id": run["id"],
        "family": family.key,
        **{name: run[name] for name in ("strategy", "symbol", "study", "periods_per_year")},
        **columns,
    }


def _standard_error(annual_sharpe: float, row: Mapping[str, Any]) -> float | None:
    per_period = annual_sharpe / math.sqrt(row["periods_per_year"])
    found = standard_error(per_period, row["observations"], row["skewness"], row["kurtosis"])
    return found if math.isfinite(found) else None


async def count_trials(transaction: Transaction, entries: Sequence[Entry]) -> None:
    """Count trials with what else this transaction does; what was counted before is not counted again.

    What is known of them by now is kept, and the deflated Sharpe ratios of their families are out of date.
    """
    if entries:
        await transaction.fetch(_count(entries={name: [each[name] for each in entries] for name in COLUMNS}))


@shaped
def _count(*, entries: Slot) -> Any:
    """Insert the entries that are not there yet, and renew those that are."""
    lists = [literal(entries[name], type_=ARRAY(trial_ledger.c[name].type)) for name in COLUMNS]
    rows = func.unnest(*lists).table_valued(*COLUMNS, name="given").render_derived()
    return _insert(select(func.now(), *(rows.c[name] for name in COLUMNS))).returning(trial_ledger.c.backtest_id)


def entry_beside(run: FromClause, entry: Slot) -> Insert:
    """Write the entry of a run, to stand beside the statement that inserts the run and gives its id."""
    values = [literal(entry[name], type_=trial_ledger.c[name].type).label(name) for name in COLUMNS]
    return _insert(select(func.now(), *values).select_from(run))


def _insert(rows: Select[Any]) -> Insert:
    """Write entries. One that is there belongs to what was deleted and comes back, or was computed anew."""
    added = insert(trial_ledger).from_select(["counted_at", *COLUMNS], rows)
    renewed: dict[str, Any] = {name: added.excluded[name] for name in FIGURES}
    return added.on_conflict_do_update(constraint=trial_ledger.primary_key, set_=renewed | {"is_deflated": false()})
