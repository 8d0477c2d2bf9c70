"""What is computed of a run is finite whatever was saved, and what was reported stays."""

import math
import threading
from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers import backtest_changes
from resolvers.backtest_changes import save_backtests
from resolvers.checks.backtests import check_backtest
from resolvers.computing import compute
from resolvers.importers.drafts import NO_TIME, BacktestDraft, SeriesDraft, TradesDraft
from resolvers.importers.numbers import take_numbers
from resolvers.statistics.calendars import DAY
from resolvers.store.database import Database
from resolvers.store.metrics import COMPUTED, METRICS, computed_column
from resolvers.trial_ledger import entry_of_run

Number = float | None

NUMBERS = st.one_of(
    st.none(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -0.0, 5e-324, 1e-300, 1e300, -1e300, 1.7e308, 100.0, 100.0 + 1e-12]),
    st.floats(50, 150),
)
STEPS = st.one_of(st.sampled_from([0, 1, 60_000_000, DAY, DAY, DAY, 3 * DAY, 7 * DAY]), st.integers(0, 400 * DAY))


def curve(values: list[Number], steps: list[int]) -> SeriesDraft:
    times = np.cumsum(np.array(steps[: len(values)], dtype=np.int64))
    return SeriesDraft(times=times, values=take_numbers(values))


@st.composite
def curves(draw: st.DrawFn) -> SeriesDraft:
    count = draw(st.integers(0, 40))
    some = draw(st.sampled_from([NUMBERS, st.floats(50, 150), st.floats(1e-300, 1e300), st.just(7.0)]))
    values: list[Number] = draw(st.lists(some, min_size=count, max_size=count))
    return curve(values, draw(st.lists(STEPS, min_size=count, max_size=count)))


def made_trades(profits: list[Number], closed: list[bool], name: str = "pnl") -> TradesDraft:
    count = len(profits)
    return TradesDraft(
        directions=["LONG"] * count,
        entry_times=np.arange(count, dtype=np.int64),
        exit_times=np.where(np.array(closed, dtype=bool), np.arange(count) + 1, NO_TIME),
        numbers={"entry_price": take_numbers([1.0] * count), name: take_numbers(profits)},
        exit_reasons=[None] * count,
        other_metrics=[None] * count,
    )


@st.composite
def trade_lists(draw: st.DrawFn) -> TradesDraft:
    count = draw(st.integers(0, 12))
    profits = draw(st.lists(draw(st.sampled_from([NUMBERS, st.floats(-1e3, 1e3)])), min_size=count, max_size=count))
    closed = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return made_trades(profits, closed, draw(st.sampled_from(["pnl", "pnl_percent", "mae"])))


def row_of(**fields: Any) -> dict[str, Any]:
    """Return the row of a run as it is stored, without its keys."""
    days = {"start_date": date(2020, 1, 1), "end_date": date(2024, 1, 1)}
    record = check_backtest(BacktestDraft(symbol="GOOG", strategy="x", **days | fields))
    assert not record.problems
    return {**record.row, **compute(record)}


@given(
    equity_curve=st.none() | curves(),
    trades=st.none() | trade_lists(),
    periods_per_year=st.none() | st.sampled_from([5e-324, 0.5, 252.0, 1e9]),
    frequency=st.none() | st.just("daily"),
)
def test_every_number_of_every_run_is_finite(**fields: Any) -> None:
    row = row_of(**fields)
    assert not any(isinstance(value, complex) for value in row.values())
    assert all(math.isfinite(value) for value in row.values() if isinstance(value, float)), row
    for metric in METRICS:
        value = row.get(computed_column(metric.name))
        assert type(value) in ({int, type(None)} if metric.is_count else {float, type(None)}), metric.name
        assert isinstance(row[metric.name], int) or not metric.is_count
    filled = {name: row[name] for name in row["metrics_filled"]}
    assert filled == {name: row[computed_column(name)] for name in filled}
    assert set(row["undefined"]).isdisjoint(
        each.name for each in COMPUTED if row[computed_column(each.name)] is not None
    )
    assert (row["observations"] is None) == (row["computed_sharpe_ratio"] is None)
    entry = entry_of_run(row | {"id": 1, "content_hash": b""})
    assert entry["standard_error"] is None or math.isfinite(entry["standard_error"])


