"""A small schema with something of everything, and what runs it both ways."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar

import strawberry
from strawberry.permission import BasePermission

from schema.bulk import Batches, BulkExecutor, Documents, Memory, Objects, Read, Stored, batched


@dataclass
class Context:
    memory: Memory = field(default_factory=dict)
    batches: Batches = field(default_factory=Batches)
    calls: list[int] = field(default_factory=list)
    allowed: bool = True


class IsAllowed(BasePermission):
    message = "Not for you."

    def has_permission(self, source: Any, info: Any, **_: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        return bool(info.context.allowed)


@strawberry.enum
class Cover(Enum):
    HARD = "hard"
    SOFT = "soft"


@strawberry.interface
class Thing:
    id: strawberry.ID


@strawberry.type
class Size(Stored):
    reads: ClassVar = {"area": Read(lambda rows: [row["width"] * row["height"] for row in rows], ("width", "height"))}
    width: float
    height: float
    area: float


@strawberry.type
class Book(Thing, Stored):
    reads: ClassVar = {"size": Read(lambda rows: Objects(Size, rows), inside=Size)}
    title: str
    pages: int | None
    price: float | None
    cover: Cover
    words: list[str]
    size: Size

    @batched(description="Readers.", needs=("id",))
    async def readers(books: Objects["Book"], info: strawberry.Info, first: int = 2) -> Sequence[list["Reader"]]:
        info.context.calls.append(len(books))
        if first < 0:
            raise ValueError("first must not be negative")
        return [[Reader(name=f"{row['id']}-{index}") for index in range(first)] for row in books.sources]

    @strawberry.field
    def shout(self) -> str:
        return self.title.upper()

    @strawberry.field(permission_classes=[IsAllowed])  # type: ignore[untyped-decorator]  # it is, for Any here
    def secret(self) -> str:
        return self.title[::-1]


@strawberry.type
class Reader:
    name: str
    age: int | None = None


@strawberry.type
class Pamphlet(Thing):
    title: str


def row(number: int, **changes: Any) -> dict[str, Any]:
    whole = {"id": str(number), "title": f"Book {number}", "pages": 100 * number, "price": 9.5, "cover": "hard"}
    return {**whole, "words": ["a", "b"], "width": 2.0, "height": 3.0, **changes}


ROWS = [row(1), row(2, pages=None), row(3, cover="soft", words=[])]


@strawberry.type
class Query:
    @strawberry.field
    async def books(self, info: strawberry.Info) -> list[Book]:
        return info.context.books  # type: ignore[no-any-return]

    @strawberry.field
    def shelves(self, info: strawberry.Info) -> list[list[Book]]:
        return [info.context.books, info.context.books[:1]]

    @strawberry.field
    def things(self, info: strawberry.Info) -> list[Thing]:
        return [*info.context.books, Pamphlet(id=strawberry.ID("p"), title="Thin")]

    @strawberry.field
    def first(self, info: strawberry.Info) -> Book | None:
        return info.context.books[0] if info.context.books else None


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def arrivals(self, info: strawberry.Info) -> AsyncIterator[Book]:
        for book in info.context.books:
            yield book


@dataclass
class Shop(Context):
    books: Sequence[Book] = ()


def make_schemas(**options: Any) -> tuple[strawberry.Schema, strawberry.Schema]:
    """Return the schema completed in bulk, and in graphql-core's ordinary way."""
    extensions = [Documents, *options.pop("extensions", ())]
    bulk, ordinary = (
        strawberry.Schema(
            query=Query,
            subscription=Subscription,
            types=[Book, Pamphlet],
            extensions=extensions,
            execution_context_class=executor,
            **options,
        )
        for executor in (BulkExecutor, None)
    )
    return bulk, ordinary


BOTH = make_schemas()


def shop(rows: Sequence[dict[str, Any]] = ROWS, **more: Any) -> Shop:
    return Shop(books=Objects(Book, rows), **more)


async def ask(query: str, rows: Sequence[dict[str, Any]] = ROWS, *, both: Any = BOTH, **variables: Any) -> Any:
    """Return the answer, which is the same both ways."""
    answers = []
    for schema in both:
        result = await schema.execute(query, variable_values=variables, context_value=shop(rows))
        errors = [error.formatted for error in result.errors or ()]
        answers.append({"data": result.data, "errors": errors})
    assert answers[0] == answers[1]
    return answers[0]
