"""The limits."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one query may take."""

    characters: int = 100_000
    tokens: int = 5_000
    depth: int = 12
    aliases: int = 30
    directives: int = 50
    cost: int = 50_000
    values: int = 100_000
    points: int = 10_000_000
    introspection: bool = True


MOST_OPERATIONS = 50
"""Operations in one document: each is validated with all of the fragments that it spreads."""
MOST_REPETITIONS = 50
"""Times that one selection names the same field: validation compares each with each."""
MOST_COMPARISONS = 20_000
"""Of fields with fields, and fragments with fragments, while a document is validated: some 50 ms."""
MOST_ERRORS = 5
"""Of one validation; each can have a long literal in its message, printed from the document."""
INTROSPECTION_DEPTH = 20
"""The usual question nests 15 deep, for the types in types."""
