"""Instants: timestamptz in a table, int64 microseconds since 1970-01-01 UTC in Python."""

from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Interval, TypeDecorator, literal_column
from sqlalchemy.dialects.postgresql import TIMESTAMP

EPOCH_2000 = 946_684_800_000_000
"""2000-01-01 UTC, PostgreSQL's own zero, in microseconds since 1970-01-01 UTC."""

# In hours, for days and months would have it look into the calendar of the time zone.
_THIRTY_YEARS = literal_column("interval '262968 hours'", Interval())


class _Instant(TypeDecorator[int]):
    """A timestamptz that is moved between the two zeros as it enters and leaves a statement.

    A connection passes the int64 of the wire through as it is, and adding an interval costs PostgreSQL next to nothing:
    a decoder in Python would cost more than all the rest of a row. A COPY has to move it by itself.
    """

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def column_expression(self, column: ColumnElement[Any]) -> ColumnElement[Any]:
        return column + _THIRTY_YEARS

    def bind_expression(self, bindparam: BindParameter[int]) -> ColumnElement[Any]:
        return bindparam - _THIRTY_YEARS


Instant = _Instant()
