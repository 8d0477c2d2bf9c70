"""Runs side by side, from rows and curves."""

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID, uuid4

import numpy as np
import pytest

from resolvers.comparisons import (
    MOST_POINTS,
    check_points,
    correlate_curves,
    find_different_parameters,
    parse_run_ids,
    plot_curves,
    rank_metric,
    span_of,
)
from resolvers.errors import BadUserInput
from resolvers.series import Curve
from resolvers.store.database import Row
from resolvers.store.metrics import METRICS

LOWER = {"max_drawdown_duration", "volatility", "downside_volatility", "losing_trades"}


def rows(*given: Mapping[str, Any]) -> list[Row]:
    return cast("list[Row]", list(given))


def different(*parameters: Mapping[str, Any]) -> dict[str, list[Any]]:
    return find_different_parameters(rows(*({"parameters": each} for each in parameters)))


def nested(depth: int, value: object) -> object:
    for _ in range(depth):
        value = {"in": value}
    return value


def test_ids_are_taken_once_in_the_order_given() -> None:
    first, second = uuid4(), uuid4()
    assert parse_run_ids([str(second), str(first), str(second).upper()]) == [second, first]


@pytest.mark.parametrize("count", [0, 201])
def test_none_and_too_many_ids_are_refused_with_the_figures(count: int) -> None:
    with pytest.raises(BadUserInput, match=f"ids names {count} runs: 1 to 200 can be compared"):
        parse_run_ids([str(UUID(int=number)) for number in range(count)])


def test_two_hundred_ids_however_often_are_taken() -> None:
    assert len(parse_run_ids([str(UUID(int=number)) for number in range(200)] * 2)) == 200


def test_a_malformed_id_is_refused() -> None:
    with pytest.raises(BadUserInput, match="'nonsense' is not an id"):
        parse_run_ids([str(uuid4()), "nonsense"])


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_each_metric_is_ranked_in_its_direction(metric: Any) -> None:
    ranked = rank_metric(rows({metric.name: -3}, {metric.name: -1}, {metric.name: -2}), metric.name)
    assert ranked.higher_is_better is (metric.name not in LOWER)
    best_first = [0, 2, 1] if metric.name in LOWER else [1, 2, 0]
    assert ranked.values == [(position, [-3, -1, -2][position], rank) for rank, position in enumerate(best_first, 1)]


def test_only_parameters_that_differ_are_named_in_order_of_appearance() -> None:
    found = different({"z": 1, "same": "x", "b": 1}, {"z": 2, "same": "x", "b": 1, "a": None}, {"b": "1", "same": "x"})
    assert list(found.items()) == [("z", [1, 2, None]), ("b", [1, 1, "1"])]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (10, 10.0),
        (-0.0, 0),
        ({"a": [1, {"b": 2}], "c": None}, {"c": None, "a": [1.0, {"b": 2.0}]}),
        ([], []),
        (nested(250, 1), nested(250, 1.0)),
    ],
)
def test_equal_values_are_no_difference(first: object, second: object) -> None:
    assert different({"p": first}, {"p": second}) == {}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        ([1], [True]),
        ([1, 2], [2, 1]),
        ([], {}),
        ([], None),
        ({}, None),
        ("", None),
        ({"a": None}, {}),
        ({"a": 1}, [["a", 1]]),
        (nested(250, 1), nested(250, 2)),
    ],
)
def test_other_values_are_a_difference(first: object, second: object) -> None:
    assert different({"p": first}, {"p": second}) == {"p": [first, second]}


def test_a_missing_parameter_equals_a_null() -> None:
    assert different({"p": None}, {}) == {}
    assert different({"p": None}, {}, {"p": 0}) == {"p": [None, None, 0]}


def test_a_single_run_differs_in_nothing() -> None:
    assert different({"p": 1, "q": [1, 2]}) == {}
    assert different() == {}


def test_too_many_points_are_refused_before_they_are_loaded() -> None:
    check_points(rows({"data_points": MOST_POINTS - 1}, {"data_points": 1}))
    with pytest.raises(BadUserInput, match=f"have {MOST_POINTS + 1} points"):
        check_points(rows({"data_points": MOST_POINTS}, {"data_points": 1}))


CURVES = [None, Curve(np.array([1, 2, 4]), np.array([2.0, 3.0, 5.0])), Curve(np.array([0, 1, 2, 4]), np.arange(4.0))]


async def test_runs_without_a_curve_are_left_out_of_a_plot_and_null_in_the_matrix() -> None:
    plotted = await plot_curves(CURVES, most=None, normalized=True)
    assert (plotted.times.tolist(), plotted.positions, plotted.downsampled) == ([1, 2, 4], [1, 2], False)
    assert plotted.values.tolist() == [[1, 1.5, 2.5], [1, 2, 3]]
    matrix = await correlate_curves(CURVES)
    assert np.isnan(matrix[0]).all()
    assert np.isnan(matrix[:, 0]).all()
    assert matrix[1:, 1:] == pytest.approx(np.array([[1, -1], [-1, 1]]))


async def test_no_curves_at_all_give_nothing_and_no_error() -> None:
    for curves in ([], [None, None]):
        plotted = await plot_curves(curves, most=4, normalized=True)
        assert (plotted.times.tolist(), plotted.values.shape, plotted.positions) == ([], (0, 0), [])
        assert np.isnan(await correlate_curves(curves)).all()
        assert span_of(curves) is None


async def test_a_plot_needs_four_points() -> None:
    with pytest.raises(BadUserInput, match="maxPoints is 3: at least 4"):
        await plot_curves([], most=3, normalized=True)


def test_the_span_is_that_of_all_curves() -> None:
    assert span_of(CURVES) == (0, 4)
