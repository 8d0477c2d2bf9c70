"""Whether the best of many trials is the best by skill: combinatorially symmetric cross-validation (CSCV).

Bailey, Borwein, Lopez de Prado and Zhu 2015, The Probability of Backtest Overfitting.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, islice, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

MOST_BLOCKS = 20
"""184,756 halves; with two more blocks they are four times as many."""
_AT_ONCE = 1_000_000
"""Scores that are held in memory at a time, in each of some arrays."""
_ROWS_AT_ONCE = 4_096


class Overfitting(NamedTuple):
    """What the halves say; each is in-sample once, and once out of sample.

    pbo: share of the halves whose best trial is no better than the median out of sample (0 to 1; 0.5 says nothing).
    probability_of_loss: share of the halves whose best trial loses out of sample: its mean is below 0 (0 to 1).
    slope: of the best trials' scores out of sample on those in-sample, over the halves that have both; NaN where all
    in-sample scores are equal.
    logits: ln(w / (1 - w)) of each half, w the relative rank of its best trial out of sample; in the order of
    itertools.combinations of the blocks that are in-sample.
    """

    pbo: float
    probability_of_loss: float
    slope: float
    logits: Matrix


@dataclass(frozen=True, slots=True)
class Bin:
    """How many logits are above lower and not above upper; the first bin has those at its lower end, too."""

    lower: float
    upper: float
    count: int


def count_logits(logits: Matrix, trials: int, bins: int = 24) -> list[Bin]:
    """Return the histogram of logits of halves of so many trials, 2 or more, over all that a logit can be.

    That is -ln N to ln N, in an even number of bins of one width, half of them up to 0: these make the probability of
    overfitting.
    """
    above = np.linspace(0, math.log(trials), bins // 2 + 1)[1:]
    edges = np.concatenate([-above[::-1], [0.0], above])
    places = np.clip(np.searchsorted(edges, logits, side="left") - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins).tolist()
    return [Bin(*ends, count) for ends, count in zip(pairwise(edges.tolist()), counts, strict=True)]


def probability_of_backtest_overfitting(returns: Matrix, blocks: int = 16, score: str = "sharpe") -> Overfitting:
    """Return how likely it is that choosing the best of some trials was choosing noise.

    returns: per period, T x N, a column for each trial, on common dates and in their order. blocks: even; T mod blocks
    rows are dropped from the front, and each half of the blocks is in-sample once. score: "sharpe" (mean / standard
    deviation with n - 1) or "mean". Of equal scores in-sample the first trial is chosen; out of sample they share the
    average rank. A trial without variance in a half has no Sharpe ratio there and ranks below all others.

    Raises:
        ValueError: fewer than 2 trials; blocks odd, fewer than 2 or more than 20; fewer than 2 rows a half for a
            Sharpe ratio; a number that is not finite; no such score.
    """
    matrix = np.asarray(returns, dtype=np.float64)
    _check(matrix, blocks, score)
    sums, squares, rows = _sum_blocks(_scaled(matrix) if score == "sharpe" else matrix, blocks)
    parts = _halves(blocks, max(1, _AT_ONCE // matrix.shape[1]))
    columns = [_judge(part, sums, squares, rows * blocks // 2, score) for part in parts]
    inside, outside, is_lost, logits = (np.concatenate(each) for each in zip(*columns, strict=True))
    return Overfitting(
        pbo=float(np.mean(logits <= 0)),
        probability_of_loss=float(np.mean(is_lost)),
        slope=_slope(inside, outside),
        logits=logits,
    )


def _check(matrix: Matrix, blocks: int, score: str) -> None:
    if score not in {"sharpe", "mean"}:
        raise ValueError(f"The score is sharpe or mean, not {score}.")
    if matrix.ndim != 2 or matrix.shape[1] < 2:  # noqa: PLR2004 - rows and columns, and two to choose from
        raise ValueError("Overfitting needs the returns of two trials or more.")
    if blocks % 2 or not 2 <= blocks <= MOST_BLOCKS:  # noqa: PLR2004 - two halves
        raise ValueError(f"The number of blocks is even, from 2 to {MOST_BLOCKS}.")
    rows = matrix.shape[0] // blocks * (blocks // 2)
    if rows < (2 if score == "sharpe" else 1):
        raise ValueError(f"{matrix.shape[0]} returns are too few for {blocks} blocks.")
    if not np.isfinite(matrix).all():
        raise ValueError("Every return must be a finite number.")


def _scaled(matrix: Matrix) -> Matrix:
    """Return the trials in units of their largest return: it changes no Sharpe ratio, and squares stay in range."""
    largest = np.abs(matrix).max(axis=0)
    return matrix / np.where(largest > 0, largest, 1.0)


def _halves(blocks: int, most: int) -> Iterator[NDArray[np.intp]]:
    """Yield the blocks that are in-sample, a row for each half, at most so many at a time.

    Few at a time, for other threads wait while Python's objects become an array.
    """
    every = combinations(range(blocks), blocks // 2)
    while chosen := list(islice(every, min(most, _ROWS_AT_ONCE))):
        yield np.array(chosen, dtype=np.intp)


def _sum_blocks(matrix: Matrix, blocks: int) -> tuple[Matrix, Matrix, int]:
    """Return sums and sums of squares of each block, blocks x N, and the rows of a block."""
    rows = matrix.shape[0] // blocks
    kept = matrix[matrix.shape[0] - rows * blocks :].reshape(blocks, rows, -1)
    return kept.sum(axis=1), np.square(kept).sum(axis=1), rows


def _judge(
    chosen: NDArray[np.intp], sums: Matrix, squares: Matrix, rows: int, score: str
) -> tuple[Matrix, Matrix, NDArray[np.bool_], Matrix]:
    """Return for each half the score of its best trial in-sample, that out of sample, whether it loses, its logit."""
    picks = np.zeros((len(chosen), len(sums)))
    np.put_along_axis(picks, chosen, 1.0, axis=1)
    # Of equal trials one is scored: a matrix product need not round all of its columns alike, which would untie them.
    different, places = np.unique(np.concatenate([sums, squares]), axis=1, return_inverse=True)
    sums, squares, places = different[: len(sums)], different[len(sums) :], places.reshape(-1)
    gains = (1 - picks) @ sums
    inside = _score(picks @ sums, picks @ squares, rows, score)[:, places]
    outside = _score(gains, (1 - picks) @ squares, rows, score)[:, places]
    best = np.argmax(inside, axis=1)[:, None]
    reached = np.take_along_axis(outside, best, axis=1)
    below, equal = (outside < reached).sum(axis=1), (outside == reached).sum(axis=1)
    relative = (below + (equal + 1) / 2) / (outside.shape[1] + 1)
    is_lost = np.take_along_axis(gains, places[best], axis=1)[:, 0] < 0
    in_sample = np.take_along_axis(inside, best, axis=1)[:, 0]
    return in_sample, reached[:, 0], is_lost, np.log(relative / (1 - relative))


def _score(sums: Matrix, squares: Matrix, rows: int, score: str) -> Matrix:
    """Return means, or Sharpe ratios; minus infinity where there is no variance."""
    means = sums / rows
    if score == "mean":
        return means
    variances = (squares - sums * means) / (rows - 1)
    # What is left of equal numbers are rounding errors of their squares.
    is_flat = variances <= 1e-14 * squares / rows
    return np.where(is_flat, -np.inf, means / np.sqrt(np.where(is_flat, 1.0, variances)))


def _slope(inside: Matrix, outside: Matrix) -> float:
    known = np.isfinite(inside) & np.isfinite(outside)
    if not known.any():
        return math.nan
    x, y = inside[known] - inside[known].mean(), outside[known]
    spread = float(x @ x)
    return float(x @ y) / spread if spread > 0 else math.nan
