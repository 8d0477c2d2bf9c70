"""Rankings against a sort in plain Python."""

import base64
from collections.abc import Sequence
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.errors import BadCursor
from resolvers.metric_columns import DEFLATED
from resolvers.pages import Wanted
from resolvers.paging import MOST, PageRequest
from resolvers.rankings import Ranking, rank_backtests
from resolvers.saving import now
from resolvers.store.database import Database
from resolvers.store.metrics import METRICS
from tests.random_runs import SYMBOLS, VALUES, Run, Runs, random_runs, store_runs
from tests.statements import counted_statements

ALL = Wanted(total_count=True, other_side=True)
LOWER_IS_BETTER = {"max_drawdown_duration", "volatility", "downside_volatility", "losing_trades"}

metrics = st.sampled_from(VALUES)
symbols = st.none() | st.sampled_from(SYMBOLS)


@pytest.fixture(scope="module")
async def runs(shared_database: Database) -> Runs:
    runs = random_runs(3_000, until=now())
    await store_runs(shared_database, runs)
    return runs


def ranked(runs: Sequence[Run], by: str, symbol: str | None, min_trades: int) -> list[tuple[int, Run]]:
    """Return the runs that are ranked, best first, each with its rank."""
    sign = -1 if by.removeprefix("computed_") in LOWER_IS_BETTER else 1
    chosen = [
        run
        for run in runs
        if run["status"] == "COMPLETED" and run[by] is not None and run["total_trades"] >= min_trades
        if symbol in {None, run["symbol"]}
    ]
    chosen.sort(key=lambda run: (sign * run[by], sign * run["id"].int), reverse=True)
    first: dict[float, int] = {}
    return [(first.setdefault(run[by], place), run) for place, run in enumerate(chosen, 1)]


async def rank(database: Database, by: str, request: PageRequest, **asked: Any) -> Ranking:
    return await rank_backtests(
        database, **{"by": by, "conditions": {}, "min_trades": 0, "wanted": Wanted(), **asked}, request=request
    )


def test_lower_is_better_for_the_four_metrics_of_the_contract() -> None:
    assert {metric.name for metric in METRICS if metric.lower_is_better} == LOWER_IS_BETTER


@pytest.mark.parametrize("by", VALUES)
async def test_paging_through_the_ranking_by_each_metric_on_each_basis_gives_every_run_once_with_its_rank(
    shared_database: Database, runs: Runs, by: str
) -> None:
    found: list[tuple[int | None, Any]] = []
    cursor = None
    while cursor is not None or not found:
        ranking = await rank(shared_database, by, PageRequest(401, after=cursor), min_trades=10)
        found += zip(ranking.ranks, (row["id"] for row in ranking.page.rows), strict=True)
        cursor = ranking.page.cursors[-1] if ranking.page.has_next else None
    assert found == [(place, run["id"]) for place, run in ranked(runs, by, None, 10)]


@settings(max_examples=100, deadline=None)
@given(by=metrics, symbol=symbols, min_trades=st.integers(-1, 26), limit=st.integers(0, MOST), data=st.data())
async def test_any_page_of_any_ranking_is_right(
    *, shared_database: Database, runs: Runs, by: str, symbol: str | None, min_trades: int, limit: int, data: Any
) -> None:
    expected = ranked(runs, by, symbol, min_trades)
    asked = {
        "conditions": {} if symbol is None else {"symbol": {"eq": symbol}},
        "min_trades": min_trades,
        "wanted": data.draw(st.sampled_from([Wanted(), ALL])),
    }
    start = data.draw(st.integers(0, min(len(expected), MOST)))
    # With ranks, a cursor carries what is ahead of it; without them it is counted.
    ahead = await rank(shared_database, by, PageRequest(start), with_ranks=data.draw(st.booleans()), **asked)
    cursor = ahead.page.cursors[-1] if start else None
    with counted_statements() as statements:
        ranking = await rank(shared_database, by, PageRequest(limit, after=cursor), **asked)
    # Whether deflated Sharpe ratios are up to date is looked up first.
    assert len(statements) == (2 if by == DEFLATED else 1)
    page = ranking.page
    assert [*zip(ranking.ranks, (row["id"] for row in page.rows), strict=True)] == [
        (place, run["id"]) for place, run in expected[start : start + limit]
    ]
    assert page.has_next == (len(expected) > start + limit)
    if asked["wanted"] == ALL:
        assert (page.total_count, page.has_previous) == (len(expected), start > 0)


