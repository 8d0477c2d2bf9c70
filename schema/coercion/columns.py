"""Input objects kept as columns."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")
Result = TypeVar("Result")


class Table(Generic[T]):
    """Objects of one input type as one list for each field that any of them was given.

    `absent` holds the value of each field that may be left out.
    """

    __slots__ = ("_results", "absent", "given", "kind", "length")

    def __init__(
        self, kind: type[T], length: int, given: Mapping[str, Sequence[Any]], absent: Mapping[str, Any]
    ) -> None:
        self.kind = kind
        self.length = length
        self.given = given
        self.absent = absent
        self._results: dict[Callable[[Table[T]], Any], Any] = {}

    def column(self, name: str) -> Sequence[Any]:
        """Return a field of all objects, by its name in Python."""
        if name in self.given:
            return self.given[name]
        return [self.absent[name]] * self.length if self.length else []

    def once(self, function: "Callable[[Table[T]], Result]") -> Result:
        """Return what a function makes of the table; it is called once, however many lists are parts of the table."""
        if function not in self._results:
            self._results[function] = function(self)
        result: Result = self._results[function]
        return result

    def objects(self, start: int = 0, stop: int | None = None) -> list[T]:
        """Make the objects from one position to another."""
        names, absent = tuple(self.given), self.absent
        if not names:
            return [self.kind(**absent) for _ in range(self.length)[start:stop]]
        rows = zip(*(column[start:stop] for column in self.given.values()), strict=True)
        return [self.kind(**{**absent, **dict(zip(names, row, strict=True))}) for row in rows]


class Columns(Sequence[T]):
    """A list of input objects that are rows of a table from `start` to `stop`; an object is made when asked for."""

    __slots__ = ("start", "stop", "table")

    def __init__(self, table: Table[T], start: int, stop: int) -> None:
        self.table = table
        self.start = start
        self.stop = stop

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, position: int) -> T: ...
    @overload
    def __getitem__(self, position: slice) -> list[T]: ...
    def __getitem__(self, position: int | slice) -> T | list[T]:
        return self.table.objects(self.start, self.stop)[position]

    def __iter__(self) -> Any:
        return iter(self.table.objects(self.start, self.stop))


def in_columns(objects: Sequence[T], kind: type[T], names: Sequence[str]) -> Columns[T]:
    """Return input objects of a type as columns; those that are not yet get a table with the fields named."""
    if isinstance(objects, Columns):
        return objects
    given = {name: [getattr(each, name) for each in objects] for name in names}
    return Columns(Table(kind, len(objects), given, {}), 0, len(objects))
