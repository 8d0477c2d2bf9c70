"""Sharpe ratios on the bases of engines."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics.calendars import USUAL_PERIODS
from resolvers.statistics.sharpe_bases import Basis, recognise_basis

ratios = st.floats(0.001, 0.5).flatmap(lambda size: st.sampled_from((size, -size)))
counts = st.integers(2, 5000)


@pytest.mark.parametrize("has_zero", [False, True])
def test_a_basis_says_what_an_engine_computes_of_the_same_returns(has_zero: bool) -> None:
    returns = np.random.default_rng(1).normal(0.001, 0.01, 300)
    theirs = np.concatenate([[0.0], returns]) if has_zero else returns
    reported = float(theirs.mean() / theirs.std(ddof=1)) * math.sqrt(365)
    per_period = float(returns.mean() / returns.std(ddof=1))
    assert Basis(365, 300, has_zero).report(per_period) == pytest.approx(reported, rel=1e-12)
    assert recognise_basis(reported, per_period, 300, 252.0) == Basis(365, 300, has_zero)


@given(ratios, counts, st.sampled_from(USUAL_PERIODS), st.booleans())
def test_what_is_brought_to_ours_is_what_it_was_made_of(
    ratio: float, count: int, periods: float, has_zero: bool
) -> None:
    basis = Basis(periods, count, has_zero)
    assert basis.per_period(basis.report(ratio)) == pytest.approx(ratio, rel=1e-6)


@given(ratios, st.floats(1.21, 1.4), st.integers(10_000, 20_000))
def test_what_no_usual_basis_gives_is_not_recognised(ratio: float, factor: float, count: int) -> None:
    assert recognise_basis(ratio * math.sqrt(252) * factor, ratio, count, 252.0) is None


def test_nothing_is_recognised_without_a_ratio() -> None:
    assert recognise_basis(1.0, 0.0, 100, 252.0) is None
    assert recognise_basis(1.0, 0.1, 1, 252.0) is None
    assert recognise_basis(0.0, 0.1, 100, 252.0) is None


def test_a_ratio_that_no_returns_with_a_zero_first_can_have_is_undefined() -> None:
    assert math.isnan(Basis(252, 3, has_zero=True).per_period(1000.0))
