"""Haircuts and adjusted p-values where numbers are large, small or spelled otherwise."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import stdtrit
from scipy.stats import false_discovery_control

from resolvers.statistics.multiple_testing import Adjustment, adjust_for_trials, adjust_p_values, haircut_sharpe


def test_what_is_left_is_a_number() -> None:
    found = haircut_sharpe(annual_sharpe=0.75, years=20, observations=math.inf, trials=200)
    assert found == pytest.approx(0.3241, abs=5e-5)
    assert (round(found.p_single, 6), round(found.p_multi, 4), round(found.haircut, 3)) == (0.000796, 0.1473, 0.568)
    assert haircut_sharpe(np.float64(0.75), np.int64(20).item(), math.inf, np.float32(200).item()) == found
    assert json.dumps([found]) == f"[{float(found)}]"


@pytest.mark.parametrize("freedom", [5, 30, 119, 593, 5039, 25199, 1e6])
@pytest.mark.parametrize("trials", [1.5, 10, 1e6, 1e12])
def test_large_ratios_lose_what_smaller_ones_lead_up_to(freedom: float, trials: float) -> None:
    # These p-values are near the least that scipy takes the inverse of.
    for p_value in (1e-190, 1e-199, 1e-202, 1e-215):
        size = -float(stdtrit(freedom, p_value / 2))
        exact = -float(stdtrit(freedom, trials * p_value / 2)) / size
        found = haircut_sharpe(size, 1, freedom + 1, trials)
        assert found.haircut == pytest.approx(1 - exact, rel=1e-4)


@pytest.mark.parametrize("observations", [500, 2521, 25_200, 10**9, math.inf])
@pytest.mark.parametrize("ratio", [40, 60, 1e6, 1e100])
def test_p_values_below_the_least_number_leave_almost_all(observations: float, ratio: float) -> None:
    few, many = (haircut_sharpe(ratio, 1, observations, trials) for trials in (10, 1e6))
    assert 0.9 * ratio < many < few < ratio or ratio * (1 - 1e-12) < many <= few <= ratio
    assert 0 <= few.p_single <= few.p_multi < 1e-100
    assert haircut_sharpe(-ratio, 1, observations, 10) == -few


def test_one_trial_takes_nothing() -> None:
    for ratio in (0.01, 1.0, 3.7, 40.0, 1e6):
        found = haircut_sharpe(ratio, 10, 2520, 1)
        assert found == pytest.approx(ratio, rel=1e-9)
        assert 0 <= found.haircut < 1e-9


def test_no_ratio_has_no_share_to_lose() -> None:
    found = haircut_sharpe(0, 1, 252, 10)
    assert (found, found.p_single, found.p_multi) == (0.0, 1.0, 1.0)
    assert math.isnan(found.haircut)


@pytest.mark.parametrize(
    "numbers",
    [
        *((ratio, 5, 60, 10) for ratio in (math.nan, math.inf)),
        *((1.0, years, 60, 10) for years in (0, -1, math.nan, math.inf)),
        *((1.0, 5, observations, 10) for observations in (1, 0, math.nan)),
        *((1.0, 5, 60, trials) for trials in (0, 0.5, math.nan, math.inf)),
    ],
)
def test_an_undefined_haircut_is_not_a_number(numbers: Any) -> None:
    found = haircut_sharpe(*numbers)
    assert all(map(math.isnan, (found, found.p_single, found.p_multi, found.haircut)))


def test_small_p_values_of_many_trials_keep_their_digits() -> None:
    assert adjust_for_trials(1e-20, 1_000_000) == pytest.approx(1e-14, rel=1e-12)
    assert (adjust_for_trials(0, 1e9), adjust_for_trials(1, 3)) == (0.0, 1.0)
    assert adjust_for_trials(0.3, 1) == pytest.approx(0.3)
    assert all(math.isnan(adjust_for_trials(*each)) for each in ((math.nan, 3), (-0.1, 3), (1.1, 3), (0.1, 0.5)))


@pytest.mark.parametrize(
    ("method", "spellings"),
    [
        (Adjustment.BONFERRONI, "bonferroni Bonferroni BONFERRONI bonf b"),
        (Adjustment.HOLM, "holm Holm HOLM Holm-Bonferroni holm_bonferroni h"),
        (Adjustment.BHY_HARVEY_LIU, "bhy BHY bhy_harvey_liu BHY-Harvey-Liu Benjamini-Hochberg-Yekutieli"),
        (Adjustment.BY_STANDARD, "by BY by_standard fdr_by benjamini_yekutieli Benjamini-Yekutieli"),
    ],
)
def test_a_method_has_the_names_that_others_give_it(method: Adjustment, spellings: str) -> None:
    p_values = [0.005, 0.009, 0.0128, 0.0135, 0.045, 0.06]
    for spelling in spellings.split():
        assert adjust_p_values(p_values, spelling) == adjust_p_values(p_values, method)
    assert adjust_p_values(p_values=p_values, method=" benjamini yekutieli ") == adjust_p_values(p_values, "by")


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_standard_one_is_that_of_scipy(p_values: list[float]) -> None:
    assert adjust_p_values(p_values, "by") == pytest.approx(false_discovery_control(p_values, method="by"), rel=1e-12)


@pytest.mark.parametrize("method", Adjustment)
def test_p_values_may_be_few_or_arrays(method: Adjustment) -> None:
    assert adjust_p_values([], method) == []
    assert adjust_p_values(0.25, method) == adjust_p_values([0.25], method) == [0.25]
    assert adjust_p_values(np.array([0.0, 1.0, 0.0]), method) == [0.0, 1.0, 0.0]
    assert adjust_p_values((0, 1), method) == [0.0, 1.0]


@pytest.mark.parametrize("p_values", [[math.nan], [0.1, math.nan], [-1e-9], [1.1], [[0.1, 0.2]]])
def test_what_is_no_list_of_p_values_is_refused(p_values: Any) -> None:
    with pytest.raises(ValueError, match="p-value"):
        adjust_p_values(p_values, "holm")
