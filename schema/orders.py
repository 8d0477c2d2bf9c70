"""Orders of lists."""

from enum import Enum, EnumMeta
from typing import Any, cast

import strawberry

from resolvers.metric_columns import choose_column
from resolvers.store.metrics import METRICS, METRICS_BY_NAME
from schema.enums import Basis, OrderDirection, word

_BY = "What to order by."
_WAY = "Which way."

_RUN_KEYS = {
    "created_at": "When the run was made.",
    "start_date": "First day of the tested period.",
    "end_date": "Last day of the tested period.",
    "symbol": "Symbol.",
    "strategy": "Name of the strategy.",
} | {metric.name: metric.description for metric in METRICS}

BacktestOrderField: Any = strawberry.enum(
    cast(
        "EnumMeta",
        Enum(
            "BacktestOrderField",
            {name.upper(): word(name, text) for name, text in _RUN_KEYS.items()},
            module=__name__,
        ),
    ),
    description="What runs can be ordered by.",
)


@strawberry.enum(description="What trades can be ordered by.")
class TradeOrderField(Enum):
    """What trades can be ordered by."""

    NUMBER = word("number", "Order of saving.")
    ENTRY_TIME = word("entry_time", "Instant of the entry.")
    EXIT_TIME = word("exit_time", "Instant of the exit.")
    PNL = word("pnl", "Profit or loss in money.")
    PNL_PERCENT = word("pnl_percent", "Profit or loss as a fraction.")
    DURATION_DAYS = word("duration_days", "Days held.")


@strawberry.enum(description="What the trials of an optimization can be ordered by.")
class TrialOrderField(Enum):
    """What trials can be ordered by."""

    NUMBER = word("number", "Order of saving.")
    RANK = word("rank", "Rank that the optimizer gave.")
    OBJECTIVE_VALUE = word("objective_value", "Value of the objective.")
    TOTAL_RETURN = word("total_return", "Return over the whole run.")
    SHARPE_RATIO = word("sharpe_ratio", "Sharpe ratio.")
    MAX_DRAWDOWN = word("max_drawdown", "Maximum drawdown; ascending is deepest first.")


@strawberry.input(description="One key of an order of runs. Nulls last in both directions.")
class BacktestOrder:
    """One key of an order of runs."""

    field: BacktestOrderField = strawberry.field(description=_BY)
    direction: OrderDirection = strawberry.field(description=_WAY, default=OrderDirection.DESC)
    basis: Basis = strawberry.field(
        description="Which values count, where the field is a metric.", default=Basis.REPORTED
    )


@strawberry.input(description="One key of an order of trades. Nulls last in both directions.")
class TradeOrder:
    """One key of an order of trades."""

    field: TradeOrderField = strawberry.field(description=_BY)
    direction: OrderDirection = strawberry.field(description=_WAY, default=OrderDirection.ASC)


@strawberry.input(description="One key of an order of trials. Nulls last in both directions.")
class TrialOrder:
    """One key of an order of trials."""

    field: TrialOrderField = strawberry.field(description=_BY)
    direction: OrderDirection = strawberry.field(description=_WAY, default=OrderDirection.ASC)


def read_order(given: Any) -> tuple[tuple[str, bool], ...]:
    """Return an order as columns, each with whether it falls; what is named again has nothing left to decide."""
    keys: dict[str, bool] = {}
    for key in given or ():
        keys.setdefault(key.field.value, key.direction is OrderDirection.DESC)
    return tuple(keys.items())


def read_run_order(given: Any) -> tuple[tuple[str, bool], ...]:
    """Return the same for an order of runs, in which the basis of a metric decides on its column.

    Raises:
        BadUserInput: the metric is not computed.
    """
    keys: dict[str, bool] = {}
    for key in given or ():
        name = key.field.value
        column = choose_column(name, key.basis.value) if name in METRICS_BY_NAME else name
        keys.setdefault(column, key.direction is OrderDirection.DESC)
    return tuple(keys.items())
