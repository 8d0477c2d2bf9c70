"""The standard normal distribution is scipy's."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from resolvers.statistics.normal import cumulative, quantile


@given(st.floats(-37, 37))
def test_a_probability_is_that_of_scipy_to_its_last_digits(value: float) -> None:
    assert cumulative(value) == pytest.approx(float(ndtr(value)), rel=1e-13)


@given(st.floats(1e-300, 1 - 1e-16))
def test_a_quantile_is_that_of_scipy(probability: float) -> None:
    assert quantile(probability) == pytest.approx(float(ndtri(probability)), rel=1e-13, abs=1e-15)


def test_what_is_beyond_the_ends_is_infinite_or_undefined() -> None:
    assert (quantile(0), quantile(1), cumulative(-math.inf), cumulative(math.inf)) == (-math.inf, math.inf, 0, 1)
    assert all(math.isnan(each) for each in (quantile(-0.1), quantile(1.1), quantile(math.nan), cumulative(math.nan)))
