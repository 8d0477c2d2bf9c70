"""Correlation of returns."""

import numpy as np
import pytest

from resolvers.statistics.correlation import correlate_returns

NAN = float("nan")


def correlation(*rows: list[float]) -> list[list[float]]:
    found: list[list[float]] = correlate_returns(np.array(rows, float)).tolist()
    return found


def test_it_is_that_of_simple_returns() -> None:
    curves = np.exp(np.random.default_rng(3).normal(scale=0.02, size=(4, 300)).cumsum(axis=1))
    expected = np.asarray(np.corrcoef(curves[:, 1:] / curves[:, :-1] - 1))
    assert correlate_returns(curves) == pytest.approx(expected, abs=1e-12)
    assert np.diagonal(correlate_returns(curves)).tolist() == [1, 1, 1, 1]


def test_two_returns_are_enough_and_one_is_not() -> None:
    found = correlate_returns(np.array([[1.0, 2, 3], [1, 3, 4], [3, 1, 2]]))
    assert found == pytest.approx(np.array([[1, 1, -1], [1, 1, -1], [-1, -1, 1]]))
    assert np.isnan(correlation([1, 2], [1, 3])).all()
    assert np.isnan(correlation([1], [1])).all()


def test_a_row_that_does_not_vary_has_none_not_even_with_itself() -> None:
    flat, interest, lively = [5.0] * 6, [100 * 1.0001**day for day in range(6)], [1.0, 2, 1, 3, 2, 5]
    found = np.array(correlation(flat, interest, lively))
    assert np.isnan(found[:2]).all()
    assert np.isnan(found[:, :2]).all()
    assert found[2, 2] == 1


def test_small_but_real_returns_count() -> None:
    returns = np.random.default_rng(3).normal(scale=1e-9, size=(2, 50))
    curves = np.array(np.cumprod(1 + returns, axis=1), np.float64)
    assert correlate_returns(curves) == pytest.approx(np.asarray(np.corrcoef(returns[:, 1:])), abs=1e-5)


def test_returns_beside_a_gap_or_from_zero_are_left_out() -> None:
    full, gap = [1.0, 2, 3, 5, 4, 8], [2.0, 3, NAN, 4, 6, 5]
    pairs = np.array([[1, 0.5], [-0.2, 0.5], [1, -1 / 6]]).T  # the returns at 1, 4 and 5
    assert correlation(full, gap)[0][1] == pytest.approx(np.corrcoef(pairs)[0, 1])
    found = np.array(correlation([1.0, 0, 2, 3, 5], [1.0, 2, 3, 4, 6]))
    assert found[0, 1] == pytest.approx(np.corrcoef([-1, 0.5, 2 / 3], [1, 1 / 3, 0.5])[0, 1])


def test_nothing_gives_nothing() -> None:
    assert np.isnan(correlate_returns(np.empty((2, 0)))).all()
    assert np.isnan(correlate_returns(np.full((2, 5), NAN))).all()
