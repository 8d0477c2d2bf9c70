"""Figures that papers print and other implementations assert, beside those of vectors.json."""

import math
from collections.abc import Callable
from inspect import signature
from typing import Any

import pytest

from resolvers.statistics import multiple_testing, overfitting, sharpe, walk_forward

MONTH, WEEK, DAY = math.sqrt(12), math.sqrt(52), math.sqrt(250)
HEDGE_FUND = {"skewness": -2.448, "kurtosis": 10.164}
"""Of the example in Bailey and Lopez de Prado 2012, and in Lopez de Prado, Lipton and Zoonekynd 2025."""


def deflated(trials: int, skewness: float, kurtosis: float) -> float:
    """Return that of the example in Bailey and Lopez de Prado 2014: 2.5 a year over 1,250 days, variance 1/2."""
    return sharpe.deflated_sharpe_ratio(2.5 / DAY, 1250, skewness, kurtosis, trials, 0.5 / 250)


BAILEY_2012 = [
    (sharpe.standard_error(0.8183, 134, -1.4455, 7.0497), 0.1550, 5e-5),
    (sharpe.probabilistic_sharpe_ratio(0.458, 0, 24, **HEDGE_FUND), 0.913, 5e-4),
    (sharpe.probabilistic_sharpe_ratio(0.458, 0, 36, **HEDGE_FUND), 0.953, 1e-3),
    (sharpe.minimum_track_record_length(0.8183, 0, -1.4455, 7.0497, 0.95) / 12, 1.1593, 5e-5),
    (sharpe.minimum_track_record_length(2 / WEEK, 1 / WEEK, 0, 3, 0.95) / 52, 2.83, 5e-3),
    (sharpe.minimum_track_record_length(2 / MONTH, 1 / MONTH, 0, 3, 0.95) / 12, 3.24, 5e-3),
    (sharpe.minimum_track_record_length(2 / MONTH, 1 / MONTH, -0.72, 5.78, 0.95), 59.895, 5e-4),
]
BAILEY_2014 = [
    (deflated(46, -3, 10), 0.9505, 5e-5),
    (deflated(88, 0, 3), 0.9505, 5e-5),
    (sharpe.minimum_backtest_length(45, 1), 5, 5e-3),
    (sharpe.expected_maximum(45) / math.sqrt(5), 1, 5e-4),
]
# This paper divides by T, not by T - 1: its 24 months are 25 here, and the length is one more.
LOPEZ_DE_PRADO_2025 = [
    (sharpe.standard_error(0.036 / 0.079, 25, **HEDGE_FUND), 0.329, 5e-4),
    (sharpe.standard_error(0.036 / 0.079, 25, 0, 3), 0.214, 5e-4),
]
# How much a Sharpe ratio of a year keeps of the root of periods, for an autocorrelation of 0.1: in mlfinlab's tests.
LO_2002 = [
    (sharpe.annualization_factor(periods, 0.1) / math.sqrt(periods), kept, 5e-4)
    for periods, kept in ((360, 0.905), (52, 0.906), (12, 0.912), (4, 0.928), (1, 1.0))
]
IMPLEMENTATIONS = [
    # esvhd/pypbo
    (sharpe.expected_maximum(100), 2.5306028932016846, 1e-12),
    (sharpe.probabilistic_sharpe_ratio(1.585 / MONTH, 0, 24, **HEDGE_FUND), 0.91323430688486018, 1e-12),
    (deflated(100, -3, 10), 0.90039683444939034, 1e-12),
    (sharpe.minimum_track_record_length(2 / WEEK, 1 / WEEK, 0, 3, 0.95) / 52, 2.8288335869452368, 1e-12),
    (sharpe.minimum_track_record_length(3 / MONTH, 2.5 / MONTH, -0.72, 5.78, 0.95) / 12, 27.352920196040301, 1e-11),
    # mlfinlab
    (sharpe.probabilistic_sharpe_ratio(1.14, 1, 250, 0, 3), 0.95727, 1e-4),
    (sharpe.expected_maximum_sharpe(100, 0.4**2), 1.012241, 1e-4),
    (sharpe.deflated_sharpe_ratio(1.14, 250, 0, 3, 100, 0.4**2), 0.941740, 1e-4),
    # Bonferroni's p-value of 100 tests, for 1 a year over 120 months with an autocorrelation of 0.1.
    (
        100 * multiple_testing.haircut_sharpe(sharpe.annualization_factor(12, 0.1) / MONTH, 10, 120, 100).p_single,
        0.465,
        1e-2,
    ),
]


