"""How many objects a field gives, by its arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, IntValueNode, ListValueNode, NullValueNode, ValueNode, VariableNode

from resolvers.paging import PAGE

Given = dict[Any, Any]
"""The variables of a request, defaults included, and what was found out with them, under keys that are no names."""
Size = int | Callable[[Given], int]
"""A number, or how it follows from variables."""


@dataclass(frozen=True, slots=True)
class Times:
    """Always so many."""

    count: int

    def read(self, node: FieldNode) -> Size:  # noqa: ARG002 - the others look at it
        """Return the number."""
        return self.count


@dataclass(frozen=True, slots=True)
class ItemsOf:
    """As many as a list has that is given as an argument."""

    argument: str

    def read(self, node: FieldNode) -> Size:
        """Return the length of the list; what is no list counts as one, as GraphQL takes it."""
        value = _argument(node, self.argument)
        if isinstance(value, VariableNode):
            name = value.name.value
            return lambda given: _length(given.get(name))
        return len(value.values) if isinstance(value, ListValueNode) else 1


@dataclass(frozen=True, slots=True)
class PageSize:
    """As many as a page has: `first` or `last`, the larger one, and the usual size where neither is given."""

    def read(self, node: FieldNode) -> Size:
        """Return the size of the page; what is no number has an error of its own later."""
        sizes = [_page(value) for name in ("first", "last") if (value := _argument(node, name)) is not None]
        fixed = max((size for size in sizes if isinstance(size, int)), default=None)
        moving = [size for size in sizes if not isinstance(size, int)]
        if not moving:
            return PAGE if fixed is None else max(fixed, 0)
        if fixed is None and len(moving) == 1:
            return _follow(moving[0])
        return lambda given: _larger([fixed, *(_whole(given.get(name)) for name in moving)])


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    """Return the value of an argument, None where it is left out or null."""
    value = next((each.value for each in node.arguments or () if each.name.value == name), None)
    return None if isinstance(value, NullValueNode) else value


def _page(value: ValueNode) -> int | str:
    """Return a size that is written out, or the name of its variable."""
    if isinstance(value, VariableNode):
        return value.name.value
    return int(value.value) if isinstance(value, IntValueNode) else PAGE


def _follow(name: str) -> Size:
    """Return the size that one variable says: the usual case, in half of the time."""

    def read(given: Given) -> int:
        size = given.get(name)
        return size if type(size) is int and size >= 0 else _larger([_whole(size)])

    return read


def _larger(sizes: list[int | None]) -> int:
    known = [size for size in sizes if size is not None]
    return max(0, *known) if known else PAGE


def _whole(value: Any) -> int | None:
    """Return a variable's value as GraphQL takes it for an Int, None where there is none or it cannot be one."""
    if type(value) is int:
        return value
    return int(value) if isinstance(value, float) and value.is_integer() else None


def _length(value: Any) -> int:
    return len(value) if isinstance(value, list) else 1
