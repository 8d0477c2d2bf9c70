"""Connections, by the GraphQL Cursor Connections Specification, and what of one is asked for."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from graphql import (
    FieldNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    value_from_ast_untyped,
)

from resolvers.pages import Page, Wanted
from resolvers.store.database import Row
from schema.context import Info

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="So many from the start, or behind `after`. 20 unless told.")
]
After = Annotated[str | None, strawberry.argument(description="The cursor of an edge: what comes behind it.")]
Last = Annotated[int | None, strawberry.argument(description="So many from the end, or ahead of `before`.")]
Before = Annotated[str | None, strawberry.argument(description="The cursor of an edge: what comes ahead of it.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo:
    """Facts about a page."""

    has_next_page: bool = strawberry.field(description="Whether more comes behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether more comes ahead of this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge. Null where the page is empty.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge. Null where the page is empty.")


@strawberry.type(description="One thing in a list, with its place in it.")
class Edge(Generic[T]):
    """A node and its cursor."""

    cursor: str = strawberry.field(description="The place in this order and filter, for `after` and `before`.")
    node: T = strawberry.field(description="The thing.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[T]):
    """Edges, the same as nodes, and facts about the list."""

    edges: list[Edge[T]] = strawberry.field(description="The things of this page, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The things of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")
    total_count: int = strawberry.field(description="Length of the whole list. Counted only when asked for.")


def connect(page: Page, make: Callable[[Row], T]) -> Connection[T]:
    """Return a page of rows as a connection of things made from them."""
    nodes = [make(row) for row in page.rows]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=page_info(page.has_next, page.has_previous, page.cursors),
        total_count=page.total_count,  # type: ignore[arg-type]  # None only where nobody asked
    )


def page_info(has_next: bool, has_previous: bool, cursors: Sequence[str]) -> PageInfo:
    """Return the facts about a page with these cursors."""
    return PageInfo(
        has_next_page=has_next,
        has_previous_page=has_previous,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=cursors[-1] if cursors else None,
    )


def wanted(info: Info, *, backward: bool = False) -> Wanted:
    """Return what of a connection is asked for beyond its rows."""
    other = "hasNextPage" if backward else "hasPreviousPage"
    return Wanted(total_count=is_selected(info, "totalCount"), other_side=is_selected(info, "pageInfo", other))


def is_selected(info: Info, *path: str) -> bool:
    """Return whether a field, or one inside it, is selected below the field that is being resolved."""
    raw: Any = info._raw_info  # noqa: SLF001 - Strawberry's own selected_fields reads all arguments of the subtree
    levels = [node.selection_set for node in raw.field_nodes if node.selection_set]
    for name in path:
        found = [node for level in levels for node in _fields(level, raw) if node.name.value == name]
        if not found:
            return False
        levels = [node.selection_set for node in found if node.selection_set]
    return True


def _fields(selection: SelectionSetNode, raw: Any) -> list[FieldNode]:
    """Return the fields of a selection, those in its fragments included and those that are skipped left out."""
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
