"""The statements that select pages, written once per shape."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Table,
    Uuid,
    and_,
    any_,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.expression import FromClause

from resolvers.paging import sorts_of
from resolvers.store.statements import Slot, shaped

Columns = frozenset[str] | None
"""Names of columns that are asked for; None for all of the table."""


class Part(NamedTuple):
    """A part of a statement: what writes it, its shape, and the values of this call."""

    write: Callable[[Any, Any], ColumnElement[Any]]
    """A function of the module, which takes the shape and the values or their slot."""
    shape: Hashable = ()
    values: Any = ()


def everything(shape: Any, values: Any) -> ColumnElement[bool]:  # noqa: ARG001 - has neither
    """Write the condition of all rows."""
    return true()


class Parents(NamedTuple):
    """What lists of children belong to: a table and its key, whose last column is an id, and the children's columns."""

    table: Table
    keys: tuple[str, ...]
    own: tuple[str, ...]


class PageShape(NamedTuple):
    """All that decides the text of a statement for pages."""

    table: Table
    keys: tuple[tuple[str, bool], ...]
    without_nulls: bool
    condition: tuple[Callable[[Any, Any], ColumnElement[bool]], Hashable]
    figure: tuple[Callable[[Any, Any], ColumnElement[Any]], Hashable] | None
    backward: bool
    after: tuple[bool, ...] | None
    before: tuple[bool, ...] | None
    facts: tuple[bool, bool]
    columns: Columns
    beside: Table | None = None


def pick(table: Table, columns: Columns, needed: Sequence[str] = ()) -> list[ColumnElement[Any]]:
    """Return the columns of a table that are asked for or needed, in the table's order; other names mean nothing."""
    if columns is None:
        return list(table.c)
    return [column for column in table.c if column.name in columns or column.name in needed]


class _Writer:
    """Writes the parts of a statement for pages of one shape.

    values are those of the condition and of the figure, cursors the sort values to start behind and to end ahead of.
    """

    def __init__(self, shape: PageShape, *, values: Slot, limit: Slot, cursors: Slot) -> None:
        self.shape = shape
        self.sorts = sorts_of(shape.table, shape.keys, shape.without_nulls, shape.beside)
        write, asked = shape.condition
        self.condition: ColumnElement[bool] = write(asked, values[0])
        self._figure = values[1]
        self._limit = limit
        self._after, self._before = cursors[0], cursors[1]

    def page(self, *more: ColumnElement[Any]) -> Select[Any]:
        """Select the rows of a page, and one more that tells whether there are more."""
        shape = self.shape
        columns = pick(shape.table, shape.columns, [name for name, _ in shape.keys])
        columns += [sort.column for sort in self.sorts.sorts if sort.column.name not in shape.table.c]
        if shape.figure:
            write, asked = shape.figure
            columns.append(write(asked, self._figure).label("figure"))
        return (
            select(*columns, *more)
            .where(self.condition, *self._bounds())
            .order_by(*self.sorts.clauses(backward=shape.backward))
            .limit(literal(self._limit, type_=Integer))
        )

    def page_or_facts(self) -> Select[Any]:
        """Select the rows of a page with what is asked for beyond them."""
        return self.beside(self._facts().subquery("facts")) if any(self.shape.facts) else self.page()

    def beside(self, facts: FromClause, *keys: ColumnElement[Any]) -> Select[Any]:
        """Join each row of facts with its page; an empty page still gives a row with the facts."""
        page = self.page(literal_column("true").label("present")).lateral("page")
        order = self.sorts.clauses([page.c[name] for name, _ in self.shape.keys], backward=self.shape.backward)
        known = [column for column in facts.c if column.name in {"total_count", "other_side"}]
        return select(*keys, *known, page).select_from(facts.outerjoin(page, true())).order_by(*keys, *order)

    def facts_of_each(self) -> Select[Any]:
        """Select the facts by aggregates over a parent's few rows: subqueries would run again for each row of a page.

        They are named as those of `_facts`.
        """
        total_count, other_side = self.shape.facts
        facts: list[ColumnElement[Any]] = []
        if total_count:
            facts.append(func.count().label("total_count"))
        if other_side:
            facts.append(func.coalesce(func.bool_or(self._other_side()), false()).label("other_side"))
        return select(*facts).select_from(self.shape.table).where(self.condition)

    def _facts(self) -> Select[Any]:
        """Select the facts each by a question of its own: only the count has to see every row."""
        total_count, other_side = self.shape.facts
        facts: list[ColumnElement[Any]] = []
        rows: Select[Any] = select(literal_column("1")).select_from(self.shape.table).where(self.condition)
        if total_count:
            facts.append(rows.with_only_columns(func.count()).scalar_subquery().label("total_count"))
        if other_side:
            facts.append(self._is_there(rows.where(self._other_side())).label("other_side"))
        return select(*facts)

    def _is_there(self, rows: Select[Any]) -> ColumnElement[bool]:
        """Return whether there are such rows on the other side of a page."""
        if not self.sorts.is_one_way:
            return exists(rows)
        # Asked for the nearest one, PostgreSQL takes the index; else it may look through all rows for any one.
        nearest = rows.order_by(*self.sorts.clauses(backward=not self.shape.backward)).limit(literal_column("1"))
        return nearest.scalar_subquery().is_not(None)

    def _other_side(self) -> ColumnElement[bool]:
        """Return which rows stand at or behind the cursor that the page starts from."""
        backward = self.shape.backward
        known, start = (self.shape.before, self._before) if backward else (self.shape.after, self._after)
        return false() if known is None else self.sorts.beyond(start, known, backward=not backward, inclusive=True)

    def _bounds(self) -> list[ColumnElement[bool]]:
        bounds = []
        if self.shape.after is not None:
            bounds.append(self.sorts.beyond(self._after, self.shape.after))
        if self.shape.before is not None:
            bounds.append(self.sorts.beyond(self._before, self.shape.before, backward=True))
        return bounds


