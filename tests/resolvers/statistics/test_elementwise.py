"""Formulas take arrays as they take numbers."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from resolvers.statistics import sharpe

FORMULAS: list[tuple[Callable[..., float], tuple[float, ...]]] = [
    (sharpe.standard_error, (0.2, 60, -0.5, 4)),
    (sharpe.standard_error_of_independent_returns, (0.2, 60)),
    (sharpe.annualization_factor, (12, 0.2)),
    (sharpe.probabilistic_sharpe_ratio, (0.2, 0.1, 60, -0.5, 4)),
    (sharpe.minimum_track_record_length, (0.2, 0.1, -0.5, 4, 0.9)),
    (sharpe.expected_maximum, (7,)),
    (sharpe.deflated_sharpe_ratio, (0.2, 60, -0.5, 4, 7, 0.01)),
    (sharpe.expected_maximum_sharpe, (7, 0.01)),
    (sharpe.minimum_backtest_length, (7, 1)),
    (sharpe.effective_trials, (7, 0.2)),
]
each_formula = pytest.mark.parametrize(("formula", "numbers"), FORMULAS, ids=[each.__name__ for each, _ in FORMULAS])


@each_formula
def test_numbers_of_any_type_give_the_same_float(formula: Callable[..., float], numbers: tuple[float, ...]) -> None:
    expected = formula(*numbers)
    assert type(expected) is float
    for kind in (np.float64, np.array, Fraction):
        found = formula(*map(kind, numbers))
        assert (type(found), found) == (float, expected)
    assert formula(*map(np.float32, numbers)) == pytest.approx(expected, rel=1e-4)


@each_formula
def test_an_array_for_one_number_gives_an_array(formula: Callable[..., Any], numbers: tuple[float, ...]) -> None:
    for place, number in enumerate(numbers):
        many = [number, number * 1.0625, math.nan]
        found = formula(*numbers[:place], many, *numbers[place + 1 :])
        expected = [formula(*numbers[:place], each, *numbers[place + 1 :]) for each in many]
        assert found.dtype == np.float64
        assert found.tolist() == pytest.approx(expected, rel=0, nan_ok=True)
        assert math.isnan(found[2])


def test_arrays_are_broadcast_and_names_are_kept() -> None:
    ratios, counts = np.array([[0.1], [0.2]]), [24, 36, 48]
    found: Any = sharpe.standard_error(sharpe=ratios, observations=counts, skewness=0, kurtosis=3)  # type: ignore[arg-type]
    assert found.shape == (2, 3)
    assert found[1, 2] == sharpe.standard_error(0.2, 48, 0, 3)
    assert sharpe.expected_maximum(np.empty(0)).shape == (0,)  # type: ignore[arg-type, attr-defined]


def test_numbers_out_of_range_do_not_warn() -> None:
    big: Any = [1e200, 2]
    assert math.isnan(sharpe.standard_error(np.float64(1e200), 10))
    assert np.isnan(sharpe.standard_error(big, 10)).tolist() == [True, False]
