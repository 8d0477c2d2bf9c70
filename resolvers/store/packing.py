"""Rows for COPY in PostgreSQL's binary format, packed from columns by numpy: no Python object for each value.

A row is the number of its columns, then the length of each value in bytes (-1 for null) and the value, big-endian.
Columns of fixed width stand first, so that they are one array of records; texts follow, each with its length.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
_TRAILER = b"\xff\xff"
_NULL = -1
_PART = 2**19
"""Bytes that are handed to the connection at once."""
_COLUMNS = "number of columns"


@dataclass(frozen=True, slots=True)
class Fixed:
    """A column of values of one width: uuids as 16 bytes, int32, int64 or float64; and which of them are null."""

    values: NDArray[Any]
    nulls: NDArray[np.bool_] | None = None

    @property
    def width(self) -> int:
        """Return the bytes of a value."""
        return self.values.dtype.itemsize

    @property
    def spelling(self) -> str:
        """Return numpy's name of such values as PostgreSQL sends them."""
        kind = self.values.dtype
        return kind.str if kind.kind == "V" else f">{kind.kind}{kind.itemsize}"


@dataclass(frozen=True, slots=True)
class Packed:
    """Rows with values for these columns, with what comes before the first and after the last."""

    columns: list[str]
    rows: bytes

    async def parts(self) -> AsyncIterator[bytes]:
        """Give what is sent."""
        for start in range(0, len(self.rows), _PART):
            yield self.rows[start : start + _PART]


def pack(fixed: Mapping[str, Fixed], texts: Mapping[str, Iterable[bytes]]) -> Packed:
    """Return rows of columns of fixed width and of texts, which `pack_texts` or `pack_json` made."""
    starts = _pack_fixed(fixed, len(fixed) + len(texts))
    rows = chain.from_iterable(zip(starts, *texts.values(), strict=True))
    return Packed([*fixed, *texts], b"".join(chain([_HEADER], rows, [_TRAILER])))


def pack_ids(ids: Sequence[UUID], counts: Sequence[int]) -> Fixed:
    """Return a column of uuids, each as often as is said."""
    return Fixed(np.repeat(np.frombuffer(b"".join(id.bytes for id in ids), dtype="V16"), counts))


def pack_numbers(values: NDArray[np.float64]) -> Fixed:
    """Return a column of double precision; NaN is null."""
    nulls = np.isnan(values)
    return Fixed(values, nulls if nulls.any() else None)


def pack_texts(texts: Sequence[str | None]) -> list[bytes]:
    """Return a column of text; equal texts are encoded once."""
    known = {text: _with_length(None if text is None else text.encode()) for text in set(texts)}
    return [known[text] for text in texts]


def pack_json(documents: Sequence[bytes]) -> list[bytes]:
    """Return a column of jsonb from the text of each value; equal texts are packed once."""
    known = {document: _with_length(b"\x01" + document) for document in set(documents)}
    return [known[document] for document in documents]


def _with_length(value: bytes | None) -> bytes:
    if value is None:
        return _NULL.to_bytes(4, "big", signed=True)
    return len(value).to_bytes(4, "big") + value


def _pack_fixed(fixed: Mapping[str, Fixed], columns: int) -> list[bytes]:
    """Return what each row has of fixed width, from the number of its columns on."""
    layout = _layout(fixed)
    rows = np.empty(len(next(iter(fixed.values())).values), dtype=layout)
    rows[_COLUMNS] = columns
    for name, column in fixed.items():
        rows[name]["length"] = column.width
        rows[name]["value"] = column.values
    nullable = {name: column.nulls for name, column in fixed.items() if column.nulls is not None}
    if not nullable:
        return _cut(rows.tobytes(), range(0, rows.nbytes + 1, layout.itemsize))
    sent = np.ones((len(rows), layout.itemsize), dtype=np.bool_)
    for name, nulls in nullable.items():
        rows[name]["length"][nulls] = _NULL
        start = _start(layout, name)
        sent[:, start : start + fixed[name].width] = ~nulls[:, None]
    widths = layout.itemsize - sum(nulls * fixed[name].width for name, nulls in nullable.items())
    places = np.concatenate([[0], np.cumsum(widths)])
    return _cut(rows.view(np.uint8).reshape(sent.shape)[sent].tobytes(), places.tolist())


def _layout(fixed: Mapping[str, Fixed]) -> np.dtype[np.void]:
    cells = [(name, [("length", ">i4"), ("value", column.spelling)]) for name, column in fixed.items()]
    return np.dtype([(_COLUMNS, ">i2"), *cells])


def _start(layout: np.dtype[np.void], name: str) -> int:
    """Return where the value of a column starts in a row."""
    fields: Any = layout.fields
    return int(fields[name][1]) + 4


def _cut(joined: bytes, places: Iterable[int]) -> list[bytes]:
    return [joined[start:stop] for start, stop in pairwise(places)]