async def test_ranks_are_not_counted_unless_they_are_asked_for(shared_database: Database, runs: Runs) -> None:
    first = await rank(shared_database, "sharpe_ratio", PageRequest(5))
    with counted_statements() as statements:
        second = await rank(
            shared_database, "sharpe_ratio", PageRequest(5, after=first.page.cursors[-1]), with_ranks=False
        )
    assert "count(" not in statements[0]
    assert second.ranks == [None] * 5


def carrying(cursor: str, *more: Any) -> str:
    """Return the cursor with something else carried."""
    said = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    return base64.urlsafe_b64encode(orjson.dumps([*said[:3], *more])).decode().rstrip("=")


async def test_what_a_cursor_carries_is_taken_as_long_as_no_transaction_has_ended(
    shared_database: Database, runs: Runs
) -> None:
    ranks: list[int | None] = []
    for _ in range(20):  # the server's own housekeeping ends transactions, too
        first = await rank(shared_database, "sharpe_ratio", PageRequest(5))
        assert first.page.carried is not None
        cursor = carrying(first.page.cursors[-1], 1_000, 900, first.page.carried(4).seen)
        ranks = list((await rank(shared_database, "sharpe_ratio", PageRequest(2, after=cursor))).ranks)
        if ranks[1] == 1_002:
            break
    assert ranks[1] == 1_002


@pytest.mark.parametrize(
    "more",
    [(1,), (1, 0), (0, 0, "x"), (1, 1, "x"), (2, -1, "x"), (1.0, 0, "x"), (2**40, 1, "x"), (2, True, "x"), (2, 1, 1)],
)
async def test_a_cursor_that_carries_something_else_is_refused(
    shared_database: Database, runs: Runs, more: tuple[Any, ...]
) -> None:
    first = await rank(shared_database, "sharpe_ratio", PageRequest(5))
    with pytest.raises(BadCursor):
        await rank(shared_database, "sharpe_ratio", PageRequest(5, after=carrying(first.page.cursors[-1], *more)))


@pytest.mark.parametrize(
    "other",
    [
        *({"by": by} for by in ("total_return", "computed_sharpe_ratio", "probabilistic_sharpe_ratio", DEFLATED)),
        {"min_trades": 1},
        {"conditions": {"symbol": {"eq": "GOOG"}}},
    ],
)
async def test_a_cursor_belongs_to_its_metric_basis_filter_and_number_of_trades(
    shared_database: Database, runs: Runs, other: dict[str, Any]
) -> None:
    first = await rank(shared_database, "sharpe_ratio", PageRequest(5))
    asked: dict[str, Any] = {"by": "sharpe_ratio", "request": PageRequest(5, after=first.page.cursors[-1])}
    with pytest.raises(BadCursor):
        await rank(shared_database, **(asked | other))


@pytest.mark.parametrize("by", ["sharpe_ratio", DEFLATED])
async def test_ranks_are_counted_anew_after_runs_were_saved_or_deleted(shared_database: Database, by: str) -> None:
    runs = random_runs(200, until=now(), seed=5)
    await store_runs(shared_database, runs[:150])
    cursor = (await rank(shared_database, by, PageRequest(20))).page.cursors[-1]
    behind = (await rank(shared_database, by, PageRequest(500, after=cursor))).page.rows
    for kept in (runs, runs[100:]):
        await store_runs(shared_database, kept)
        ranking = await rank(shared_database, by, PageRequest(500, after=cursor))
        expected = ranked(kept, by, None, 0)
        found = [*zip(ranking.ranks, (row["id"] for row in ranking.page.rows), strict=True)]
        assert found == [(place, run["id"]) for place, run in expected][-len(found) :]
        assert len(found) not in {0, len(behind)}
