"""Pages of rows in one statement: of a whole table, or of the children of many parents at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, exists, false, func, literal, literal_column, select, true
from sqlalchemy.sql.expression import FromClause

from resolvers.paging import Order, PageRequest
from resolvers.store.database import Database, Row

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a connection is asked for beyond its rows; only that is computed."""

    total_count: bool = False
    other_side: bool = False
    """Whether there are rows on the side that the page was entered from."""


@dataclass(slots=True)
class Page:
    """Rows in their order, a cursor for each, and what is known of the rest; empty for a parent that is gone."""

    rows: Sequence[Row] = ()
    cursors: Sequence[str] = ()
    has_next: bool = False
    has_previous: bool = False
    total_count: int | None = 0
    """None where it was not asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that pages are cut from: rows of a table that meet a condition, in an order."""

    table: Table
    order: Order
    condition: ColumnElement[bool] = field(default_factory=true)
    columns: Sequence[ColumnElement[Any]] = ()
    """More columns than the table's own."""


async def fetch_page(database: Database, listing: Listing, request: PageRequest, wanted: Wanted) -> Page:
    """Return one page of a listing, in one statement."""
    statement = _page(listing, request)
    if wanted != Wanted():
        statement = _beside(_facts(listing, request, wanted).subquery("facts"), listing, request)
    return _cut(await database.fetch(statement), listing, request)


async def fetch_pages(
    database: Database, parents: Select[Any], listing: Listing, request: PageRequest, wanted: Wanted
) -> Mapping[Key, Page]:
    """Return a page of the children of each parent, in one statement.

    Args:
        database: where to ask.
        parents: selects the key columns of the parents; the listing's condition may name them through `parent_key`.
        listing: the children, with a condition that ties them to their parent.
        request: which page, the same for each parent.
        wanted: what else is asked for.
    """
    anchor = parents.subquery("parent")
    keys = [column.name for column in anchor.c]
    facts: FromClause = anchor
    if wanted != Wanted():
        facts = anchor.join(_facts_of_each(listing, request, wanted).lateral("facts"), true())
    named = [anchor.c[name].label(f"parent_{name}") for name in keys]
    rows = await database.fetch(_beside(facts, listing, request, named))
    found: dict[Key, list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(row[f"parent_{name}"] for name in keys), []).append(row)
    return {key: _cut(children, listing, request) for key, children in found.items()}


def parent_key(name: str, like: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the parent's key column of that name, for the condition that ties children to it."""
    return literal_column(f"parent.{name}", type_=like.type)


def _page(listing: Listing, request: PageRequest) -> Select[Any]:
    marks = [sort.column.label(f"cursor_{index}") for index, sort in enumerate(listing.order.sorts)]
    return (
        select(*listing.table.c, *listing.columns, *marks)
        .where(listing.condition, *_bounds(listing.order, request))
        .order_by(*listing.order.clauses(backward=request.backward))
        .limit(request.limit + 1)
    )


def _bounds(order: Order, request: PageRequest) -> list[ColumnElement[bool]]:
    bounds = []
    if request.after is not None:
        bounds.append(order.beyond(request.after))
    if request.before is not None:
        bounds.append(order.beyond(request.before, backward=True))
    return bounds


def _beside(
    facts: FromClause, listing: Listing, request: PageRequest, keys: Sequence[ColumnElement[Any]] = ()
) -> Select[Any]:
    """Join each row of facts with its page; an empty page still gives a row with the facts."""
    page = _page(listing, request).add_columns(literal(True).label("present")).lateral("page")
    marks = [page.c[f"cursor_{index}"] for index in range(len(listing.order.sorts))]
    order = listing.order.clauses(marks, backward=request.backward)
    known = [column for column in facts.c if column.name in {"total_count", "other_side"}]
    return select(*keys, *known, page).select_from(facts.outerjoin(page, true())).order_by(*keys, *order)


def _facts(listing: Listing, request: PageRequest, wanted: Wanted) -> Select[Any]:
    """Select what is wanted beside a page, each by a question of its own: only the count has to see every row."""
    facts: list[ColumnElement[Any]] = []
    rows = select(literal(1)).select_from(listing.table).where(listing.condition)
    if wanted.total_count:
        facts.append(rows.with_only_columns(func.count()).scalar_subquery().label("total_count"))
    if wanted.other_side:
        facts.append(_is_there(rows.where(_other_side(listing, request)), listing, request).label("other_side"))
    return select(*facts)


def _is_there(rows: Select[Any], listing: Listing, request: PageRequest) -> ColumnElement[bool]:
    """Return whether there are such rows on the other side of a page."""
    if not listing.order.is_one_way:
        return exists(rows)
    # Asked for the nearest one, PostgreSQL takes the index; else it may look through all rows for any one.
    nearest = rows.order_by(*listing.order.clauses(backward=not request.backward)).limit(1)
    return nearest.scalar_subquery().is_not(None)


def _facts_of_each(listing: Listing, request: PageRequest, wanted: Wanted) -> Select[Any]:
    """Select the same by aggregates over a parent's few rows: subqueries would run again for each row of a page."""
    facts: list[ColumnElement[Any]] = []
    if wanted.total_count:
        facts.append(func.count().label("total_count"))
    if wanted.other_side:
        facts.append(func.coalesce(func.bool_or(_other_side(listing, request)), false()).label("other_side"))
    return select(*facts).select_from(listing.table).where(listing.condition)


def _other_side(listing: Listing, request: PageRequest) -> ColumnElement[bool]:
    """Return which rows stand at or behind the cursor that the page starts from."""
    start = request.before if request.backward else request.after
    if start is None:
        return false()
    return listing.order.beyond(start, backward=not request.backward, inclusive=True)


def _cut(rows: Sequence[Row], listing: Listing, request: PageRequest) -> Page:
    facts: Any = rows[0] if rows else {}
    if rows and "present" in rows[0] and rows[0]["present"] is None:
        rows = ()
    more = len(rows) > request.limit
    rows = rows[: request.limit]
    if request.backward:
        rows = rows[::-1]
    other = bool(facts.get("other_side"))
    names = [f"cursor_{index}" for index in range(len(listing.order.sorts))]
    return Page(
        rows=rows,
        cursors=[listing.order.encode([row[name] for name in names]) for row in rows],
        has_next=other if request.backward else more,
        has_previous=more if request.backward else other,
        total_count=facts.get("total_count"),
    )
