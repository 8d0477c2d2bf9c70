"""How many trials a family has, and how much their Sharpe ratios differ: what luck is measured against."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Double, Select, cast, func, select

from resolvers.backtests import is_one_of
from resolvers.statistics.sharpe import expected_maximum, expected_maximum_sharpe
from resolvers.store.database import Database, Row, Transaction
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import trial_ledger


@dataclass(frozen=True, slots=True)
class FamilyTrials:
    """The trials of a family; recorded are those whose Sharpe ratio is known. Sharpe ratios are annual.

    variance is that of the recorded ones, with n - 1: None for fewer than two.
    """

    trials: int = 0
    recorded: int = 0
    mean: float | None = None
    variance: float | None = None

    @property
    def expected_maximum(self) -> float:
        """The expected largest of as many draws from a standard normal distribution; 0 for one trial."""
        return expected_maximum(max(1, self.trials))

    def threshold(self, periods_per_year: float = 1.0) -> float:
        """Return the best Sharpe ratio that luck is expected to give: annual, or per period; NaN where unknown."""
        variance = math.nan if self.variance is None else self.variance / periods_per_year
        return expected_maximum_sharpe(max(1, self.trials), variance)


NO_TRIALS = FamilyTrials()


async def load_family_trials(database: Database, keys: Iterable[UUID]) -> dict[UUID, FamilyTrials]:
    """Return the trials of families by their keys; a family without any is left out."""
    return _read(await database.fetch(count_family_trials(keys=list(set(keys)))))


async def find_family_trials(transaction: Transaction, keys: Sequence[UUID]) -> dict[UUID, FamilyTrials]:
    """Return the trials of families as a transaction sees them."""
    return _read(await transaction.fetch(count_family_trials(keys=keys)))


@shaped
def count_family_trials(*, keys: Slot) -> Select[Any]:
    """Select the trials of families, with the mean of the recorded Sharpe ratios and their squared deviations.

    Groups of trials are put together by their means, as it is done for a variance that is computed in parallel.
    """
    ledger = trial_ledger.c
    weighed = func.sum(cast(ledger.recorded, Double) * ledger.sharpe_ratio)
    of_families = is_one_of(ledger.family, keys)
    totals = (
        select(ledger.family, func.sum(ledger.trials).label("trials"), func.sum(ledger.recorded).label("recorded"))
        .add_columns((weighed / func.nullif(func.sum(ledger.recorded), 0)).label("mean"))
        .where(of_families)
        .group_by(ledger.family)
        .cte("totals")
        .prefix_with("MATERIALIZED")
    )
    distance = ledger.sharpe_ratio - totals.c.mean
    deviations = func.sum(ledger.sharpe_deviations + cast(ledger.recorded, Double) * distance * distance)
    return (
        select(totals, deviations.label("deviations"))
        .select_from(trial_ledger.join(totals, totals.c.family == ledger.family))
        .where(of_families)
        .group_by(*totals.c)
    )


def _read(rows: Sequence[Row]) -> dict[UUID, FamilyTrials]:
    return {row["family"]: _trials(row) for row in rows}


def _trials(row: Row) -> FamilyTrials:
    recorded = row["recorded"]
    variance = row["deviations"] / (recorded - 1) if recorded > 1 else None
    return FamilyTrials(row["trials"], recorded, row["mean"], variance)
