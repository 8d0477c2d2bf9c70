"""Pages of rows in one statement: of a whole table, or of the children of many parents at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from resolvers.page_statements import Columns, PageShape, Parents, Part, everything, page, page_of_one, pages_of_each
from resolvers.paging import Carried, Order, PageRequest, known_parts
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Shaped

Key = tuple[UUID, ...]
Names = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of a connection is asked for; only that is selected and computed."""

    total_count: bool = False
    other_side: bool = False
    """Whether there are rows on the side that the page was entered from."""
    columns: Columns = None
    """Columns of the rows; those of the order are there in any case."""

    @property
    def facts(self) -> tuple[bool, bool]:
        """What is asked for beyond the rows: total_count and other_side."""
        return self.total_count, self.other_side


@dataclass
class Page:
    """Rows in their order and what is known of the rest; empty for a parent that is gone."""

    rows: Sequence[Row] = ()
    has_next: bool = False
    has_previous: bool = False
    total_count: int | None = 0
    """None where it was not asked for."""
    order: Order | None = None
    names: Names = None
    """The columns of the rows; one and the same tuple for all pages of a statement."""
    carried: Callable[[int], Carried] | None = None
    """Gives what the cursor of each row carries beside its sort values, if anything."""

    @cached_property
    def cursors(self) -> Sequence[str]:
        """A cursor for each row; writing them costs more than fetching the rows, so it is done when asked for."""
        return [self.cursor(index) for index in range(len(self.rows))]

    def cursor(self, index: int) -> str:
        """Return the cursor of one row; raises IndexError where there is none."""
        row = self.rows[index]
        more = self.carried(range(len(self.rows))[index]) if self.carried else ()
        return self.order.encode(row, *more) if self.order else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A list that pages are cut from: rows of a table that meet a condition, in an order."""

    order: Order
    condition: Part = Part(everything)  # noqa: RUF009 - immutable
    figure: Part | None = None
    """One more column, of the name `figure`."""
    plan: Plan = Plan.ONCE
    parents: Parents | None = None
    """What the rows belong to, if pages are cut for each parent."""


async def fetch_page(database: Database, listing: Listing, request: PageRequest, wanted: Wanted) -> Page:
    """Return one page of a listing, in one statement."""
    rows = await _fetch(database, page, listing, request, wanted)
    return _cut(rows, listing.order, request, wanted, _names(rows))


async def fetch_pages(
    database: Database, keys: Sequence[Key], listing: Listing, request: PageRequest, wanted: Wanted
) -> list[Page]:
    """Return a page of the children of each parent, in one statement.

    Args:
        database: where to ask.
        keys: the keys of the parents.
        listing: the children of any parent.
        request: which page, the same for each parent.
        wanted: what else is asked for.
    """
    if not keys:
        return []
    if len(keys) == 1:
        rows = await _fetch(database, page_of_one, listing, request, wanted, key=keys[0])
        return [_cut(rows, listing.order, request, wanted, _names(rows))]
    asked = list(dict.fromkeys(keys))
    rows = await _fetch(database, pages_of_each, listing, request, wanted, keys=list(zip(*asked, strict=True)))
    names = _names(rows)
    found = {
        asked[place - 1]: _cut(list(children), listing.order, request, wanted, names)
        for place, children in groupby(rows, key=itemgetter("parent_place"))
    }
    return [found.get(key) or Page() for key in keys]


async def _fetch(
    database: Database, write: Shaped, listing: Listing, request: PageRequest, wanted: Wanted, **keys: Any
) -> list[Row]:
    """Run the statement for pages that has this shape, with these values."""
    order, figure = listing.order, listing.figure
    after = None if request.after is None else order.decode(request.after)
    before = None if request.before is None else order.decode(request.before)
    shape = PageShape(
        table=order.table,
        keys=order.keys,
        without_nulls=order.without_nulls,
        condition=listing.condition[:2],
        figure=figure and figure[:2],
        backward=request.backward,
        after=known_parts(after),
        before=known_parts(before),
        facts=wanted.facts,
        columns=wanted.columns,
        beside=order.beside,
    )
    statement = write(
        *((shape,) if listing.parents is None else (shape, listing.parents)),
        values=(listing.condition.values, figure and figure.values),
        limit=request.limit + 1,
        cursors=(after, before),
        **keys,
    )
    # Counting takes far longer than planning, and how it is best done depends on how many rows there are to count.
    plan = Plan.EACH_TIME if wanted.total_count and listing.parents is None else listing.plan
    return await database.fetch(statement, plan=plan)


def _names(rows: Sequence[Row]) -> Names:
    return tuple(rows[0].keys()) if rows else None


def _cut(rows: Sequence[Row], order: Order, request: PageRequest, wanted: Wanted, names: Names) -> Page:
    facts: Any = rows[0] if rows and any(wanted.facts) else {}
    if rows and "present" in rows[0] and rows[0]["present"] is None:
        rows = ()
    more = len(rows) > request.limit
    if more:
        rows = rows[: request.limit]
    if request.backward:
        rows = rows[::-1]
    other = bool(facts.get("other_side"))
    return Page(
        rows=rows,
        has_next=other if request.backward else more,
        has_previous=more if request.backward else other,
        total_count=facts.get("total_count"),
        order=order,
        names=names,
    )
