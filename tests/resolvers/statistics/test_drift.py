"""Parameters over windows."""

import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.statistics.drift import Drift, measure_drift

VALUES = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=False), st.just("ema"))


def test_a_number_has_a_spread() -> None:
    [period] = measure_drift([{"period": value} for value in (10, 20, 20.0, 10, 40)])
    assert (period.name, period.values) == ("period", [10, 20, 20.0, 10, 40])
    assert (period.changes, period.distinct, period.mean) == (3, 3, 20)
    deviation = statistics.stdev([10, 20, 20, 10, 40])
    assert (period.standard_deviation, period.coefficient_of_variation) == pytest.approx((deviation, deviation / 20))


def test_what_is_no_number_is_only_counted() -> None:
    words, flags = measure_drift(
        [{"kind": "ema", "fast": True}, {"kind": "sma", "fast": 1}, {"kind": "sma", "fast": 1}]
    )
    assert words == Drift("kind", ["ema", "sma", "sma"], changes=1, distinct=2)
    assert flags == Drift("fast", [True, 1, 1], changes=1, distinct=2)
    [nested] = measure_drift([{"stop": {"at": 1, "of": 2}}, {"stop": {"of": 2, "at": 1}}])
    assert (nested.changes, nested.distinct) == (0, 1)


def test_a_window_without_a_value_is_passed_over() -> None:
    first, second = measure_drift([{"a": 1}, None, {}, {"a": 1, "b": 5}])
    assert first == Drift("a", [1, None, None, 1], 0, 1, 1.0, 0.0, 0.0)
    assert second == Drift("b", [None, None, None, 5], 0, 1, 5.0, None, None)
    assert measure_drift([None, {}]) == []


def test_a_constant_has_no_spread_of_rounding_and_zero_no_relative_one() -> None:
    [same] = measure_drift([{"x": 0.1}] * 7)
    assert (same.mean, same.standard_deviation) == (0.1, 0.0)
    [around] = measure_drift([{"x": -1}, {"x": 1}])
    assert (around.mean, around.coefficient_of_variation) == (0.0, None)


@given(st.lists(st.one_of(st.none(), st.dictionaries(st.sampled_from("abc"), VALUES)), max_size=8))
def test_counts_and_values_agree_for_any_parameters(chosen: list[dict[str, Any] | None]) -> None:
    for drift in measure_drift(chosen):
        known = [value for value in drift.values if value is not None]
        assert len(drift.values) == len(chosen)
        assert max(0, drift.distinct - 1) <= drift.changes <= max(0, len(known) - 1)
        assert drift.distinct <= len(known)
        assert drift.mean is None or all(type(value) in {int, float} for value in known)
