from typing import Any

import numpy as np
import pytest

from resolvers.importers.drafts import BacktestDraft, DocumentError, SeriesDraft
from resolvers.importers.registry import extract_backtest
from tests.resolvers.importers.vectorbt_engine.documents import inside, problems, run

DAYS = ["2024-01-02", "2024-01-03", "2024-01-04"]
VALUES = [100.0, 0.1 + 0.2, -0.0]
SPELLINGS: dict[str, Any] = {
    "times": dict(zip(DAYS, VALUES, strict=True)),
    "pairs": [list(pair) for pair in zip(DAYS, VALUES, strict=True)],
    "objects": [{"date": day, "equity": value} for day, value in zip(DAYS, VALUES, strict=True)],
    "other_objects": [{"value": value, "timestamp": day} for day, value in zip(DAYS, VALUES, strict=True)],
}
PLACES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "times": (("2024-01-03",), ("2024-01-03",)),
    "pairs": (("1", "0"), ("1", "1")),
    "objects": (("1", "date"), ("1", "equity")),
    "other_objects": (("1", "timestamp"), ("1", "value")),
}


def read(curve: Any) -> tuple[BacktestDraft, SeriesDraft]:
    draft = extract_backtest(run(equity_curve=curve))
    assert draft.equity_curve is not None
    return draft, draft.equity_curve


def refusals(curve: Any) -> list[tuple[str, ...]]:
    with pytest.raises(DocumentError) as refused:
        extract_backtest(run(equity_curve=curve))
    return [path[1:] for path in problems(refused.value) if path[0] == "equity_curve"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_curve_is_read_in_each_spelling(spelling: str) -> None:
    draft, curve = read(SPELLINGS[spelling])
    assert curve.times is not None
    assert curve.times.astype("M8[us]").astype("M8[D]").astype(str).tolist() == DAYS
    assert curve.values.values.tobytes() == np.array(VALUES).tobytes()
    assert draft.notices == []
    times, values = PLACES[spelling]
    root = ("input", "document", "equity_curve")
    assert draft.places.of_point("equityCurve", 1, "times") == (*root, *times)
    assert draft.places.of_point("equityCurve", 1, "values") == (*root, *values)


@pytest.mark.parametrize("curve", [VALUES, {"0": 100.0, "1": 0.1 + 0.2, "2": -0.0}])
def test_values_alone_have_no_times(curve: Any) -> None:
    draft, read_curve = read(curve)
    assert read_curve.times is None
    assert read_curve.values.values.tobytes() == np.array(VALUES).tobytes()
    assert draft.places.of_point("equityCurve", 1, "values") == ("input", "document", "equity_curve", "1")


@pytest.mark.parametrize("curve", [None, {}, [], ""])
def test_a_curve_without_points_is_none(curve: Any) -> None:
    assert extract_backtest(run(equity_curve=curve)).equity_curve is None


@pytest.mark.parametrize("word", ["drawdown_series", "drawdown_curve"])
def test_a_drawdown_of_either_dialect_is_read(word: str) -> None:
    draft = extract_backtest(run(equity_curve=SPELLINGS["times"], **{word: {DAYS[0]: -0.5}}))
    assert draft.drawdown_curve is not None
    assert draft.drawdown_curve.values.values.tolist() == [-0.5]
    assert draft.places.of_point("drawdownCurve", 0, "values") == ("input", "document", word, DAYS[0])


def test_curves_over_the_same_times_share_them() -> None:
    draft = extract_backtest(run(equity_curve=SPELLINGS["times"], drawdown_series=dict.fromkeys(DAYS, 0.0)))
    assert draft.equity_curve is not None
    assert draft.drawdown_curve is not None
    assert draft.drawdown_curve.times is draft.equity_curve.times


def test_null_is_told_from_what_is_not_finite() -> None:
    _, curve = read([1.0, None, "NaN", 2])
    assert np.isnan(curve.values.values).tolist() == [False, True, True, False]
    assert curve.values.non_finite.tolist() == [2]


def test_further_columns_of_points_are_kept_and_told() -> None:
    draft, curve = read([{"date": DAYS[0], "equity": 1.0, "cash": 5}, {"date": DAYS[1], "equity": 2.0}])
    assert curve.values.values.tolist() == [1.0, 2.0]
    assert draft.other_metrics == {"equity_curve": {"cash": [5, None]}}
    assert inside(draft.notices) == [("equity_curve", "0", "cash")]


@pytest.mark.parametrize(
    ("curve", "places"),
    [
        ("x", [()]),
        (7, [()]),
        ({DAYS[0]: "x", DAYS[1]: 1.0}, [(DAYS[0],)]),
        ({"soon": 1.0, DAYS[1]: True}, [(DAYS[1],), ("soon",)]),
        ([1.0, "x"], [("1",)]),
        ([[DAYS[0], 1.0], [DAYS[1]], 5], [("1",), ("2",)]),
        ([["x", 1.0], [DAYS[1], "y"]], [("1", "1"), ("0", "0")]),
        ([{"date": DAYS[0], "equity": 1.0}, 5], [("1",)]),
        ([{"date": None, "equity": 1.0}], [("0", "date")]),
    ],
)
def test_what_is_wrong_with_a_curve_is_told_with_its_place(curve: Any, places: list[tuple[str, ...]]) -> None:
    assert refusals(curve) == places


def test_points_without_a_value_are_refused() -> None:
    assert ("0",) in refusals([{"date": DAYS[0], "price": 1.0}])
    assert ("0",) in refusals([{"when": DAYS[0], "equity": 1.0}])


def test_a_year_of_minutes_is_read_whole() -> None:
    minutes = np.datetime64("2023-01-01", "m") + np.arange(525_600)
    keys = [text.replace("T", " ") + ":00" for text in minutes.astype(str).tolist()]
    values = np.random.default_rng(7).random(len(keys)).tolist()
    curve = dict(zip(keys, values, strict=True))
    draft = extract_backtest(run(equity_curve=curve, drawdown_series=dict(curve)))
    for series in (draft.equity_curve, draft.drawdown_curve):
        assert series is not None
        assert series.times is not None
        assert np.array_equal(series.times, minutes.astype("M8[us]").astype(np.int64))
        assert series.values.values.tolist() == values
