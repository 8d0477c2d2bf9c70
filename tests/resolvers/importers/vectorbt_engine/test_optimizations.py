import math
from typing import Any

import pytest

from resolvers.importers.drafts import DocumentError, TrialDraft
from resolvers.importers.registry import extract_optimization
from tests.resolvers.importers.vectorbt_engine.documents import inside, problems, sweep


def trial(row: dict[str, Any], **changes: Any) -> TrialDraft:
    return extract_optimization(sweep({"parameters": {}, **row}, **changes)).trials[0]


def refusals(document: Any) -> list[tuple[str, ...]]:
    with pytest.raises(DocumentError) as refused:
        extract_optimization(document)
    return list(problems(refused.value))


@pytest.mark.parametrize("word", ["optimization_metric", "objective", "metric"])
def test_the_objective_is_read_in_each_dialect(word: str) -> None:
    draft = extract_optimization(sweep(**{"optimization_metric": None, word: "calmar_ratio"}))
    assert (draft.objective, draft.notices) == ("calmar_ratio", [])
    assert draft.places.of("objective") == ("input", "document", word)


def test_a_missing_objective_is_assumed_with_a_notice() -> None:
    draft = extract_optimization(sweep(optimization_metric=None))
    assert draft.objective == "sharpe_ratio"
    assert [notice.code for notice in draft.notices] == ["ASSUMED"]


@pytest.mark.parametrize("word", ["top_results", "results", "trials"])
@pytest.mark.parametrize("total", ["total_combinations_tested", "combinations_tested"])
def test_rows_and_their_total_are_read_in_each_dialect(word: str, total: str) -> None:
    document = {"objective": "x", word: [{"parameters": {"n": 1}, "max_drawdown": -0.5}], total: 640.0}
    draft = extract_optimization(document)
    assert (draft.combinations_tested, len(draft.trials), draft.notices) == (640, 1, [])
    assert draft.places.of("combinationsTested")[-1] == total
    assert draft.places.of_row("trials", 0, "maxDrawdown")[2:] == (word, "0", "max_drawdown")


def test_a_metric_with_a_column_is_the_objective_s_value_too() -> None:
    found = trial({"sharpe_ratio": 1.5, "total_trades": 3})
    assert (found.objective_value, found.sharpe_ratio, found.total_trades, found.other_metrics) == (1.5, 1.5, 3, None)


@pytest.mark.parametrize(
    ("objective", "word"),
    [("my_score", "my_score"), ("annualized_return", "annual_return"), ("annual_return", "annualized_return")],
)
def test_a_value_under_the_objective_s_own_name_is_its_value(objective: str, word: str) -> None:
    draft = extract_optimization(sweep({"parameters": {}, word: 7}, optimization_metric=objective))
    assert draft.trials[0].objective_value == 7.0
    assert (draft.trials[0].other_metrics, draft.notices) == (None, [])
    assert draft.places.of_row("trials", 0, "objectiveValue")[-1] == word


def test_an_objective_value_does_not_push_out_the_metric() -> None:
    found = trial({"objective_value": -2.0, "calmar_ratio": 2.0}, optimization_metric="calmar_ratio")
    assert (found.objective_value, found.other_metrics) == (-2.0, {"calmar_ratio": 2.0})


def test_an_integer_objective_is_a_float_value() -> None:
    value = trial({"total_trades": 12}, optimization_metric="total_trades").objective_value
    assert (value, type(value)) == (12.0, float)


def test_values_that_are_not_finite_are_left_to_the_checks() -> None:
    found = trial({"sharpe_ratio": "NaN", "profit_factor": math.inf})
    assert math.isnan(found.objective_value or 0.0)
    assert found.profit_factor == math.inf


def test_other_metrics_of_a_row_are_kept_and_unknown_ones_told_once() -> None:
    row = {"parameters": {}, "sortino_ratio": 2.0, "fold": 7}
    draft = extract_optimization(sweep(row, {**row, "fold": 8}))
    assert [one.other_metrics for one in draft.trials] == [
        {"sortino_ratio": 2.0, "fold": 7},
        {"sortino_ratio": 2.0, "fold": 8},
    ]
    assert inside(draft.notices) == [("top_results", "0", "fold")]


def test_the_best_of_the_document_is_kept_only_where_it_differs() -> None:
    rows = (
        {"parameters": {"n": 1}, "sharpe_ratio": 1.0, "rank": 2},
        {"parameters": {"n": 2}, "sharpe_ratio": 2.0, "rank": 1},
    )
    same = extract_optimization(sweep(*rows, best_parameters={"n": 2}, best_metric_value=2.0, valid_combinations=9))
    assert (same.other_metrics, same.best_parameters) == ({"valid_combinations": 9}, {"n": 2})
    other = extract_optimization(sweep(*rows, best_parameters={"n": 3}, best_metric_value=3.0))
    assert other.other_metrics == {"best_parameters": {"n": 3}, "best_metric_value": 3.0}


def test_a_sweep_without_a_row_keeps_its_best() -> None:
    draft = extract_optimization(sweep(best_parameters={}, best_metric_value=0.0))
    assert (draft.trials, draft.other_metrics) == ([], {"best_parameters": {}, "best_metric_value": 0.0})


def test_what_is_wrong_is_told_with_its_place() -> None:
    document = sweep(
        5,
        {"parameters": [1], "sharpe_ratio": "x"},
        {"sharpe_ratio": 1.0, "rank": 1.5, "is_statistically_significant": "yes"},
        symbol=7,
        total_combinations_tested="many",
        best_parameters=3,
    )
    assert set(refusals(document)) == {
        ("symbol",),
        ("total_combinations_tested",),
        ("best_parameters",),
        ("top_results", "0"),
        ("top_results", "1", "parameters"),
        ("top_results", "1", "sharpe_ratio"),
        ("top_results", "2", "parameters"),
        ("top_results", "2", "rank"),
        ("top_results", "2", "is_statistically_significant"),
    }


def test_a_sweep_needs_its_rows() -> None:
    assert refusals(sweep(top_results=None)) == [("top_results",)]
    assert refusals(sweep(top_results={"0": {}})) == [("top_results",)]


@pytest.mark.parametrize("objective", ["parameters", "rank", "other"])
def test_an_objective_may_bear_any_name(objective: str) -> None:
    draft = sweep({"parameters": {"n": 1}, "rank": 1}, optimization_metric=objective)
    if objective == "parameters":
        assert refusals(draft) == [("top_results", "0", "parameters")]
    else:
        assert extract_optimization(draft).trials[0].objective_value == (1.0 if objective == "rank" else None)
