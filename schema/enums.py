"""Words with a fixed set of values."""

from enum import Enum
from typing import Any

import strawberry


def word(value: str, description: str) -> Any:
    """Return the value of one word, with its description."""
    return strawberry.enum_value(value, description=description)


@strawberry.enum(description="How far a run is.")
class BacktestStatus(Enum):
    """How far a run is."""

    IN_PROGRESS = word("IN_PROGRESS", "Still running: figures may be missing.")
    COMPLETED = word("COMPLETED", "Done: only these are ranked and summarised.")
    FAILED = word("FAILED", "Ended with an error.")


@strawberry.enum(description="Which of two values of a metric counts.")
class Basis(Enum):
    """Which of two values of a metric counts."""

    REPORTED = word("REPORTED", "As the engine reported it; where it did not, as it was computed.")
    COMPUTED = word("COMPUTED", "As computed from the equity curve and the trades.")


@strawberry.enum(description="Which way a trade earns.")
class Direction(Enum):
    """Which way a trade earns."""

    LONG = word("LONG", "Earns when the price rises.")
    SHORT = word("SHORT", "Earns when the price falls.")


@strawberry.enum(description="Which way an order goes.")
class OrderDirection(Enum):
    """Which way an order goes."""

    ASC = word("ASC", "Lowest, earliest or first of the alphabet first.")
    DESC = word("DESC", "Highest, latest or last of the alphabet first.")
