"""Connections, by the GraphQL Cursor Connections Specification, and what of one is asked for."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Generic, TypeVar

import strawberry

from resolvers.pages import Page, Wanted
from schema.bulk import Objects, Places, Read, Stored, read_places
from schema.context import Info
from schema.rows import needed_columns
from schema.selections import is_selected, remembered

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="So many from the start, or behind `after`. 20 unless told.")
]
After = Annotated[str | None, strawberry.argument(description="The cursor of an edge: what comes behind it.")]
Last = Annotated[int | None, strawberry.argument(description="So many from the end, or ahead of `before`.")]
Before = Annotated[str | None, strawberry.argument(description="The cursor of an edge: what comes ahead of it.")]


@strawberry.type(description="Where a page stands in its list.")
class PageInfo(Stored):
    """Facts about a page; the source is the page."""

    reads: ClassVar = {
        "has_next_page": Read(lambda pages: [page.has_next for page in pages]),
        "has_previous_page": Read(lambda pages: [page.has_previous for page in pages]),
        "start_cursor": Read(lambda pages: [page.cursor(0) if page.rows else None for page in pages]),
        "end_cursor": Read(lambda pages: [page.cursor(-1) if page.rows else None for page in pages]),
    }
    has_next_page: bool = strawberry.field(description="Whether more comes behind this page.")
    has_previous_page: bool = strawberry.field(description="Whether more comes ahead of this page.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first edge. Null where the page is empty.")
    end_cursor: str | None = strawberry.field(description="Cursor of the last edge. Null where the page is empty.")


@strawberry.type(description="One thing in a list, with its place in it.")
class Edge(Stored, Generic[T]):
    """A node and its cursor; the source is the kind of the node, its page and its position there."""

    reads: ClassVar = {
        "cursor": read_places(lambda _, page: page.cursors, lambda _, page, index: page.cursor(index)),
        "node": read_places(
            lambda kind, page: Objects(kind, page.rows, page.names),
            lambda kind, page, index: kind.of(page.rows[index]),
        ),
    }
    cursor: str = strawberry.field(description="The place in this order and filter, for `after` and `before`.")
    node: T = strawberry.field(description="The thing.")


@strawberry.type(description="A page of a list.")
class Connection(Stored, Generic[T]):
    """Edges, the same as nodes, and facts about the list; the source is the kind of the nodes and the page."""

    reads: ClassVar = {
        "edges": Read(lambda lists: [Objects(Edge, Places((kind, page), len(page.rows))) for kind, page in lists]),
        "nodes": Read(lambda lists: [Objects(kind, page.rows, page.names) for kind, page in lists]),
        "page_info": Read(lambda lists: Objects(PageInfo, [page for _, page in lists])),
        "total_count": Read(lambda lists: [page.total_count for _, page in lists]),
    }
    edges: list[Edge[T]] = strawberry.field(description="The things of this page, each with its cursor.")
    nodes: list[T] = strawberry.field(description="The things of this page.")
    page_info: PageInfo = strawberry.field(description="Where this page stands in the list.")
    total_count: int = strawberry.field(description="Length of the whole list. Counted only when asked for.")


def connect(kind: type[Stored], pages: Sequence[Page]) -> "Objects[Connection[Any]]":
    """Return pages of rows as connections of things of a kind."""
    return Objects(Connection, [(kind, page) for page in pages])


def wanted(info: Info, kind: type[Stored], *, backward: bool = False) -> Wanted:
    """Return what of a connection of things of a kind is asked for."""
    other = "hasNextPage" if backward else "hasPreviousPage"
    return remembered(
        info,
        (wanted, backward),
        lambda: Wanted(
            total_count=is_selected(info, "totalCount"),
            other_side=is_selected(info, "pageInfo", other),
            columns=needed_columns(info, kind, ("nodes",), ("edges", "node")),
        ),
    )
