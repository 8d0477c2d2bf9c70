"""Objects that are made of sources, such as rows, only where one is asked for by itself."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, overload

T = TypeVar("T")
Column = Sequence[Any]
Reader = Callable[[Column], Column]


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
    """Objects of one kind: one is made where it is asked for, and whole columns are read without any."""

    __slots__ = ("kind", "sources")

    def __init__(self, kind: Any, sources: Column) -> None:
        self.kind = kind
        self.sources = sources

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
            return Objects(self.kind, self.sources[index])
        made: T = self.kind.of(self.sources[index])
        return made

    def column(self, name: str) -> Column:
        """Return the values of a field, one for each object."""
        return readers(self.kind)[name](self.sources)


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
