"""Values that fields of small schemas give: for each kind of leaf right ones and others, and ones that surprise."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, NewType
from uuid import UUID

import strawberry

Odd = NewType("Odd", object)


def write_odd(value: object) -> object:
    """Write most values, give nothing for some and raise for others."""
    if value == "raises":
        raise ValueError("An odd value cannot be written.")
    return None if value == "nothing" else [value]


@strawberry.enum
class Size(Enum):
    SMALL = "small"
    LARGE = 2


class Raise(Exception):
    """A value that a resolver raises instead of returning it."""


class Later:
    """A value to be awaited, as often as one likes."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[Any, None, Any]:
        return self._wait().__await__()

    async def _wait(self) -> Any:
        await asyncio.sleep(0)
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


class Stream:
    """A list that comes one by one."""

    def __init__(self, values: Any) -> None:
        self.values = values

    async def __aiter__(self) -> AsyncIterator[Any]:
        for value in self.values:
            await asyncio.sleep(0)
            yield value


LEAVES: dict[Any, tuple[Any, ...]] = {
    int: (0, 1, -5, 2**31 - 1, True, 3.0, "7", 2**31, 2.5, float("nan"), "x", Decimal(2)),
    float: (0.0, -0.0, 1.5, 1e300, 5, True, "2.5", float("inf"), float("nan"), 10**400, "", Decimal("1.5")),
    str: ("", "a", "ä🚀", "line\n", 5, 1.5, True, float("nan"), [], b"bytes"),
    bool: (True, False, 0, 1, 2.5, float("inf"), "yes"),
    strawberry.ID: ("1", "x:2", 5, UUID(int=1), 1.5, []),
    date: (date(2024, 1, 31), datetime(2024, 1, 31), "2024-01-31"),  # noqa: DTZ001 - a naive time is a case
    datetime: (datetime(2024, 1, 31), date(2024, 1, 1), 5),  # noqa: DTZ001 - as above
    time: (time(1, 2, 3), "01:02"),
    Decimal: (Decimal("1.50"), Decimal("NaN"), 1.5),
    UUID: (UUID(int=7), "7"),
    Odd: ("odd", {"a": 1}, "nothing", "raises"),
    Size: (Size.SMALL, Size.LARGE, "small", 2, "SMALL", None),
}
"""Kinds of leaves, each with values: right ones first."""


class Walk:
    """Can be walked through, and nothing else."""

    def __init__(self, values: list[Any]) -> None:
        self._values = values

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)
