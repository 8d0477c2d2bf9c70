"""Things with an id."""

from uuid import UUID

import strawberry

from resolvers.errors import BadUserInput
from resolvers.filters import parse_id
from schema.bulk import Read
from schema.bulk.objects import Column


@strawberry.interface(description="A thing with an id that is unique over all kinds of things.")
class Node:
    """Has an id."""

    id: strawberry.ID = strawberry.field(
        description='A UUID; for a trade or an optimization trial "<UUID of its owner>:<number>".'
    )


def numbered_id(owner: str) -> Read:
    """Return how the id of a numbered thing is read: a trade of a run, a trial of an optimization.

    owner: the column with the id of what it belongs to.
    """

    def column(rows: Column) -> Column:
        names = {id: str(id) for id in {row[owner] for row in rows}}
        return [f"{names[row[owner]]}:{row['number']}" for row in rows]

    return Read(column, (owner, "number"))


def parse_node_id(given: str) -> tuple[UUID, int | None]:
    """Return the UUID of an id and, for a numbered thing, its number; raises BadUserInput where it is malformed."""
    owner, colon, number = given.partition(":")
    if not colon:
        return parse_id(owner), None
    if not number.isascii() or not number.isdigit() or len(number) > 9:  # noqa: PLR2004 - what int4 holds for sure
        raise BadUserInput(f'{given[:60]!r} is not an id: after the colon stands a number, as in "<UUID>:12".')
    return parse_id(owner), int(number)
