"""Objects that are made of sources, such as rows, only where one is asked for by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, overload

T = TypeVar("T")
Column = Sequence[Any]
Reader = Callable[[Column], Column]
Names = tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Read:
    """How a field is read that is not just the column of its name.

    Attributes:
        column: gives the values of many sources.
        needs: the columns of the sources' table that it takes.
        inside: the type of the field, where that is read from the same sources.
    """

    column: Reader
    needs: tuple[str, ...] = ()
    inside: type | None = None


class Stored:
    """An object whose fields are read from its source when they are asked for."""

    reads: ClassVar[Mapping[str, Read]] = {}
    """The fields that are not just the column of their name."""

    if TYPE_CHECKING:
        source: Any

    @classmethod
    def of(cls, source: Any) -> Self:
        """Return the object of a source."""
        made = cls.__new__(cls)
        made.source = source
        return made

    if not TYPE_CHECKING:  # else every attribute would be known to the type checker

        def __getattr__(self, name: str) -> Any:
            """Return the value of a field."""
            reader = readers(type(self)).get(name)
            if reader is None:
                raise AttributeError(f"{type(self).__name__} has no {name}.")
            return reader([self.source])[0]


class Objects(Sequence[T], Generic[T]):
    """Objects of one kind: one is made where it is asked for, and whole columns are read without any.

    Attributes:
        kind: a type with Stored.
        sources: what each object is read from.
        names: of the columns of the sources, where these are rows of one statement; then all columns are turned out of
            the rows at once, which takes a fifth of the time.
    """

    __slots__ = ("_columns", "kind", "names", "sources")

    def __init__(self, kind: Any, sources: Column, names: Names = None) -> None:
        self.kind = kind
        self.sources = sources
        self.names = names
        self._columns: dict[str, Column] = {}

    def __len__(self) -> int:
        return len(self.sources)

    def __iter__(self) -> Iterator[T]:
        return map(self.kind.of, self.sources)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> "Objects[T]": ...
    def __getitem__(self, index: int | slice) -> "T | Objects[T]":
        if isinstance(index, slice):
            return Objects(self.kind, self.sources[index], self.names)
        made: T = self.kind.of(self.sources[index])
        return made

    def column(self, name: str) -> Column:
        """Return the values of a field, one for each object."""
        read = self.kind.reads.get(name)
        if read is None:
            return self._rows_column(name)
        return self._inside(read.inside) if read.inside else read.column(self.sources)

    def _rows_column(self, name: str) -> Column:
        if self.names is None:
            return list(map(itemgetter(name), self.sources))
        if not self._columns:
            self._columns.update(zip(self.names, zip(*self.sources, strict=True), strict=True))
        return self._columns[name]

    def _inside(self, kind: type) -> "Objects[Any]":
        """Return objects of another kind of the same rows."""
        inside: Objects[Any] = Objects(kind, self.sources, self.names)
        inside._columns = self._columns
        return inside


def gather(objects: Sequence[T]) -> Sequence[T]:
    """Return objects that give whole columns, where they are all stored ones of one kind; else the same objects."""
    if type(objects) is Objects:
        return objects
    kinds = set(map(type, objects))
    kind = kinds.pop() if len(kinds) == 1 else None
    if kind is None or not issubclass(kind, Stored):
        return objects
    return Objects(kind, [each.source for each in objects])  # type: ignore[attr-defined]  # they are stored ones


@cache
def readers(kind: Any) -> Mapping[str, Reader]:
    """Return what reads each field of a kind that has no resolver."""
    names = [field.python_name for field in kind.__strawberry_definition__.fields if field.base_resolver is None]
    return {name: kind.reads[name].column if name in kind.reads else _column(name) for name in names}


def _column(name: str) -> Reader:
    of = itemgetter(name)
    return lambda sources: list(map(of, sources))
