from typing import Any

import numpy as np
import pytest

from resolvers.importers.drafts import NO_TIME, BacktestDraft, DocumentError, TradesDraft
from resolvers.importers.registry import extract_backtest
from tests.resolvers.importers.vectorbt_engine.documents import inside, problems, run, trade


def read(*rows: Any) -> tuple[BacktestDraft, TradesDraft]:
    draft = extract_backtest(run(trades=list(rows)))
    assert draft.trades is not None
    return draft, draft.trades


def refusals(*rows: Any) -> dict[tuple[str, ...], str]:
    with pytest.raises(DocumentError) as refused:
        extract_backtest(run(trades=list(rows)))
    return problems(refused.value)


def test_no_list_is_no_trades_and_an_empty_one_is_none_of_them() -> None:
    assert extract_backtest(run(trades=None)).trades is None
    assert len(read()[1]) == 0


@pytest.mark.parametrize(
    ("word", "column"),
    [("size", "size"), ("position_size", "size"), ("return", "pnl_percent"), ("pnl_percent", "pnl_percent")],
)
def test_a_number_of_either_dialect_goes_to_its_column(word: str, column: str) -> None:
    draft, trades = read({"entry_date": "2024-01-02", "entry_price": 1, word: 0.25})
    assert trades.numbers[column].values.tolist() == [0.25]
    first, *rest = column.split("_")
    name = first + "".join(map(str.capitalize, rest))
    assert draft.places.of_row("trades", 0, name) == ("input", "document", "trades", "0", word)


@pytest.mark.parametrize(("entry", "exit_"), [("entry_date", "exit_date"), ("entry_time", "exit_time")])
def test_times_of_either_dialect_are_read(entry: str, exit_: str) -> None:
    draft, trades = read({entry: "2024-01-02", exit_: "2024-01-03 12:00:00", "entry_price": 1})
    assert trades.entry_times.astype("M8[us]").astype(str).tolist() == ["2024-01-02T00:00:00.000000"]
    assert trades.exit_times.astype("M8[us]").astype(str).tolist() == ["2024-01-03T12:00:00.000000"]
    assert draft.places.of_row("trades", 0, "exitTime")[-1] == exit_


@pytest.mark.parametrize("value", [None, "", "NaT", "None", float("nan")])
def test_a_trade_without_an_exit_is_open(value: Any) -> None:
    assert read(trade(exit_date=value), trade())[1].exit_times.tolist() == [NO_TIME, 1_704_240_000_000_000]


def test_columns_that_nobody_gave_are_left_out() -> None:
    _, trades = read(trade(), trade(mae=-0.5))
    assert set(trades.numbers) == {"entry_price", "exit_price", "size", "pnl", "pnl_percent", "mae"}
    assert np.isnan(trades.numbers["mae"].values).tolist() == [True, False]
    assert trades.numbers["mae"].non_finite.tolist() == []


def test_an_infinite_number_is_told_from_a_missing_one() -> None:
    assert read(trade(pnl=None), trade(pnl="inf"))[1].numbers["pnl"].non_finite.tolist() == [1]


def test_an_empty_duration_is_nothing_and_another_is_kept() -> None:
    draft, trades = read(trade(duration=""), trade(duration="31 days"), trade(duration=None))
    assert trades.other_metrics == [None, {"duration": "31 days"}, None]
    assert draft.notices == []


def test_unknown_words_are_kept_with_their_trade_and_told_once() -> None:
    draft, trades = read(trade(), trade(signal="a"), trade(signal={"b": None}))
    assert trades.other_metrics == [None, {"signal": "a"}, {"signal": {"b": None}}]
    assert inside(draft.notices) == [("trades", "1", "signal")]


def test_of_two_words_the_engine_s_own_wins_and_the_other_is_kept() -> None:
    draft, trades = read(trade(position_size=3.0), trade(position_size=2.0))
    assert trades.numbers["size"].values.tolist() == [2.0, 2.0]
    assert trades.other_metrics == [{"position_size": 3.0}, None]
    assert [notice.code for notice in draft.notices] == ["ASSUMED"]


def test_rows_may_differ_in_dialect() -> None:
    legacy = trade(position_size=5.0)
    del legacy["size"]
    draft, trades = read(trade(), legacy)
    assert trades.numbers["size"].values.tolist() == [2.0, 5.0]
    assert refusals(trade(), {**legacy, "position_size": "x"}) == {
        ("trades", "1", "position_size"): "'x' is not a number."
    }
    assert draft.places.of_row("trades", 1, "size")[-1] == "size"


@pytest.mark.parametrize(
    ("given", "read_as"),
    [
        ("long", "LONG"),
        ("Short", "SHORT"),
        (" LONG ", "LONG"),
        (None, "LONG"),
        ("", "LONG"),
        (-1, "SHORT"),
        (-1.0, "SHORT"),
        ("-1", "SHORT"),
    ],
)
def test_directions_are_read(given: Any, read_as: str) -> None:
    draft, trades = read(trade(direction=given))
    assert trades.directions == [read_as]
    assert draft.notices == []


def test_without_directions_all_are_long() -> None:
    draft, trades = read(trade(), trade())
    assert (trades.directions, draft.notices) == (["LONG", "LONG"], [])


@pytest.mark.parametrize(
    ("given", "read_as", "assumed"),
    [
        ([1, -1, "1"], ["LONG", "SHORT", "LONG"], None),
        ([1, 1], ["LONG", "LONG"], "The directions are numbers; 1 for long is assumed."),
        ([0, 1], ["LONG", "SHORT"], "The directions are numbers; 0 for long, 1 for short is assumed."),
    ],
)
def test_numbers_are_signs_unless_they_are_the_codes_of_the_engine(
    given: list[Any], read_as: list[str], assumed: str | None
) -> None:
    draft, trades = read(*(trade(direction=direction) for direction in given))
    assert trades.directions == read_as
    assert [notice.message for notice in draft.notices] == ([assumed] if assumed else [])


@pytest.mark.parametrize("value", ["sideways", 2, 1.0000001, 10**400, True, [1], {"long": 1}, float("nan"), "NaN"])
def test_another_direction_is_refused(value: Any) -> None:
    assert list(refusals(trade(), trade(direction=value))) == [("trades", "1", "direction")]


def test_zero_among_signs_is_refused() -> None:
    assert refusals(trade(direction=-1), trade(direction=0)) == {
        ("trades", "1", "direction"): "0 is neither long nor short."
    }


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"entry_date": None}, "entry_date"),
        ({"entry_date": "x"}, "entry_date"),
        ({"exit_date": "x"}, "exit_date"),
        ({"exit_date": 1704240000}, "exit_date"),
        ({"entry_price": None}, "entry_price"),
        ({"entry_price": "1.5"}, "entry_price"),
        ({"pnl": True}, "pnl"),
        ({"return": "5%"}, "return"),
        ({"exit_reason": 5}, "exit_reason"),
    ],
)
def test_what_is_wrong_with_a_trade_is_told_in_its_own_words(changes: Any, word: str) -> None:
    assert list(refusals(trade(), trade(), trade(), trade(**changes))) == [("trades", "3", word)]


def test_rows_that_are_no_trades_leave_the_places_of_the_others() -> None:
    assert list(refusals(None, trade(), [], trade(pnl="x"))) == [
        ("trades", "0"),
        ("trades", "2"),
        ("trades", "3", "pnl"),
    ]
