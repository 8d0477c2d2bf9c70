import math
from typing import Any

import pytest

from resolvers.importers.drafts import DocumentError
from resolvers.importers.registry import extract_backtest
from resolvers.importers.vectorbt_engine.words import METRICS
from tests.resolvers.importers.vectorbt_engine.documents import inside, problems, run, trade


@pytest.mark.parametrize(
    ("word", "column"), [(word, column) for column, field in METRICS.items() for word in field.words]
)
def test_a_metric_of_either_dialect_goes_to_its_column(word: str, column: str) -> None:
    draft = extract_backtest(run(metrics={word: 2}))
    assert (draft.metrics, draft.other_metrics, draft.notices) == ({column: 2}, None, [])
    first, *rest = column.split("_")
    name = f"metrics.{first}{''.join(map(str.capitalize, rest))}"
    assert draft.places.of(name) == ("input", "document", "metrics", word)


def test_zero_is_a_value() -> None:
    assert extract_backtest(run(metrics={"total_return": 0.0, "total_trades": 0})).metrics == {
        "total_return": 0.0,
        "total_trades": 0,
    }


def test_null_and_blank_are_no_values_and_the_other_dialect_then_speaks() -> None:
    draft = extract_backtest(
        run(metrics={"annual_return": None, "annualized_return": 0.2, "avg_win": "", "beta": None})
    )
    assert (draft.metrics, draft.other_metrics, draft.notices) == ({"annualized_return": 0.2}, None, [])


def test_of_two_words_the_engine_s_own_wins_and_the_other_is_kept() -> None:
    draft = extract_backtest(run(metrics={"annualized_return": 0.2, "annual_return": 0.1}))
    assert draft.metrics == {"annualized_return": 0.1}
    assert draft.other_metrics == {"annualized_return": 0.2}
    assert [(notice.code, *notice.path[2:]) for notice in draft.notices] == [
        ("ASSUMED", "metrics", "annualized_return")
    ]


def test_two_words_with_one_value_are_one_value() -> None:
    draft = extract_backtest(run(metrics={"annualized_return": 0.1, "annual_return": 0.1}))
    assert (draft.other_metrics, draft.notices) == (None, [])


@pytest.mark.parametrize("value", [math.nan, math.inf, "NaN", "Infinity"])
def test_a_metric_that_is_not_finite_is_left_to_the_checks(value: Any) -> None:
    metrics = extract_backtest(run(metrics={"profit_factor": value})).metrics
    assert not math.isfinite(metrics["profit_factor"] or 0.0)


def test_counts_may_be_written_as_floats() -> None:
    count = extract_backtest(run(metrics={"total_trades": 36.0})).metrics["total_trades"]
    assert (count, type(count)) == (36, int)


def test_a_count_that_is_not_finite_is_no_count() -> None:
    draft = extract_backtest(run(metrics={"total_trades": math.nan}))
    assert draft.metrics == {}
    assert [(notice.code, *notice.path[2:]) for notice in draft.notices] == [("NON_FINITE", "metrics", "total_trades")]


def test_extras_of_the_engine_are_kept_without_a_word() -> None:
    extras = {"expectancy": 1.5, "avg_duration": 3.0, "kelly_criterion": 0.1, "chunks_processed": 4}
    draft = extract_backtest(run(metrics=extras, memory_stats={"mb": 3}, processing_method="chunked"))
    assert draft.other_metrics == {**extras, "memory_stats": {"mb": 3}, "processing_method": "chunked"}
    assert draft.notices == []


def test_unknown_words_are_kept_and_told() -> None:
    draft = extract_backtest(run(metrics={"ulcer_index": 0.1}, author={"name": "ada"}))
    assert draft.other_metrics == {"ulcer_index": 0.1, "author": {"name": "ada"}}
    assert {notice.code for notice in draft.notices} == {"UNKNOWN_FIELD"}
    assert sorted(inside(draft.notices)) == [("author",), ("metrics", "ulcer_index")]


def test_a_word_of_the_document_never_hides_a_metric() -> None:
    document = run(metrics={"ulcer_index": 0.1, "document": 1}, ulcer_index=0.2, sharpe_ratio=3.0)
    draft = extract_backtest(document)
    assert draft.metrics == {}
    assert draft.other_metrics == {
        "ulcer_index": 0.1,
        "document": 1,
        "document_": {"ulcer_index": 0.2, "sharpe_ratio": 3.0},
    }