def test_what_was_reported_stays_and_what_was_not_is_filled_by_closed_trades() -> None:
    trades = made_trades([5.0, -2.0, 9.0], [True, True, False])
    row = row_of(trades=trades, metrics={"winning_trades": 2, "profit_factor": math.inf, "sharpe_ratio": math.nan})
    assert (row["total_trades"], row["winning_trades"], row["losing_trades"]) == (2, 2, 1)
    assert (row["profit_factor"], row["win_rate"], row["sharpe_ratio"]) == (2.5, 0.5, None)
    assert row["computed_winning_trades"] == 1
    assert {"total_trades", "losing_trades", "profit_factor", "win_rate"} <= set(row["metrics_filled"])
    assert "winning_trades" not in row["metrics_filled"]
    assert row["undefined"] == {"sharpe_ratio": "NON_FINITE"}


@pytest.mark.parametrize("trades", [None, made_trades([], [])])
def test_counts_are_zero_where_nothing_says_otherwise(trades: TradesDraft | None) -> None:
    row = row_of(trades=trades)
    assert (row["total_trades"], row["winning_trades"], row["losing_trades"]) == (0, 0, 0)
    assert row["undefined"] == dict.fromkeys(
        ("win_rate", "profit_factor", "average_win", "average_loss", "largest_win", "largest_loss"), "NO_TRADES"
    )
    assert row["computed_total_trades"] == (None if trades is None else 0)


def test_a_reported_count_without_trades_leaves_their_figures_unreported() -> None:
    row = row_of(metrics={"total_trades": 7})
    assert row["undefined"] == {}
    assert row["computed_total_trades"] is None


def test_trades_with_returns_alone_tell_how_many_won() -> None:
    row = row_of(trades=made_trades([0.1, -0.2, 0.0, 0.3], [True] * 4, "pnl_percent"))
    assert (row["computed_winning_trades"], row["computed_losing_trades"], row["computed_win_rate"]) == (2, 1, 0.5)
    assert row["computed_average_win"] is None


def test_a_calendar_that_is_given_is_the_one_that_counts() -> None:
    series = curve([100.0, 101.0, 99.0, 104.0], [DAY] * 4)
    inferred, given_ = row_of(equity_curve=series), row_of(equity_curve=series, periods_per_year=252.0)
    assert (inferred["periods_per_year"], inferred["frequency"]) == (365.0, "calendar days")
    assert (given_["periods_per_year"], given_["frequency"]) == (252.0, "calendar days")
    ratio = inferred["computed_sharpe_ratio"] / given_["computed_sharpe_ratio"]
    assert ratio == pytest.approx(math.sqrt(365 / 252))
    alone = row_of(periods_per_year=252.0)
    assert (alone["periods_per_year"], alone["frequency"]) == (252.0, "as given")
    assert row_of(frequency="daily")["frequency"] == "daily"


def test_a_curve_may_end_in_ruin_but_not_rise_from_it() -> None:
    ruined = row_of(equity_curve=curve([100.0, 50.0, 0.0], [DAY] * 3))
    assert (ruined["total_return"], ruined["max_drawdown"], ruined["annualized_return"]) == (-1, -1, -1)
    risen = row_of(equity_curve=curve([100.0, 0.0, 50.0], [DAY] * 3))
    assert risen["undefined"]["total_return"] == "NON_FINITE"
    assert risen["final_portfolio_value"] == 50


async def test_what_takes_computing_is_prepared_beside_the_event_loop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def noted(record: Any) -> dict[str, Any]:
        threads.append(threading.current_thread())
        return compute(record)

    monkeypatch.setattr(backtest_changes, "compute", noted)
    words: dict[str, Any] = {
        "symbol": "GOOG",
        "strategy": "x",
        "start_date": date(2020, 1, 1),
        "end_date": date(2020, 2, 1),
    }
    heavy: list[dict[str, Any]] = [{"equity_curve": curve([1.0], [1])}, {"trades": made_trades([1.0], [True])}]
    for fields in heavy:
        [outcome] = await save_backtests(database, [BacktestDraft(**words | fields)])
        assert outcome.created
    await save_backtests(database, [BacktestDraft(**words)])
    assert [thread is threading.main_thread() for thread in threads] == [False, False, True]
