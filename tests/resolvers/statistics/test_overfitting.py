"""The probability of backtest overfitting is what cutting the returns into halves says."""

import math
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from resolvers.statistics.overfitting import count_logits, probability_of_backtest_overfitting


def noise(rows: int, trials: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).normal(size=(rows, trials))


def by_slicing(returns: Any, blocks: int, score: str = "sharpe") -> tuple[list[float], list[float], list[float]]:
    """Return the best scores in-sample, theirs out of sample, and the logits, cut out one half at a time."""
    rows = len(returns) // blocks
    parts = np.split(returns[len(returns) - rows * blocks :], blocks)
    inside, outside, logits = [], [], []
    for chosen in combinations(range(blocks), blocks // 2):
        scores = []
        for is_in in (True, False):
            half = np.concatenate([part for place, part in enumerate(parts) if (place in chosen) is is_in])
            scores.append(half.mean(axis=0) / (half.std(axis=0, ddof=1) if score == "sharpe" else 1))
        best = int(np.argmax(scores[0]))
        relative = rankdata(scores[1])[best] / (returns.shape[1] + 1)
        inside.append(scores[0][best])
        outside.append(scores[1][best])
        logits.append(math.log(relative / (1 - relative)))
    return inside, outside, logits


@given(st.integers(0, 1000), st.sampled_from([2, 4, 6, 8]), st.integers(2, 7), st.integers(16, 60))
def test_every_half_is_judged_as_if_it_were_cut_out(seed: int, blocks: int, trials: int, rows: int) -> None:
    returns = noise(rows, trials, seed) + 0.1
    found = probability_of_backtest_overfitting(returns, blocks)
    inside, outside, logits = by_slicing(returns, blocks)
    assert found.logits == pytest.approx(logits)
    assert found.pbo == pytest.approx(np.mean(np.array(logits) <= 0))
    assert found.probability_of_loss == np.mean(np.array(outside) < 0)
    if np.ptp(inside) > 1e-9:
        assert found.slope == pytest.approx(np.polyfit(inside, outside, 1)[0], rel=1e-6)


@given(st.integers(0, 1000), st.sampled_from([2, 4, 8]), st.lists(st.integers(0, 5), min_size=2, max_size=40))
def test_trials_that_are_the_same_share_a_rank(seed: int, blocks: int, places: list[int]) -> None:
    returns = noise(50, 6, seed)[:, places]
    found = probability_of_backtest_overfitting(returns, blocks)
    assert found.logits == pytest.approx(by_slicing(returns, blocks)[2])


@given(st.integers(0, 1000), st.sampled_from([2, 4, 8]), st.integers(2, 9), st.integers(8, 40))
def test_means_that_are_equal_share_a_rank(seed: int, blocks: int, trials: int, rows: int) -> None:
    returns = np.round(noise(rows, trials, seed))
    found = probability_of_backtest_overfitting(returns, blocks, "mean")
    _, outside, logits = by_slicing(returns, blocks, "mean")
    assert found.logits == pytest.approx(logits)
    assert found.pbo == np.mean(np.array(logits) < 1e-9)
    assert found.probability_of_loss == np.mean(np.array(outside) < 0)


def test_noise_says_nothing() -> None:
    shares = [probability_of_backtest_overfitting(noise(400, 20, seed), 8).pbo for seed in range(60)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_trials_that_differ_in_nothing_but_luck_are_all_overfitted(seed: int) -> None:
    returns = noise(2400, 100, seed)
    found = probability_of_backtest_overfitting((returns - returns.mean(axis=0)) / returns.std(axis=0, ddof=1), 8)
    assert (found.pbo, found.probability_of_loss) == (1.0, 1.0)


def test_a_trial_with_skill_is_chosen_for_good_reason() -> None:
    returns = noise(1000, 10)
    returns[:, 3] += 1.0
    found = probability_of_backtest_overfitting(returns, 10)
    pbo, probability_of_loss, slope, logits = found
    assert (found.pbo, found.probability_of_loss) == (pbo, probability_of_loss) == (0.0, 0.0)
    assert (found.slope, len(found.logits)) == (slope, len(logits)) == (slope, math.comb(10, 5))


def test_the_unit_of_returns_does_not_matter() -> None:
    returns = noise(200, 5)
    small = probability_of_backtest_overfitting(returns * 1e-200, 8)
    assert small.logits.tolist() == probability_of_backtest_overfitting(returns, 8).logits.tolist()


def test_rows_that_fill_no_block_are_dropped_from_the_front() -> None:
    returns = noise(83, 4)
    assert np.array_equal(
        probability_of_backtest_overfitting(returns, 8).logits,
        probability_of_backtest_overfitting(returns[3:], 8).logits,
    )


def test_a_trial_that_never_moves_is_never_chosen_and_ranks_last() -> None:
    returns = noise(64, 3) - 5.0
    returns[:, 0] = 1 / 3
    found = probability_of_backtest_overfitting(returns, 4)
    alone = probability_of_backtest_overfitting(returns[:, 1:], 4)
    assert (found.slope, found.probability_of_loss) == (alone.slope, 1.0)
    assert set(np.round(np.exp(found.logits), 6)) <= {1.0, 3.0}


def test_a_trial_that_stops_trading_loses_nothing() -> None:
    # Each half has returns for one of two trials only; what never moves ranks below the other, and has no Sharpe ratio.
    returns = np.zeros((40, 2))
    returns[:20, 0] = returns[20:, 1] = np.tile([0.02, -0.01], 10)
    found = probability_of_backtest_overfitting(returns, 2)
    assert (found.pbo, found.probability_of_loss) == (1.0, 0.0)
    assert math.isnan(found.slope)
    assert probability_of_backtest_overfitting(np.zeros((40, 3)), 4).probability_of_loss == 0.0
    assert probability_of_backtest_overfitting(np.full((40, 3), -0.01), 4).probability_of_loss == 1.0


def test_returns_come_as_lists_or_tables() -> None:
    returns = noise(40, 3)
    expected = probability_of_backtest_overfitting(returns, 4).logits.tolist()
    for kind in (np.ndarray.tolist, pd.DataFrame, np.asfortranarray):
        found = probability_of_backtest_overfitting(returns=kind(returns), blocks=np.int64(4), score="sharpe")  # type: ignore[arg-type]
        assert found.logits.tolist() == expected


@pytest.mark.parametrize(
    ("returns", "blocks", "score", "reason"),
    [
        (noise(20, 1), 4, "sharpe", "two trials"),
        (noise(20, 2), 3, "sharpe", "even"),
        (noise(20, 2), 0, "sharpe", "even"),
        (noise(200, 2), 22, "sharpe", "even"),
        (noise(3, 2), 4, "mean", "too few"),
        (noise(3, 2), 2, "sharpe", "too few"),
        (noise(7, 2), 8, "sharpe", "too few"),
        (noise(0, 2), 2, "mean", "too few"),
        (noise(20, 2)[:, 0], 4, "sharpe", "two trials"),
        (noise(20, 2), -4, "sharpe", "even"),
        (np.append(noise(19, 2), [[0.1, np.nan]], axis=0), 4, "sharpe", "finite"),
        (noise(20, 2) * np.inf, 4, "sharpe", "finite"),
        (noise(20, 2), 4, "median", "median"),
    ],
)
def test_what_cannot_be_judged_is_refused(returns: Any, blocks: int, score: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        probability_of_backtest_overfitting(returns, blocks, score)


@given(st.integers(0, 1000), st.integers(2, 9), st.sampled_from([2, 10, 24]))
def test_bins_hold_every_logit_and_those_up_to_zero_are_the_probability(seed: int, trials: int, bins: int) -> None:
    found = probability_of_backtest_overfitting(np.round(noise(40, trials, seed)), 8)
    counted = count_logits(found.logits, trials, bins)
    assert (len(counted), sum(each.count for each in counted)) == (bins, len(found.logits))
    assert all(one.upper == other.lower < other.upper for one, other in pairwise(counted))
    assert (counted[0].lower, counted[-1].upper) == (-math.log(trials), math.log(trials))
    assert sum(each.count for each in counted if each.upper <= 0) / len(found.logits) == found.pbo
    for each in counted:
        inside = (found.logits > each.lower + 1e-9) & (found.logits < each.upper - 1e-9)
        assert inside.sum() <= each.count