@shaped
def page(shape: PageShape, *, values: Slot, limit: Slot, cursors: Slot) -> Select[Any]:
    """Select a page of a whole list."""
    return _Writer(shape, values=values, limit=limit, cursors=cursors).page_or_facts()


@shaped
def page_of_one(
    shape: PageShape, parents: Parents, *, key: Slot, values: Slot, limit: Slot, cursors: Slot
) -> Select[Any]:
    """Select a page of the children of one parent."""
    writer = _Writer(shape, values=values, limit=limit, cursors=cursors)
    parts = [literal(key[index], type_=Uuid()) for index in range(len(parents.keys))]
    writer.condition = and_(_is_child(shape, parents, parts), writer.condition)
    return writer.page_or_facts()


@shaped
def pages_of_each(
    shape: PageShape, parents: Parents, *, keys: Slot, values: Slot, limit: Slot, cursors: Slot
) -> Select[Any]:
    """Select a page of the children of each parent, the parents numbered from 1 as they are named."""
    writer = _Writer(shape, values=values, limit=limit, cursors=cursors)
    anchor = _anchor(parents, keys)
    parts = [anchor.c[name] for name in parents.keys]
    writer.condition = and_(_is_child(shape, parents, parts), writer.condition)
    facts: FromClause = anchor
    if any(shape.facts):
        facts = anchor.join(writer.facts_of_each().lateral("facts"), true())
    return writer.beside(facts, anchor.c.place.label("parent_place"))


def _anchor(parents: Parents, given: Slot) -> FromClause:
    """Select the keys of the parents that are there, each with its place among those given.

    A place is read at a tenth of what an id costs, and it is read for each child.
    """
    lists = [literal(given[index], type_=ARRAY(Uuid)) for index in range(len(parents.keys))]
    columns = [parents.table.c[name] for name in parents.keys]
    place = func.array_position(lists[-1], columns[-1]).label("place")
    are_given = [column == any_(ids) for column, ids in zip(columns, lists, strict=True)]
    # Sorted here, a place is worked out once for each parent and not for each child, and children come nearly in order.
    return select(*columns, place).where(*are_given).order_by(place).subquery("parent")


def _is_child(shape: PageShape, parents: Parents, keys: Sequence[ColumnElement[Any]]) -> ColumnElement[bool]:
    return and_(*(shape.table.c[name] == key for name, key in zip(parents.own, keys, strict=True)))
