"""Pages of rows in one statement: of a whole table, or of the children of many parents at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, literal, literal_column, select, true
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
    """Rows in their order, a cursor for each, and what is known of the rest."""

    rows: Sequence[Row] = ()
    cursors: Sequence[str] = ()
    has_next: bool = False
    has_previous: bool = False
    total_count: int | None = None


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
    page = _page(listing, request)
    if wanted == Wanted():
        rows = await database.fetch(page)
    else:
        anchor = select(literal(1).label("one")).subquery("anchor")
        rows = await database.fetch(_anchored(anchor, (), listing, request, wanted))
    return _cut(rows, listing, request)


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
    rows = await database.fetch(_anchored(anchor, keys, listing, request, wanted))
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


def _anchored(
    anchor: FromClause, keys: Sequence[str], listing: Listing, request: PageRequest, wanted: Wanted
) -> Select[Any]:
    """Join each row of the anchor with its page; an empty page still gives a row with the facts."""
    page = _page(listing, request).correlate(anchor).add_columns(literal(True).label("present")).lateral("page")
    facts: list[ColumnElement[Any]] = [anchor.c[name].label(f"parent_{name}") for name in keys]
    if wanted.total_count:
        count = select(func.count()).select_from(listing.table).where(listing.condition).correlate(anchor)
        facts.append(count.scalar_subquery().label("total_count"))
    if wanted.other_side:
        facts.append(_other_side(listing, request, anchor).label("other_side"))
    marks = [page.c[f"cursor_{index}"] for index in range(len(listing.order.sorts))]
    order = listing.order.clauses(marks, backward=request.backward)
    return select(*facts, page).select_from(anchor.outerjoin(page, true())).order_by(*facts[: len(keys)], *order)


def _other_side(listing: Listing, request: PageRequest, anchor: FromClause) -> ColumnElement[bool]:
    """Return whether rows stand at or behind the cursor that the page starts from."""
    start = request.before if request.backward else request.after
    if start is None:
        return literal(False)
    behind = listing.order.beyond(start, backward=request.backward).is_not(true())
    inside = select(literal(1)).select_from(listing.table).where(and_(listing.condition, behind)).correlate(anchor)
    return exists(inside)


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
