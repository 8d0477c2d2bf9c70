"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """What a caller may do; each root field needs one of them."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    ADMIN = "admin"
    """All of the others, and what is for operators."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks.

    expires_at is in microseconds since 1970, None for somebody who may ask for ever.
    """

    name: str
    scopes: frozenset[Scope]
    expires_at: int | None = None

    def may(self, scope: Scope) -> bool:
        """Tell whether a scope is theirs."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


ANYBODY = Caller("anybody", frozenset(Scope))
"""Whoever asks a service that only this machine can reach and that was told nothing about access."""
