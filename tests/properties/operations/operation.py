"""One operation as it is sent."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """A document with its variables and the name of the operation in it."""

    query: str
    variables: dict[str, Any] = field(default_factory=dict)
    name: str | None = None

    def __str__(self) -> str:
        return f"{self.query}\nvariables: {self.variables!r}\noperation: {self.name!r}"
