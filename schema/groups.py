"""Groups of runs, and which runs to take."""

from collections.abc import Collection, Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any

import strawberry

from resolvers.store.database import Row
from schema.enums import BacktestStatus, word


@strawberry.enum(description="What runs can be grouped by.")
class GroupKey(Enum):
    """What runs can be grouped by."""

    SYMBOL = word("symbol", "Symbol.")
    STRATEGY = word("strategy", "Name of the strategy.")
    STATUS = word("status", "How far the run is.")
    ENGINE = word("engine", "Engine; runs that do not say theirs are a group of their own, whose engine is null.")
    MONTH = word("month", "Month in which the run was made, in UTC.")


GroupBy = Annotated[
    list[GroupKey],
    strawberry.argument(description="Keys of a group, each combination one group. [] makes all runs one group."),
]


@strawberry.type(description="Runs that agree in the keys they are grouped by. All other keys are null.")
class Group:
    """The keys of a group."""

    symbol: str | None = strawberry.field(description="Symbol. Null unless grouped by it.")
    strategy: str | None = strawberry.field(description="Name of the strategy. Null unless grouped by it.")
    status: BacktestStatus | None = strawberry.field(description="Status. Null unless grouped by it.")
    engine: str | None = strawberry.field(
        description="Engine. Null unless grouped by it, and for the runs that do not say theirs."
    )
    month: date | None = strawberry.field(
        description="First day of the month of createdAt in UTC. Null unless grouped by it."
    )


def key_names(group_by: Sequence[GroupKey]) -> list[str]:
    """Return the columns of keys, each once."""
    return list(dict.fromkeys(key.value for key in group_by))


def read_keys(row: Row, keys: Collection[str]) -> dict[str, Any]:
    """Return the fields of a group from a row that holds the columns of its keys."""
    values = {key.value: row[key.value] if key.value in keys else None for key in GroupKey}
    status = values.pop("status")
    return {**values, "status": None if status is None else BacktestStatus(status)}