def test_many_unknown_words_are_all_kept_and_the_first_hundred_told() -> None:
    words = {f"word_{number}": number for number in range(250)}
    draft = extract_backtest(run(metrics=words))
    assert draft.other_metrics == words
    assert len(draft.notices) == 101
    assert draft.notices[-1].message.startswith("150 more ")


def test_an_id_of_the_document_is_only_kept() -> None:
    draft = extract_backtest(run(id="01890a5d-ac96-774b-bcce-b302099a8057"))
    assert draft.id is None
    assert draft.other_metrics == {"id": "01890a5d-ac96-774b-bcce-b302099a8057"}


@pytest.mark.parametrize("column", ["symbol", "strategy"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_run_needs_symbol_and_strategy(column: str, value: Any) -> None:
    with pytest.raises(DocumentError) as refused:
        extract_backtest(run(**{column: value}))
    assert problems(refused.value) == {(column,): f"A run needs its {column}."}


def test_a_missing_capital_is_assumed_with_a_notice() -> None:
    draft = extract_backtest(run(initial_capital=None))
    assert draft.initial_capital == 10_000.0
    assert [(notice.code, *notice.path[2:]) for notice in draft.notices] == [("ASSUMED", "initial_capital")]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({}, "COMPLETED", None),
        ({"status": "completed"}, "COMPLETED", None),
        ({"status": "In Progress"}, "IN_PROGRESS", None),
        ({"status": "FAILED"}, "FAILED", None),
        ({"error": "no data"}, "FAILED", "no data"),
        ({"error_message": "no data"}, "FAILED", "no data"),
        ({"error": "", "error_message": "no data"}, "FAILED", "no data"),
        ({"error": None}, "COMPLETED", None),
        ({"status": "completed", "error": "late bar"}, "COMPLETED", "late bar"),
    ],
)
def test_status_is_what_the_document_says(changes: Any, status: str, message: str | None) -> None:
    draft = extract_backtest(run(**changes))
    assert (draft.status, draft.error_message) == (status, message)


def test_costs_are_read_at_the_top_only() -> None:
    draft = extract_backtest(run(fees=0.001, slippage=0.0, parameters={"fees": 0.5}))
    assert (draft.fees, draft.slippage, draft.parameters) == (0.001, 0.0, {"fees": 0.5})


def test_a_time_of_day_that_a_date_cannot_hold_is_kept() -> None:
    draft = extract_backtest(run(start_date="2024-01-01 09:30:00", end_date="2024-01-31 00:00:00"))
    assert str(draft.start_date) == "2024-01-01"
    assert draft.other_metrics == {"start_date": "2024-01-01 09:30:00"}
    assert draft.notices == []


def test_every_wrong_type_is_told_with_its_place() -> None:
    document = run(
        symbol=5,
        strategy=["x"],
        parameters=[1],
        start_date="soon",
        end_date=20240101,
        initial_capital="10k",
        fees=True,
        status="done",
        error={"code": 1},
        metrics={"win_rate": "58%", "total_trades": 1.5, "losing_trades": "2"},
        trades=[trade(exit_date="x"), 7],
        equity_curve="none",
    )
    with pytest.raises(DocumentError) as refused:
        extract_backtest(document)
    found = problems(refused.value)
    assert set(found) == {
        *((word,) for word in ("symbol", "strategy", "parameters", "start_date", "end_date", "initial_capital")),
        *((word,) for word in ("fees", "status", "error", "equity_curve")),
        *(("metrics", word) for word in ("win_rate", "total_trades", "losing_trades")),
        ("trades", "0", "exit_date"),
        ("trades", "1"),
    }
    assert found["metrics", "win_rate"] == "'58%' is not a number."
    assert found["metrics", "total_trades"] == "1.5 is not a whole number."


@pytest.mark.parametrize("word", ["metrics", "trades"])
def test_what_holds_the_rest_must_have_its_shape(word: str) -> None:
    with pytest.raises(DocumentError) as refused:
        extract_backtest(run(**{word: "x"}))
    assert list(problems(refused.value)) == [(word,)]


def test_at_most_a_hundred_problems_are_told() -> None:
    with pytest.raises(DocumentError) as refused:
        extract_backtest(run(trades=[trade(pnl="x")] * 300, equity_curve=["x"] * 300))
    assert len(refused.value.problems) == 100


def test_the_document_is_handed_on_as_it_came() -> None:
    document = run()
    source = extract_backtest(document).source
    assert source is not None
    assert source.document is document
    assert (source.kind, source.format) == ("BACKTEST", "VECTORBT_ENGINE")
    assert document == run()
