"""Rows for COPY from columns of numpy, without a Python object a value: millions of rows in seconds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resolvers.store.database import Transaction
from resolvers.store.instants import EPOCH_2000

Bytes = NDArray[np.uint8]
Words = NDArray[np.bytes_]

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_TEXT_OID = 25
_DAYS_2000 = 10_957
"""2000-01-01 in days since 1970-01-01."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The bytes of one column as PostgreSQL sends them, a row of equal width for each value.

    lengths says how many bytes of each row count, -1 for null; None: all of them.
    """

    data: Bytes
    lengths: NDArray[np.int32] | None = None


def pack_ids(high: NDArray[np.uint64], low: NDArray[np.uint64]) -> Packed:
    """Return uuids from their upper and lower 64 bits."""
    return Packed(np.column_stack([_bytes(high, ">u8"), _bytes(low, ">u8")]))


def pack_integers(values: NDArray[np.int64]) -> Packed:
    """Return a column of integer."""
    return Packed(_bytes(values, ">i4"))


def pack_flags(values: NDArray[np.bool_]) -> Packed:
    """Return a column of boolean."""
    return Packed(_bytes(values, "u1"))


def pack_numbers(values: NDArray[np.float64]) -> Packed:
    """Return a column of double precision; NaN is null."""
    return Packed(_bytes(values, ">f8"), _lengths(8, ~np.isnan(values)))


def pack_times(microseconds: NDArray[np.int64], known: NDArray[np.bool_] | None = None) -> Packed:
    """Return a column of timestamptz from microseconds since 1970 UTC, null where not known."""
    return Packed(_bytes(microseconds - EPOCH_2000, ">i8"), None if known is None else _lengths(8, known))


def pack_days(days: NDArray[np.int64]) -> Packed:
    """Return a column of date from days since 1970-01-01."""
    return Packed(_bytes(days - _DAYS_2000, ">i4"))


def pack_words(words: Sequence[str | None], chosen: NDArray[np.int64]) -> Packed:
    """Return a column of text: for each position the word, None is null."""
    known = np.array([word is not None for word in words])[chosen]
    return _pack_bytes(np.array([(word or "").encode() for word in words])[chosen], known)


def pack_texts(texts: Sequence[str]) -> Packed:
    """Return a column of text, a text for each row."""
    return pack_words(texts, np.arange(len(texts)))


def pack_json(texts: Sequence[str]) -> Packed:
    """Return a column of jsonb from the text of each value."""
    return pack_texts([f"\x01{text}" for text in texts])


def pack_lists(lists: Sequence[Sequence[str]], chosen: NDArray[np.int64]) -> Packed:
    """Return a column of text[]: for each position the list."""
    return _pack_bytes(np.array([_array(words) for words in lists])[chosen])


def pack_nulls(count: int) -> Packed:
    """Return so many nulls."""
    return Packed(np.zeros((count, 0), np.uint8), np.full(count, -1, np.int32))


def take_rows(column: Packed, rows: NDArray[np.int64]) -> Packed:
    """Return some rows of a column."""
    return Packed(column.data[rows], None if column.lengths is None else column.lengths[rows])


def read_numbers(column: Packed) -> NDArray[np.float64]:
    """Return the values of a column of double precision, NaN for null."""
    values = column.data.view(">f8")[:, 0].astype(np.float64)
    return values if column.lengths is None else np.where(column.lengths < 0, np.nan, values)


def read_words(column: Packed) -> list[str]:
    """Return the values of a column of text without nulls."""
    lengths = np.full(len(column.data), column.data.shape[1]) if column.lengths is None else column.lengths
    return [row[:length].tobytes().decode() for row, length in zip(column.data, lengths.tolist(), strict=True)]


async def copy_columns(transaction: Transaction, table: str, columns: Mapping[str, Packed]) -> None:
    """Add rows to a table by COPY in its binary format."""
    connection = transaction._connection
    rows = _HEADER + _join(list(columns.values())) + _TRAILER
    await connection.copy_to_table(table, source=_parts(rows), columns=list(columns), format="binary")


async def _parts(rows: bytes):  # type: ignore[no-untyped-def]  # an asynchronous generator, as asyncpg asks for
    for start in range(0, len(rows), 1 << 19):
        yield rows[start : start + (1 << 19)]


def _join(columns: Sequence[Packed]) -> bytes:
    """Return the rows: each value behind its length, and the bytes that do not count left out."""
    count = len(columns[0].data)
    width = 2 + sum(4 + column.data.shape[1] for column in columns)
    rows, counts = np.empty((count, width), np.uint8), np.ones((count, width), np.bool_)
    rows[:, :2] = _bytes(np.full(count, len(columns)), ">i2")
    place = 2
    for column in columns:
        wide = column.data.shape[1]
        lengths = np.full(count, wide, np.int32) if column.lengths is None else column.lengths
        rows[:, place : place + 4] = _bytes(lengths, ">i4")
        rows[:, place + 4 : place + 4 + wide] = column.data
        if column.lengths is not None:
            counts[:, place + 4 : place + 4 + wide] = np.arange(wide) < lengths[:, None]
        place += 4 + wide
    return rows[counts].tobytes()


def _bytes(values: NDArray[np.generic], kind: str) -> Bytes:
    """Return the bytes of each value, a row of them."""
    return np.ascontiguousarray(values.astype(kind)).view(np.uint8).reshape(len(values), -1)


def _lengths(width: int, known: NDArray[np.bool_]) -> NDArray[np.int32]:
    return np.where(known, width, -1).astype(np.int32)


def _pack_bytes(words: Words, known: NDArray[np.bool_] | None = None) -> Packed:
    lengths = np.strings.str_len(words).astype(np.int32)
    if known is not None:
        lengths = np.where(known, lengths, -1).astype(np.int32)
    return Packed(np.ascontiguousarray(words).view(np.uint8).reshape(len(words), -1), lengths)


def _array(words: Sequence[str]) -> bytes:
    if not words:
        return b"".join(_number(each) for each in (0, 0, _TEXT_OID))
    sizes = (1, 0, _TEXT_OID, len(words), 1)
    return b"".join((*map(_number, sizes), *(_number(len(word.encode())) + word.encode() for word in words)))


def _number(value: int) -> bytes:
    return value.to_bytes(4, "big", signed=True)
