"""Every page of every list of runs is the one that plain Python cuts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.store.database import Database
from resolvers.store.tables import backtests
from tests.client import Client
from tests.properties.oracle import check_page, cut, keys_of, matches, ordered
from tests.properties.profiles import examples
from tests.properties.questions import backtest_filters, page_sizes, places, run_orders
from tests.properties.rows import random_runs, store

RUNS = random_runs(300)
ASK = """
query($filter: BacktestFilter, $orderBy: [BacktestOrder!], $first: Int, $after: String, $last: Int, $before: String) {
  backtests(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id } } nodes { id } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""

filters: st.SearchStrategy[Any] = st.just({}) | backtest_filters(RUNS)


@pytest.fixture(scope="module", autouse=True)
async def runs(shared_database: Database) -> None:
    await store(shared_database, {backtests: RUNS})


async def ask(client: Client, **variables: Any) -> Any:
    return (await client.ask(ASK, **variables))["backtests"]


async def ask_cursors(client: Client, count: int, **variables: Any) -> list[str]:
    """Return the cursors of a list of so many runs."""
    cursors: list[str] = []
    while len(cursors) < count:
        page = await ask(client, **variables, first=500, after=cursors[-1] if cursors else None)
        cursors += [edge["cursor"] for edge in page["edges"]]
    return cursors


def in_order(filter: Any, order: Any) -> tuple[list[Any], list[tuple[str, bool]]]:
    by = order or [{"field": "CREATED_AT"}]
    found = ordered([run for run in RUNS if matches(filter, run)], by, tie="id", otherwise="DESC")
    return found, keys_of(by, tie="id", otherwise="DESC")


@examples(60)
@given(
    filter=filters,
    order=run_orders(),
    sizes=st.lists(page_sizes(), min_size=3, max_size=3),
    ends=st.tuples(places, places),
)
async def test_a_page_is_what_stands_between_its_cursors(
    service: Client, filter: Any, order: Any, sizes: Any, ends: tuple[int | None, int | None]
) -> None:
    found, keys = in_order(filter, order)
    cursors = await ask_cursors(service, len(found), filter=filter, orderBy=order)
    after, before = (place % len(found) if found and place is not None else None for place in ends)
    rows = {"after": None if after is None else found[after], "before": None if before is None else found[before]}
    given = {"after": None if after is None else cursors[after], "before": None if before is None else cursors[before]}
    for size in sizes:
        page = await ask(service, filter=filter, orderBy=order, **size, **given)
        expected = cut(found, keys, **size, **rows)
        check_page(page, [str(run["id"]) for run in expected.rows], expected, len(found))


@examples(25)
@given(filter=filters, order=run_orders(), size=st.sampled_from((31, 50, 150)), backward=st.booleans())
async def test_a_walk_through_a_list_gives_each_run_once_and_ends(
    service: Client, filter: Any, order: Any, size: int, backward: bool
) -> None:
    found, _ = in_order(filter, order)
    seen: list[str] = []
    cursor, more = None, True
    while more:
        place = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = await ask(service, filter=filter, orderBy=order, **place)
        ids = [node["id"] for node in page["nodes"]]
        seen = ids + seen if backward else seen + ids
        cursor = page["pageInfo"]["startCursor" if backward else "endCursor"]
        more = page["pageInfo"]["hasPreviousPage" if backward else "hasNextPage"]
        assert page["pageInfo"]["hasNextPage" if backward else "hasPreviousPage"] is (len(seen) > len(ids))
    assert seen == [str(run["id"]) for run in found]
