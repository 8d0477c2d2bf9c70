"""Statements that SQLAlchemy Core writes once per shape, and that then cost no more than collecting their values.

What changes the text of a statement is its shape: names of columns, operators, nesting, whether a value is null. All
else is a value, which is bound and comes with each call. So the same question with other values is not written again:

    @shaped
    def _runs(columns: frozenset[str], *, ids: Slot) -> Select[Any]:
        return select(*pick(backtests, columns)).where(is_one_of(backtests.c.id, ids))

    await database.fetch(_runs(columns, ids=[…]))

Positional arguments are the shape and must be hashable; keyword arguments are values. The function sees a `Slot` for
each value, puts it where the value would stand, and is called again only for a shape that is not kept.
"""

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, update_wrapper
from operator import itemgetter
from typing import Any, cast

from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import ClauseElement

from resolvers.store.clusters import CLUSTER_DIALECT

KEPT = 200
"""Shapes that are kept of each statement, the last used ones; a client that invents shapes fills no more than this,
some 0.2 MB for each of the largest filters."""

Reader = Callable[[Mapping[str, Any]], Any]

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call]


class Slot:
    """The place of a value, or of a part of one, in a statement that is being written."""

    __slots__ = ("_name", "_steps")

    def __init__(self, name: str, steps: tuple[Callable[[Any], Any], ...] = ()) -> None:
        self._name = name
        self._steps = steps

    def __getitem__(self, key: Any) -> "Slot":
        """Return the place of an item of the value."""
        return Slot(self._name, (*self._steps, itemgetter(key)))

    def reader(self) -> "Reader":
        """Return what takes the value that belongs here from those of a call."""
        first, steps = itemgetter(self._name), self._steps
        return partial(_walk, (first, *steps)) if steps else first


@dataclass(frozen=True, slots=True)
class Statement:
    """The text of a statement, the one for a cluster, and the arguments of either, ready to be run."""

    text: str
    cluster_text: str
    arguments: Sequence[object]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The texts of a statement, the names of its parameters in order, and what was put there as it was written."""

    text: str
    cluster_text: str
    names: Sequence[str]
    parameters: Sequence[Any]


class Shaped:
    """A statement that is written once per shape."""

    def __init__(self, write: Callable[..., ClauseElement]) -> None:
        update_wrapper(self, write)
        self._write = write
        parameters = inspect.signature(write).parameters.values()
        self._slots = {each.name: Slot(each.name) for each in parameters if each.kind is each.KEYWORD_ONLY}
        self._compiled = lru_cache(maxsize=KEPT)(self._compile)

    def __call__(self, *shape: Hashable, **values: Any) -> Statement:
        """Return the statement of this shape with these values."""
        text, cluster_text, readers = self._compiled(*shape)
        return Statement(text, cluster_text, [read(values) for read in readers])

    def forget(self) -> None:
        """Write every shape anew from now on."""
        self._compiled.cache_clear()

    @property
    def written(self) -> int:
        """How often it was written so far."""
        return self._compiled.cache_info().misses

    @property
    def kept(self) -> int:
        """How many shapes are kept now."""
        return self._compiled.cache_info().currsize

    def _compile(self, *shape: Hashable) -> tuple[str, str, list[Reader]]:
        compiled = compile_statement(self._write(*shape, **self._slots))
        return compiled.text, compiled.cluster_text, [_reader(each) for each in compiled.parameters]


def shaped(write: Callable[..., ClauseElement]) -> Shaped:
    """Have a function that writes a statement called once per shape; see the head of this module."""
    return Shaped(write)


def compile_statement(statement: ClauseElement) -> Compiled:
    """Return the text of a statement and what is bound in it."""
    compiled = _compile(statement, _DIALECT)
    text, names = str(compiled), list(compiled.positiontup or [])
    # Locks are the only difference: most statements have none, and are not written twice.
    cluster_text = str(_compile(statement, CLUSTER_DIALECT)) if " FOR " in text else text
    return Compiled(text, cluster_text, names, [compiled.params[name] for name in names])


def _compile(statement: ClauseElement, dialect: Dialect) -> SQLCompiler:
    return cast("SQLCompiler", statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))


def _reader(bound: Any) -> Reader:
    return bound.reader() if isinstance(bound, Slot) else lambda _: bound


def _walk(steps: Sequence[Callable[[Any], Any]], value: Any) -> Any:
    for step in steps:
        value = step(value)
    return value
