"""One operation as it is sent."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """A document with its variables and the name of the operation in it, and other variables to ask it with again."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    name: str | None = None
    others: tuple[dict[str, Any], ...] = ()

    def __str__(self) -> str:
        return f"{self.query}\nvariables: {self.variables!r}\noperation: {self.name!r}"

    def asked_again(self) -> Iterator["Operation"]:
        """Give the operation with its variables, the same once more, and with the other variables."""
        yield self
        yield self
        for variables in self.others:
            yield replace(self, variables=variables)
