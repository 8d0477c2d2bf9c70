"""What is known of whole families: their trials, and the runs of them that are still stored."""

import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Double, Select, Uuid, cast, func, literal, select

from resolvers.backtests import is_one_of
from resolvers.checks.sound import is_storable
from resolvers.comparisons import correlate_curves
from resolvers.errors import BadUserInput
from resolvers.families import Family
from resolvers.family_trials import NO_TRIALS, FamilyTrials, load_family_trials
from resolvers.luck_reasons import LuckReason
from resolvers.series import load_equity_curves
from resolvers.statistics.sharpe import effective_trials, minimum_backtest_length
from resolvers.store.database import Database
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import backtests, trial_ledger
from resolvers.trial_ledger import IS_STORED

MOST_CURVES = 100
"""So many of the newest runs with a curve are correlated with each other."""
MOST_POINTS = 2_000_000
"""Points of all these curves together, but for the first two: they are held in memory at once."""
LEAST_TARGET = 1e-100

Figures = dict[str, Any]


def read_family(strategy: str | None, symbol: str | None, study: str | None) -> Family:
    """Return the family that is asked for, by the words as they are stored on a save.

    Raises:
        BadUserInput: there is not exactly a study, or a strategy and a symbol; or one of them cannot be stored.
    """
    is_study, is_pair = study is not None, strategy is not None and symbol is not None
    if is_study == is_pair or (is_study and (strategy is not None or symbol is not None)):
        raise BadUserInput("A family is named by its study, or else by its strategy and its symbol.")
    words = [(each or "").strip() for each in (strategy, symbol, study)]
    if not all(map(is_storable, words)):
        raise BadUserInput("A name holds a null character or half of a surrogate pair, which no name can hold.")
    return Family(words[0], words[1].upper(), words[2] if is_study else None)


def check_target(sharpe: float) -> None:
    """Refuse what no backtest can be measured against; raises BadUserInput."""
    if not LEAST_TARGET <= sharpe < math.inf:
        raise BadUserInput(f"targetSharpe is {sharpe:g} and must be at least {LEAST_TARGET:g}.")


async def load_families(
    database: Database, families: Sequence[Family], *, with_runs: bool, with_correlation: bool
) -> list[Figures]:
    """Return the figures of families by their names, None where undefined, and as `undefined` why each of these is.

    The runs that are stored are looked at only where they are asked for; their curves are only read for the average
    correlation.
    """
    keys = list({family.key for family in families})
    trials = await load_family_trials(database, keys)
    runs = {row["family"]: row for row in await database.fetch(_stored(keys=keys))} if with_runs else {}
    found: dict[UUID, Figures] = {}
    for key in keys:
        found[key] = _measure(trials.get(key, NO_TRIALS), dict(runs.get(key) or _NO_RUNS))
        if with_correlation:
            await _correlate(database, key, found[key])
    return [_name(family) | found[family.key] for family in families]


def minimum_length(family: Figures, target: float) -> float:
    """Return the years that a family's backtests must have for an annual Sharpe ratio that is not just luck."""
    return minimum_backtest_length(max(1.0, family["trials"]), target)


def length_left(family: Figures, target: float) -> float | None:
    """Return how many years the longest run of a family has beyond these, negative where it lacks some."""
    length = family["backtest_length"]
    return None if length is None else length - minimum_length(family, target)


_NO_RUNS = {"stored": 0, "periods_per_year": None, "backtest_length": None}


def _name(family: Family) -> Figures:
    if family.study is not None:
        return {"strategy": None, "symbol": None, "study": family.study}
    return {"strategy": family.strategy, "symbol": family.symbol, "study": None}


def _measure(trials: FamilyTrials, runs: Figures) -> Figures:
    periods, threshold = runs["periods_per_year"], trials.threshold() if trials.trials else math.nan
    figures = runs | {
        "trials": float(trials.trials),
        "recorded_trials": float(trials.recorded),
        "average_sharpe": trials.mean,
        "variance_of_sharpes": trials.variance / periods if trials.variance is not None and periods else None,
        "expected_maximum_sharpe": threshold if math.isfinite(threshold) else None,
        "average_correlation": None,
        "effective_trials": None,
    }
    why = {
        "periods_per_year": LuckReason.NOT_REPORTED,
        "backtest_length": LuckReason.NOT_REPORTED,
        "average_sharpe": LuckReason.NOT_REPORTED,
        "variance_of_sharpes": LuckReason.UNKNOWN_VARIANCE if trials.variance is None else LuckReason.NOT_REPORTED,
        "expected_maximum_sharpe": LuckReason.UNKNOWN_VARIANCE,
    }
    missing = {name: reason for name, reason in why.items() if figures[name] is None}
    return figures | {"undefined": missing}


async def _correlate(database: Database, key: UUID, figures: Figures) -> None:
    """Set the average correlation of a family's newest curves, and how many independent trials it leaves."""
    rows = await database.fetch(_newest(key=key))
    points = np.cumsum([row["data_points"] for row in rows])
    ids = [row["id"] for row, total in zip(rows, points, strict=True) if total <= MOST_POINTS or row in rows[:2]]
    if len(ids) < 2:  # noqa: PLR2004 - a correlation takes two
        figures["undefined"] |= dict.fromkeys(_OF_CURVES, LuckReason.TOO_FEW_CURVES)
        return
    matrix = await correlate_curves(await load_equity_curves(database, ids))
    pairs = matrix[np.triu_indices(len(ids), 1)]
    known = pairs[np.isfinite(pairs)]
    if len(known) == 0:
        figures["undefined"] |= dict.fromkeys(_OF_CURVES, LuckReason.NO_COMMON_RETURNS)
        return
    average = float(np.clip(np.mean(known), -1, 1))
    figures["average_correlation"] = average
    figures["effective_trials"] = effective_trials(max(1.0, figures["trials"]), average)


_OF_CURVES = ("average_correlation", "effective_trials")


@shaped
def _stored(*, keys: Slot) -> Select[Any]:
    """Select how many runs of families are stored, the years of the longest, and the usual number of periods a year."""
    ledger = trial_ledger.c
    periods = func.mode().within_group(ledger.periods_per_year)
    years = cast(backtests.c.observations, Double) / backtests.c.periods_per_year
    return (
        select(ledger.family, func.count(backtests.c.id).label("stored"), periods.label("periods_per_year"))
        .add_columns(func.max(years).label("backtest_length"))
        .select_from(trial_ledger.outerjoin(backtests, IS_STORED))
        .where(is_one_of(ledger.family, keys))
        .group_by(ledger.family)
    )


@shaped
def _newest(*, key: Slot) -> Select[Any]:
    """Select the newest runs of a family that have a curve."""
    runs = select(backtests.c.id, backtests.c.data_points).select_from(trial_ledger.join(backtests, IS_STORED))
    with_curves = runs.where(trial_ledger.c.family == literal(key, type_=Uuid()), backtests.c.data_points > 0)
    return with_curves.order_by(backtests.c.created_at.desc(), backtests.c.id.desc()).limit(MOST_CURVES)
