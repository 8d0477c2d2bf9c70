"""What a page costs: among many runs, against few; far behind, against the first one; in another order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.calls import Call, Client, graphql, read_data
from tests.benchmarks.generate import SYMBOLS

PAGE = 20
DEEP_PAGE = 2_000
GOAL = 1.3
GOAL_OF_LUCK = 1.5
_AT_ONCE = 500
_NODE = "id symbol strategy createdAt metrics { sharpeRatio totalReturn maxDrawdown }"
_LIST = """query($filter: BacktestFilter, $first: Int, $after: String) {
  backtests(filter: $filter, first: $first, after: $after) { nodes { %s } pageInfo { hasNextPage endCursor } }
}"""
_COUNTED = _LIST.replace("pageInfo", "totalCount pageInfo")
_AGGREGATES = """{
  backtestAggregates(groupBy: [STRATEGY]) { strategy count metric(of: SHARPE_RATIO) { mean median p95 } }
}"""
_RANKING = """query($by: Metric!, $filter: BacktestFilter, $first: Int, $after: String) {
  ranking(by: $by, filter: $filter, first: $first, after: $after) {
    edges { %s value node { %s } } pageInfo { hasNextPage endCursor }
  }
}"""


@dataclass(frozen=True, slots=True)
class Pages:
    """A list or ranking that is read page by page."""

    query: str
    variables: Mapping[str, Any]
    goal: float | None = GOAL

    def call(self, after: str | None = None, first: int = PAGE) -> Call:
        """Return the call for the page behind a cursor."""
        return graphql(self.query, **self.variables, first=first, after=after)


def _list(**filter: Any) -> Pages:
    return Pages(_LIST % _NODE, {"filter": filter})


def _ranking(by: str, fields: str = "rank", goal: float | None = GOAL, **filter: Any) -> Pages:
    return Pages(_RANKING % (fields, _NODE), {"by": by, "filter": filter}, goal)


FIRST_PAGES: Mapping[str, Pages] = {
    "newest page": _list(),
    "newest page of a symbol": _list(symbol={"eq": SYMBOLS[1]}),
    "newest page of a strategy": _list(strategy={"eq": "pairs"}),
    "ranking by Sharpe ratio": _ranking("SHARPE_RATIO"),
    "ranking by return": _ranking("TOTAL_RETURN"),
    "ranking by drawdown": _ranking("MAX_DRAWDOWN"),
    "ranking by profit factor": _ranking("PROFIT_FACTOR"),
    "ranking by Sharpe ratio of a symbol": _ranking("SHARPE_RATIO", symbol={"eq": SYMBOLS[1]}),
    # These two see all runs, so no goal holds for them.
    "newest and counted page": Pages(_COUNTED % _NODE, {}, None),
    "aggregates by strategy": Pages(_AGGREGATES, {}, None),
}
DEEP_PAGES: Mapping[str, Pages] = {
    "list": _list(),
    "ranking": _ranking("SHARPE_RATIO", fields=""),
    # A rank counts all runs ahead of the page, so no goal holds for it.
    "ranking with ranks": _ranking("SHARPE_RATIO", goal=None),
}


@dataclass(frozen=True, slots=True)
class Rival:
    """Pages that are compared with others of the same database."""

    pages: Pages
    against: str
    others: Pages


RIVALS: Mapping[str, Rival] = {
    "ranking by DEFLATED_SHARPE": Rival(
        _ranking("DEFLATED_SHARPE", goal=GOAL_OF_LUCK), "ranking by Sharpe ratio", _ranking("SHARPE_RATIO")
    ),
    "ranking by DEFLATED_SHARPE of a symbol": Rival(
        _ranking("DEFLATED_SHARPE", goal=None, symbol={"eq": SYMBOLS[1]}),
        "ranking by Sharpe ratio of a symbol",
        _ranking("SHARPE_RATIO", symbol={"eq": SYMBOLS[1]}),
    ),
}


def small_size(runs: int) -> int:
    """Return with how many runs so many are compared."""
    return 10_000 if runs > 10_000 else runs // 10


def deep_page(runs: int) -> int:
    """Return the number of the page that is compared with page 1."""
    return min(DEEP_PAGE, runs // (2 * PAGE))


def find_page(client: Client, pages: Pages, number: int) -> Call:
    """Return the call for a page far behind, found by walking there."""
    cursor, left = None, (number - 1) * PAGE
    while left:
        data = read_data(client.send(pages.call(cursor, min(left, _AT_ONCE))))
        [connection] = data.values()
        cursor, left = connection["pageInfo"]["endCursor"], left - min(left, _AT_ONCE)
    return pages.call(cursor)


def check_page(content: bytes) -> None:
    """Refuse a page that is not full, or aggregates without groups: they would be quick for nothing."""
    [found] = read_data(content).values()
    is_full = bool(found) if isinstance(found, list) else len(found.get("nodes") or found.get("edges")) == PAGE
    if not is_full:
        raise ValueError(f"The page is not full: {content[:200]!r}")
