"""How many values there are in a value."""

from typing import Any

LARGE = 20_000
"""Values that take some 20 to 200 milliseconds to be coerced."""


def count_inside(value: Any, limit: int) -> int:
    """Return how many values a list or an object holds, at any depth; counted no further than beyond the limit."""
    found, waiting = 0, [value]
    while waiting and found <= limit:
        inside = waiting.pop()
        found += len(inside)
        if found <= limit:
            each = inside.values() if isinstance(inside, dict) else inside
            waiting += [one for one in each if isinstance(one, list | dict)]
    return found
