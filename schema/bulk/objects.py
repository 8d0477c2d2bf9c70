"""Objects that are made of sources, such as rows, only where one is asked for by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, overload

T = TypeVar("T")
Column = Sequence[Any]
Reader = Callable[[Column], Column]
Names = tuple[str, ...] | None


class Unusual(Exception):
    """A value that graphql-core has to complete, or to refuse."""


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


class Places(Sequence[tuple[Any, ...]]):
    """Sources of the objects of one list: what the list is, and for a single object its position there."""

    __slots__ = ("_length", "whole")

    def __init__(self, whole: tuple[Any, ...], length: int) -> None:
        self.whole = whole
        self._length = length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return ((*self.whole, index) for index in range(self._length))

    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Any, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Any, ...] | list[tuple[Any, ...]]:
        found = range(self._length)[index]
        return (*self.whole, found) if isinstance(found, int) else [(*self.whole, each) for each in found]


class _Joined(list[Any]):
    """The sources of several lists, which are read list by list."""

    def __init__(self, parts: Sequence[Places]) -> None:
        super().__init__(chain.from_iterable(parts))
        self.parts = parts


def read_places(of_list: Callable[..., Column], of_one: Callable[..., Any]) -> Read:
    """Return how a field of objects with places is read: for whole lists at once, or for single objects."""

    def column(places: Column) -> Column:
        if type(places) is Places:
            return of_list(*places.whole)
        if type(places) is not _Joined:
            return [of_one(*place) for place in places]
        columns = [of_list(*part.whole) for part in places.parts]
        is_objects = all(type(each) is Objects for each in columns)
        return join(cast("list[Objects[Any]]", columns)) if is_objects else list(chain.from_iterable(columns))

    return Read(column)


def join(lists: Sequence[Objects[Any]]) -> Objects[Any]:
    """Return the objects of all lists; raises Unusual where they are of several kinds."""
    full = [each for each in lists if each.sources]
    kinds = {each.kind for each in full}
    if len(kinds) > 1:
        raise Unusual
    names = full[0].names if full and all(each.names is full[0].names for each in full) else None
    parts = [each.sources for each in full]
    sources = _Joined(parts) if set(map(type, parts)) == {Places} else list(chain.from_iterable(parts))  # type: ignore[arg-type]  # they are Places
    return Objects(kinds.pop() if kinds else None, sources, names)


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
