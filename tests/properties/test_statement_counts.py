"""One statement for each root field and one more for each list below it, however much of a page is asked for."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Table

from resolvers.store.database import Database
from resolvers.store.tables import backtests, optimization_trials, optimizations, trades
from tests.client import Client
from tests.properties.rows import Row, random_optimizations, random_runs, random_trades, random_trials, store
from tests.statements import counted_statements

RUNS = random_runs(40)
OPTIMIZATIONS = random_optimizations(RUNS)
ROWS: dict[Table, Sequence[Row]] = {
    backtests: RUNS,
    trades: random_trades(RUNS, most=20),
    optimizations: OPTIMIZATIONS,
    optimization_trials: random_trials(OPTIMIZATIONS, most=20),
}
PAGE = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }"
FILTER = 'filter: {not: {tags: {hasAll: ["a"]}}, parameters: [{name: "risk.stop", exists: false}]}'


@pytest.fixture(scope="module", autouse=True)
async def rows(shared_database: Database) -> None:
    await store(shared_database, ROWS)


async def first_cursor(client: Client, order: str) -> Any:
    answer = await client.ask(f"{{ backtests({order} first: 1) {{ pageInfo {{ endCursor }} }} }}")
    return answer["backtests"]["pageInfo"]["endCursor"]


@pytest.mark.parametrize("order", ["", "orderBy: [{field: SYMBOL}, {field: BETA, direction: ASC}],"])
@pytest.mark.parametrize("place", ["first: 5, after", "last: 5, before", "first: 5, before"])
async def test_a_list_of_runs_is_one_statement(service: Client, order: str, place: str) -> None:
    cursor = await first_cursor(service, order)
    with counted_statements() as statements:
        await service.ask(f'{{ backtests({order} {place}: "{cursor}") {{ {PAGE} }} }}')
    assert len(statements) == 1


@pytest.mark.parametrize(
    ("lists", "count"),
    [
        ("", 1),
        (f"trades(first: 3) {{ {PAGE} }}", 2),
        (f"trades(last: 3, filter: {{isOpen: false}}, orderBy: {{field: PNL}}) {{ {PAGE} }}", 2),
        (
            f"a: trades(filter: {{isOpen: true}}) {{ {PAGE} }} b: trades(filter: {{isOpen: false}}) {{ {PAGE} }}",
            3,
        ),
        (f"optimizations(first: 2) {{ {PAGE} }}", 2),
        (f"optimizations {{ nodes {{ trials(last: 2) {{ {PAGE} }} }} }}", 3),
        (f"walkForwardTests {{ {PAGE} }}", 2),
        (f"trades {{ {PAGE} }} optimizations {{ nodes {{ trials {{ {PAGE} }} }} }} walkForwardTests {{ {PAGE} }}", 5),
    ],
)
async def test_each_list_below_runs_is_one_statement_more(service: Client, lists: str, count: int) -> None:
    with counted_statements() as statements:
        await service.ask(f"{{ backtests({FILTER}, first: 30) {{ {PAGE} nodes {{ id {lists} }} }} }}")
    assert len(statements) == count


async def test_two_root_fields_are_two_statements(service: Client) -> None:
    with counted_statements() as statements:
        await service.ask(f"{{ one: backtests(first: 3) {{ {PAGE} }} other: backtests(last: 3) {{ {PAGE} }} }}")
    assert len(statements) == 2


async def test_only_what_is_asked_for_is_computed(service: Client) -> None:
    with counted_statements() as statements:
        await service.ask("{ backtests(first: 3) { nodes { id } pageInfo { hasNextPage endCursor } } }")
    assert "count(" not in statements[0]
    assert statements[0].count("FROM backtests") == 1


@pytest.mark.parametrize(
    "selection",
    [
        "totalCount @include(if: $counted)",
        "totalCount @skip(if: $uncounted)",
        "... @include(if: $counted) { totalCount }",
        "... counts @include(if: $counted)",
    ],
)
@pytest.mark.parametrize("counted", [True, False])
async def test_what_a_directive_leaves_out_is_not_computed(service: Client, selection: str, counted: bool) -> None:
    question = f"""
    query($counted: Boolean!, $uncounted: Boolean!) {{
      backtests(first: 3) {{ nodes {{ id }} {selection} }}
      trades: backtests(first: 0) {{ nodes {{ id @include(if: $counted) @skip(if: $uncounted) }} ... counts }}
    }}
    fragment counts on BacktestConnection {{ totalCount }}
    """
    with counted_statements() as statements:
        answer = await service.ask(question, counted=counted, uncounted=not counted)
    assert ("totalCount" in answer["backtests"]) is counted
    assert sorted("count(" in statement for statement in statements) == [counted, True]
