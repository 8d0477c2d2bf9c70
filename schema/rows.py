"""The objects made of rows, and what of the rows their selection takes."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from graphql import FieldNode
from strawberry.types.field import StrawberryField

from resolvers.backtests import load_backtests
from resolvers.loaders import Load
from resolvers.store.database import Row
from schema.bulk import Objects, Stored
from schema.context import Info
from schema.selections import fields_below, remembered, select

Kind = TypeVar("Kind", bound=Stored)
Columns = frozenset[str] | None
"""Columns of a table; None for all."""

EVERYTHING = "*"


def make(kind: type[Kind], rows: Sequence[Any]) -> Sequence[Any]:
    """Return the objects of rows in their order, None for a row that is not there."""
    if any(row is None for row in rows):
        return [make_one(kind, row) for row in rows]
    return Objects(kind, rows)


def make_one(kind: type[Kind], row: Row | None) -> Kind | None:
    """Return the object of a row, None where there is none."""
    return None if row is None else kind.of(row)


def needed_columns(info: Info, kind: type[Stored], *paths: tuple[str, ...]) -> Columns:
    """Return the columns that objects of a kind need for what is selected of them.

    Args:
        info: of the field that is being resolved.
        kind: the objects' kind.
        paths: where they stand below the field; the field gives them itself unless told.
    """
    return remembered(info, (needed_columns, kind, paths), lambda: _needed(info, kind, paths or ((),)))


def _needed(info: Info, kind: type[Stored], paths: Iterable[tuple[str, ...]]) -> Columns:
    found = frozenset(name for path in paths for name in _names(info, kind, select(info, *path)))
    return None if EVERYTHING in found else found


def _names(info: Info, kind: Any, nodes: Sequence[FieldNode]) -> Iterable[str]:
    fields = _fields(kind, info.schema)
    for node in fields_below(info, nodes):
        field = fields.get(node.name.value)
        read = kind.reads.get(field.python_name) if field else None
        if read is not None and read.inside is not None:
            yield from _names(info, read.inside, [node])
        elif field is not None:
            yield from _of_field(field, read)


def _of_field(field: StrawberryField, read: Any) -> Iterable[str]:
    if field.metadata.get("batched"):
        return tuple(field.metadata["needs"])
    if field.base_resolver is not None:
        return (EVERYTHING,)
    return read.needs if read else (field.python_name,)


@cache
def _fields(kind: Any, schema: Any) -> Mapping[str, StrawberryField]:
    """Return the fields of a kind by their names in queries."""
    name_of = schema.config.name_converter.get_graphql_name
    return {name_of(field): field for field in kind.__strawberry_definition__.fields}


def see(info: Info, objects: Objects[Any]) -> None:
    """Keep the rows of objects that things belong to, so that these need not ask for their owner again."""
    info.context.seen.update((row["id"], row) for row in objects.sources)


async def load_owners(info: Info, kind: type[Kind], load: Load, ids: Sequence[UUID]) -> Sequence[Kind]:
    """Return the owner of each of many things, out of those that were seen where they have what is selected."""
    needed = needed_columns(info, kind)
    seen: dict[UUID, Any] = info.context.seen
    found = {} if needed is None else {id: seen[id] for id in ids if id in seen and needed.issubset(seen[id].keys())}
    if missing := [id for id in dict.fromkeys(ids) if id not in found]:
        found.update(zip(missing, await load(info.context.database, missing, columns=needed), strict=True))
    return make(kind, [found[id] for id in ids])


async def load_runs(info: Info, ids: Sequence[UUID]) -> Sequence[Any]:
    """Return the run that each of many things belongs to."""
    from schema.backtests import Backtest  # noqa: PLC0415 - runs know their trades, trades their run: one is late

    return await load_owners(info, Backtest, load_backtests, ids)
