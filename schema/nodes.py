"""Things with an id."""

from uuid import UUID

import strawberry

from resolvers.errors import BadUserInput
from resolvers.filters import parse_id


@strawberry.interface(description="A thing with an id that is unique over all kinds of things.")
class Node:
    """Has an id."""

    id: strawberry.ID = strawberry.field(
        description='A UUID; for a trade or an optimization trial "<UUID of its owner>:<number>".'
    )


def number_of(owner: UUID, number: int) -> strawberry.ID:
    """Return the id of a numbered thing: a trade of a run, a trial of an optimization."""
    return strawberry.ID(f"{owner}:{number}")


def parse_node_id(given: str) -> tuple[UUID, int | None]:
    """Return the UUID of an id and, for a numbered thing, its number; raises BadUserInput where it is malformed."""
    owner, colon, number = given.partition(":")
    if not colon:
        return parse_id(owner), None
    if not number.isascii() or not number.isdigit() or len(number) > 9:  # noqa: PLR2004 - what int4 holds for sure
        raise BadUserInput(f'{given[:60]!r} is not an id: after the colon stands a number, as in "<UUID>:12".')
    return parse_id(owner), int(number)
