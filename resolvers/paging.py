"""Keyset pages: what a client asks for, and the cursors that carry the place in an order."""

import base64
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Date, Double, Integer, Table, Text, Uuid, and_, false, literal, or_, true, tuple_
from sqlalchemy.sql.elements import UnaryExpression

from resolvers.errors import BadCursor, BadUserInput
from resolvers.importers.times import EARLIEST, LATEST
from resolvers.store.database import Row
from resolvers.store.instants import Instant

PAGE = 20
MOST = 500
MOST_OF_ONE_RUN = 5000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows of an order are asked for: limit rows between `after` and `before`, the last ones if backward."""

    limit: int
    backward: bool = False
    after: str | None = None
    before: str | None = None


class Carried(NamedTuple):
    """What the cursor of a ranked row carries: its place, how many are better, and what was seen at that moment."""

    place: int
    better: int
    seen: str


@dataclass(frozen=True, slots=True)
class Sort:
    """One key of an order; nulls come last in both directions."""

    column: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """A total order of a table's rows: names of columns, each with whether it falls.

    mark tells cursors of this order and filter from those of others; without_nulls says that no row has one. beside is
    a table that has one row for each of these rows, and the columns of the order which the table itself does not have;
    the condition of the listing joins the two.
    """

    table: Table
    keys: tuple[tuple[str, bool], ...]
    mark: "Mark"
    without_nulls: bool = False
    beside: Table | None = None

    @property
    def sorts(self) -> "Sorts":
        """The columns to order by."""
        return sorts_of(self.table, self.keys, self.without_nulls, self.beside)

    @property
    def columns(self) -> list[str]:
        """Their names."""
        return [name for name, _ in self.keys]

    def encode(self, row: Row, *more: object) -> str:
        """Return the cursor of a row, which has the columns of the order; it carries more, if given."""
        values = [row[name] for name, _ in self.keys]
        return (
            base64.urlsafe_b64encode(orjson.dumps([self.mark.text, *values, *more], default=str)).decode().rstrip("=")
        )

    def decode(self, cursor: str) -> list[Any]:
        """Return the sort values of a cursor.

        Raises:
            BadCursor: it is no cursor, or one of another order or filter.
        """
        return self.decode_more(cursor)[0]

    def decode_more(self, cursor: str) -> tuple[list[Any], Carried | None]:
        """Return the sort values of a cursor, and what else it carries; raises BadCursor."""
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            mark, *values = orjson.loads(base64.b64decode(padded, altchars="-_", validate=True))
            given, more = values[: len(self.keys)], values[len(self.keys) :]
            if mark == self.mark.text and len(given) == len(self.keys):
                found = [_value(sort, value) for sort, value in zip(self.sorts.sorts, given, strict=True)]
                return found, _carried(more) if more else None
        except (ValueError, TypeError):
            pass
        raise BadCursor("The cursor belongs to another order or filter, or is no cursor: start from the first page.")


@dataclass(frozen=True, slots=True)
class Sorts:
    """The columns of an order, and the SQL that follows from them."""

    sorts: tuple[Sort, ...]

    @property
    def is_one_way(self) -> bool:
        """Whether an index on the columns has this order, if there is one: no nulls, one direction."""
        return len({sort.descending for sort in self.sorts}) == 1 and not any(sort.nullable for sort in self.sorts)

    def clauses(
        self, columns: Sequence[ColumnElement[Any]] | None = None, *, backward: bool = False
    ) -> list[UnaryExpression[Any]]:
        """Return the ORDER BY, over copies of the sort columns where those are given."""
        columns = columns or [sort.column for sort in self.sorts]
        return [_clause(sort, column, backward=backward) for sort, column in zip(self.sorts, columns, strict=True)]

    def beyond(
        self, values: Any, known: Sequence[bool], *, backward: bool = False, inclusive: bool = False
    ) -> ColumnElement[bool]:
        """Return the condition for rows that come after the row with these sort values, or before it if backward.

        values: a sequence, or the slot of one.
        known: whether each value is not null.
        inclusive: the row itself meets it, too.
        """
        given = [values[index] if is_known else None for index, is_known in enumerate(known)]
        if self.is_one_way:
            return _row_comparison(self.sorts, given, backward=backward, inclusive=inclusive)
        condition: ColumnElement[bool] = true() if inclusive else false()
        for sort, value in reversed(list(zip(self.sorts, given, strict=True))):
            condition = or_(_beyond(sort, value, backward=backward), and_(_same(sort, value), condition))
        return condition


@lru_cache(maxsize=500)
def sorts_of(
    table: Table, keys: tuple[tuple[str, bool], ...], without_nulls: bool, beside: Table | None = None
) -> Sorts:
    """Return the columns of an order, those that the table does not have from the one beside it."""
    places = table.c if beside is None else {**beside.c, **table.c}
    columns = [(places[name], falling) for name, falling in keys]
    return Sorts(
        tuple(Sort(column, falling, bool(column.nullable) and not without_nulls) for column, falling in columns)
    )


def known_parts(values: Sequence[Any] | None) -> tuple[bool, ...] | None:
    """Return which of the sort values of a cursor are not null, None without a cursor: it changes the comparison."""
    return None if values is None else tuple(value is not None for value in values)


class Mark:
    """What tells cursors of an order and filter from those of others; written only where there is a cursor."""

    def __init__(self, parts: tuple[object, ...]) -> None:
        self._parts = parts

    @cached_property
    def text(self) -> str:
        """Twelve hexadecimal digits; equal parts have equal ones."""
        said = orjson.dumps(self._parts, default=str, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(said).hexdigest()[:12]


def mark_of(*parts: object) -> Mark:
    """Return the mark of an order and filter."""
    return Mark(parts)


def request_page(
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    *,
    most: int = MOST,
) -> PageRequest:
    """Check the four arguments of a connection.

    Raises:
        BadUserInput: first and last together, a negative number, or one above the limit.
    """
    if first is not None and last is not None:
        raise BadUserInput("Ask for first or last, not for both.")
    name, limit = ("last", last) if last is not None else ("first", PAGE if first is None else first)
    if limit < 0:
        raise BadUserInput(f"{name} must not be negative: {limit}.")
    if limit > most:
        raise BadUserInput(f"{name} is {limit} and at most {most} are given at once: ask for pages.")
    return PageRequest(limit=limit, backward=last is not None, after=after, before=before)


def _clause(sort: Sort, column: ColumnElement[Any], *, backward: bool) -> UnaryExpression[Any]:
    clause = column.desc() if sort.descending is not backward else column.asc()
    if not sort.nullable:
        return clause
    return clause.nulls_first() if backward else clause.nulls_last()


def _row_comparison(
    sorts: Sequence[Sort], values: Sequence[Any], *, backward: bool, inclusive: bool
) -> ColumnElement[bool]:
    columns = tuple_(*(sort.column for sort in sorts))
    bounds = tuple_(*(_literal(sort, value) for sort, value in zip(sorts, values, strict=True)))
    if sorts[0].descending is not backward:
        return columns <= bounds if inclusive else columns < bounds
    return columns >= bounds if inclusive else columns > bounds


def _beyond(sort: Sort, value: Any, *, backward: bool) -> ColumnElement[bool]:
    if value is None:
        return sort.column.is_not(None) if backward else false()
    bound = _literal(sort, value)
    condition = sort.column < bound if sort.descending is not backward else sort.column > bound
    return or_(condition, sort.column.is_(None)) if sort.nullable and not backward else condition


def _same(sort: Sort, value: Any) -> ColumnElement[bool]:
    return sort.column.is_(None) if value is None else sort.column == _literal(sort, value)


def _literal(sort: Sort, value: Any) -> ColumnElement[Any]:
    return literal(value, type_=sort.column.type)


def _value(sort: Sort, value: Any) -> Any:
    """Return a decoded sort value in its column's type; ValueError or TypeError if it cannot be one."""
    if value is None and sort.nullable:
        return None
    kind = sort.column.type
    if isinstance(kind, Double) and isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(kind, Integer | type(Instant)) and type(value) is int and value in _RANGES[type(kind)]:
        return value
    if isinstance(value, str) and "\x00" not in value and type(kind) in _READ:
        return _READ[type(kind)](value)
    raise TypeError(value)


def _carried(more: Sequence[Any]) -> Carried:
    """Return what a cursor carries beyond sort values; ValueError or TypeError if it cannot be that."""
    place, better, seen = more
    are_counts = type(place) is int and type(better) is int and 0 <= better < place < 2**31
    if are_counts and isinstance(seen, str) and "\x00" not in seen:
        return Carried(place, better, seen)
    raise TypeError(more)


_RANGES = {Integer: range(-(2**31), 2**31), type(Instant): range(int(EARLIEST), int(LATEST) + 1)}
_READ: Mapping[type, Callable[[str], Any]] = {Date: date.fromisoformat, Uuid: UUID, Text: str}
