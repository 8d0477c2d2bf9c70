"""The ledger of generated runs, and their deflated Sharpe ratios, as if they had been brought up to date."""

from collections.abc import Mapping
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from resolvers.families import Family
from resolvers.statistics.sharpe import expected_maximum
from tests.benchmarks.binary_copy import (
    Packed,
    pack_flags,
    pack_integers,
    pack_nulls,
    pack_numbers,
    read_numbers,
    read_words,
    take_rows,
)

_TRIALS = 100
"""Trials of each family, as the thresholds have it."""
_SPREAD = 0.9
"""Standard deviation of the annual Sharpe ratios."""
_DAYS = 252

Columns = Mapping[str, Packed]
Floats = NDArray[np.float64]


def make_deflated(runs: Columns) -> dict[str, Packed]:
    """Return the columns of the deflated Sharpe ratios of runs, which those have that are completed."""
    threshold = expected_maximum(_TRIALS) * _SPREAD / np.sqrt(_DAYS)
    daily = read_numbers(runs["computed_sharpe_ratio"]) / np.sqrt(_DAYS)
    ratios = ndtr((daily - threshold) / _standard_errors(runs))
    rows = np.flatnonzero(~np.isnan(ratios))
    return {
        "backtest_id": take_rows(runs["id"], rows),
        "symbol": take_rows(runs["symbol"], rows),
        "deflated_sharpe_ratio": pack_numbers(ratios[rows]),
    }


def make_ledger(runs: Columns) -> dict[str, Packed]:
    """Return the columns of the ledger: a row for each run, whose family is up to date."""
    errors = _standard_errors(runs)
    recorded, count = ~np.isnan(errors), len(errors)
    names = zip(read_words(runs["strategy"]), read_words(runs["symbol"]), strict=True)
    return {
        "backtest_id": runs["id"],
        "part": runs["id"],
        "family": Packed(np.array([list(_family(*each)) for each in names], dtype=np.uint8)),
        **{name: runs[name] for name in ("content_hash", "strategy", "symbol", "periods_per_year")},
        "sharpe_ratio": runs["computed_sharpe_ratio"],
        "study": pack_nulls(count),
        "counted_at": runs["created_at"],
        "trials": pack_integers(np.ones(count, dtype=np.int64)),
        "recorded": pack_integers(recorded.astype(np.int64)),
        "sharpe_deviations": pack_numbers(np.where(recorded, 0.0, np.nan)),
        "standard_error": pack_numbers(errors),
        "is_deflated": pack_flags(np.ones(count, dtype=np.bool_)),
    }


def _standard_errors(runs: Columns) -> Floats:
    """Return the standard error of each run's Sharpe ratio a day, NaN where it is not known."""
    daily = read_numbers(runs["computed_sharpe_ratio"]) / np.sqrt(_DAYS)
    skewness, kurtosis = read_numbers(runs["skewness"]), read_numbers(runs["kurtosis"])
    observations = runs["observations"].data.view(">i4")[:, 0]
    errors: Floats = np.sqrt((1 - skewness * daily + (kurtosis - 1) / 4 * daily**2) / (observations - 1))
    return errors


@cache
def _family(strategy: str, symbol: str) -> bytes:
    return Family(strategy, symbol).key.bytes
