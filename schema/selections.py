"""What is selected below the field that is being resolved."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from schema.context import Info

Found = TypeVar("Found")


def is_selected(info: Info, *path: str) -> bool:
    """Return whether a field, or one inside it, is selected below the field that is being resolved."""
    return remembered(info, (is_selected, path), lambda: bool(select(info, *path)))


def is_alone(info: Info) -> bool:
    """Return whether the operation selects nothing beside this field, so that no other call can be answered with it."""
    return len(info._raw_info.operation.selection_set.selections) == 1  # noqa: SLF001 - as below


def select(info: Info, *path: str) -> list[FieldNode]:
    """Return the places where a field, or one inside it, is selected; those that directives leave out are none."""
    found: list[FieldNode] = info._raw_info.field_nodes  # noqa: SLF001 - Strawberry's own reads all arguments below
    for name in path:
        found = [node for node in fields_below(info, found) if node.name.value == name]
    return found


def fields_below(info: Info, nodes: Iterable[FieldNode]) -> list[FieldNode]:
    """Return the fields that are selected inside fields, those in fragments included."""
    raw = info._raw_info  # noqa: SLF001 - as above
    return [field for node in nodes if node.selection_set for field in _fields(node.selection_set, raw)]


def remembered(info: Info, key: Hashable, find: Callable[[], Found]) -> Found:
    """Return what follows from the selection of this field, found once for all requests with the same query."""
    memory = info.context.memory
    place = (key, *map(id, info._raw_info.field_nodes))  # noqa: SLF001 - as above
    if place not in memory:
        memory[place] = find()
    found: Found = memory[place]
    return found


def _fields(selection: SelectionSetNode, raw: Any) -> list[FieldNode]:
    fields: list[FieldNode] = []
    for node in selection.selections:
        if not _is_included(node, raw.variable_values):
            continue
        if isinstance(node, FieldNode):
            fields.append(node)
        elif isinstance(node, FragmentSpreadNode):
            fragment = raw.fragments[node.name.value]
            fields += _fields(getattr(fragment, "definition", fragment).selection_set, raw)
        elif isinstance(node, InlineFragmentNode):
            fields += _fields(node.selection_set, raw)
    return fields


def _is_included(node: SelectionNode, variables: dict[str, Any]) -> bool:
    said = {
        directive.name.value: value_from_ast_untyped(condition.value, variables)
        for directive in node.directives or ()
        for condition in directive.arguments or ()
    }
    return bool(said.get("include", True) and not said.get("skip", False))