@pytest.mark.parametrize(
    ("figure", "published", "tolerance"),
    [*BAILEY_2012, *BAILEY_2014, *LOPEZ_DE_PRADO_2025, *LO_2002, *IMPLEMENTATIONS],
)
def test_a_figure_is_the_published_one(figure: float, published: float, tolerance: float) -> None:
    assert figure == pytest.approx(published, rel=0, abs=tolerance)


@pytest.mark.parametrize(
    ("formula", "parameters"),
    [
        (sharpe.standard_error, "sharpe observations skewness kurtosis"),
        (sharpe.probabilistic_sharpe_ratio, "sharpe benchmark observations skewness kurtosis"),
        (sharpe.minimum_track_record_length, "sharpe benchmark skewness kurtosis confidence"),
        (sharpe.expected_maximum, "trials"),
        (sharpe.deflated_sharpe_ratio, "sharpe observations skewness kurtosis trials variance_of_sharpes"),
        (sharpe.minimum_backtest_length, "trials target_annual_sharpe"),
        (multiple_testing.haircut_sharpe, "annual_sharpe years observations trials"),
        (multiple_testing.adjust_p_values, "p_values method"),
        (overfitting.probability_of_backtest_overfitting, "returns blocks score"),
        (walk_forward.efficiency, "in_sample out_of_sample"),
    ],
)
def test_a_formula_that_others_call_keeps_its_parameters(formula: Callable[..., Any], parameters: str) -> None:
    assert list(signature(formula).parameters) == parameters.split()
    assert formula.__doc__


def test_adjusted_p_values_are_those_of_multtest_in_r() -> None:
    """These are asserted by statsmodels: raw p-values, then Bonferroni, Holm, and Benjamini and Yekutieli."""
    raw = [0.001, 0.002, 0.003, 0.004, 0.005, 0.05, 0.06, 0.07, 0.08, 0.09]
    expected = {
        "bonferroni": [0.01, 0.02, 0.03, 0.04, 0.05, 0.5, 0.6, 0.7, 0.8, 0.9],
        "holm": [0.01, 0.018, 0.024, 0.028, 0.03, 0.25, 0.25, 0.25, 0.25, 0.25],
        "by": [
            *[0.02928968253968254] * 5,
            *[0.2440806878306878, 0.2510544217687075, 0.2562847222222222, 0.2603527336860670, 0.2636071428571428],
        ],
    }
    assert {method: pytest.approx(multiple_testing.adjust_p_values(raw, method)) for method in expected} == expected


def test_unsorted_p_values_are_those_of_multtest_in_r() -> None:
    raw = [
        *[0.838541367553, 0.642193923795, 0.680845947633, 0.967833824309, 0.71626938238, 0.177096952723],
        *[5.23656777208e-005, 0.0202732688798, 0.00028140506198, 0.0149877310796],
    ]
    last = {
        "bonferroni": [5.2365677720800005e-04, 2.0273268879799999e-01, 2.8140506197999998e-03, 1.4987731079600000e-01],
        "holm": [5.2365677720800005e-04, 1.4191288215860001e-01, 2.5326455578199999e-03, 1.1990184863680001e-01],
        "by": [1.5337740764175588e-03, 1.4844940238274187e-01, 4.1211324652269442e-03, 1.4632862843720582e-01],
    }
    for method, expected in last.items():
        assert multiple_testing.adjust_p_values(raw, method) == pytest.approx([1.0] * 6 + expected, rel=1e-12)
