from typing import Any

import pytest

from resolvers.importers.drafts import DocumentError, WindowDraft
from resolvers.importers.registry import extract_walk_forward
from tests.resolvers.importers.vectorbt_engine.documents import analysis, inside, problems, window


def read(row: dict[str, Any]) -> WindowDraft:
    return extract_walk_forward(analysis(row)).windows[0]


def refusals(document: Any) -> list[tuple[str, ...]]:
    with pytest.raises(DocumentError) as refused:
        extract_walk_forward(document)
    return list(problems(refused.value))


@pytest.mark.parametrize(
    "period",
    [
        "2024-01-01 to 2024-03-31",
        "2024-01-01 00:00:00 to 2024-03-31 00:00:00",
        " 2024-01-01T00:00:00Z  TO  2024-03-31 ",
    ],
)
def test_a_period_is_the_test_period(period: str) -> None:
    found = read(window(period=period))
    assert (str(found.test_period_start), str(found.test_period_end)) == ("2024-01-01", "2024-03-31")
    assert (found.training_start, found.training_end, found.other_metrics) == (None, None, None)


def test_a_period_with_times_of_day_is_kept_in_its_words() -> None:
    period = "2024-01-01 09:30:00 to 2024-03-31"
    assert read(window(period=period)).other_metrics == {"period": period}


def test_dates_and_a_period_that_agree_say_one_thing() -> None:
    draft = extract_walk_forward([window(test_period_start="2024-01-01", test_period_end="2024-03-31 00:00:00")])
    assert (draft.windows[0].other_metrics, draft.notices) == (None, [])


def test_the_period_wins_over_other_dates_which_are_kept() -> None:
    draft = extract_walk_forward([window(test_period_end="2024-04-01")])
    assert str(draft.windows[0].test_period_end) == "2024-03-31"
    assert draft.windows[0].other_metrics == {"test_period_end": "2024-04-01"}
    assert [(notice.code, *notice.path[2:]) for notice in draft.notices] == [("ASSUMED", "0", "test_period_end")]


@pytest.mark.parametrize(
    ("word", "column", "value"),
    [
        ("window_size_months", "window_size_months", 24),
        ("step_size_months", "step_size_months", 6),
        ("parameters", "optimal_parameters", {"n": 9}),
        ("optimal_parameters", "optimal_parameters", {"n": 9}),
        ("in_sample_return", "training_performance", 0.5),
        ("training_performance", "training_performance", 0.5),
        ("in_sample_sharpe", "training_sharpe", 0.5),
        ("training_sharpe", "training_sharpe", 0.5),
        ("out_sample_return", "out_of_sample_return", -0.0),
        ("out_of_sample_return", "out_of_sample_return", 0.5),
        ("out_sample_sharpe", "out_of_sample_sharpe", 0.5),
        ("out_of_sample_sharpe", "out_of_sample_sharpe", 0.5),
        ("out_sample_drawdown", "out_of_sample_drawdown", -0.5),
        ("out_of_sample_drawdown", "out_of_sample_drawdown", -0.5),
        ("out_sample_trades", "out_of_sample_trades", 0),
        ("out_of_sample_trades", "out_of_sample_trades", 3),
        ("performance_ratio", "performance_ratio", 0.5),
        ("degradation_factor", "degradation_factor", 0.5),
        ("is_profitable", "is_profitable", False),
        ("is_statistically_significant", "is_statistically_significant", True),
    ],
)
def test_a_value_of_either_dialect_goes_to_its_column(word: str, column: str, value: Any) -> None:
    draft = extract_walk_forward([{"period": "2024-01-01 to 2024-03-31", word: value}])
    assert getattr(draft.windows[0], column) == value
    assert (draft.windows[0].other_metrics, draft.notices) == (None, [])
    first, *rest = column.split("_")
    name = first + "".join(map(str.capitalize, rest))
    assert draft.places.of_row("tests", 0, name) == ("input", "document", "0", word)


@pytest.mark.parametrize("word", ["walk_forward_results", "windows"])
def test_windows_are_found_in_either_dialect(word: str) -> None:
    draft = extract_walk_forward({"symbol": "GOOG", "strategy": "rsi", word: [window()]})
    assert (draft.symbol, draft.strategy, len(draft.windows)) == ("GOOG", "rsi", 1)
    assert draft.places.of_row("tests", 0, "testPeriodStart")[2:] == (word, "0", "period")


def test_an_analysis_may_have_no_window() -> None:
    assert extract_walk_forward(analysis()).windows == []


def test_what_the_engine_derived_is_left_to_the_stored_document() -> None:
    derived = {"periods_tested": 1, "average_return": 0.1, "consistency": 1.0, "summary": {"best": 1}}
    draft = extract_walk_forward(analysis(window(), **derived))
    assert draft.notices == []
    assert draft.source is not None
    assert draft.source.document["summary"] == {"best": 1}


def test_unknown_words_are_told() -> None:
    draft = extract_walk_forward(analysis(window(), window(regime="bull"), window(regime="bear"), author="ada"))
    assert [one.other_metrics for one in draft.windows] == [None, {"regime": "bull"}, {"regime": "bear"}]
    assert sorted(inside(draft.notices)) == [("author",), ("walk_forward_results", "1", "regime")]


def test_what_is_wrong_is_told_with_its_place() -> None:
    document = analysis(
        5,
        window(period="2024-01-01"),
        window(period="a to b"),
        window(period=None),
        window(period=None, test_period_start="2024-01-01", test_period_end="x"),
        window(out_sample_return="x", parameters=5, is_profitable=2, window_size_months=1.5, training_start=7),
        strategy=[],
    )
    rows = "walk_forward_results"
    assert set(refusals(document)) == {
        ("strategy",),
        (rows, "0"),
        (rows, "1", "period"),
        (rows, "2", "period"),
        (rows, "3", "test_period_start"),
        (rows, "3", "test_period_end"),
        (rows, "4", "test_period_end"),
        (rows, "5", "out_sample_return"),
        (rows, "5", "parameters"),
        (rows, "5", "is_profitable"),
        (rows, "5", "window_size_months"),
        (rows, "5", "training_start"),
    }


def test_an_analysis_needs_its_windows() -> None:
    assert refusals({"periods_tested": 3}) == [("walk_forward_results",)]
    assert refusals({"windows": {}}) == [("windows",)]
