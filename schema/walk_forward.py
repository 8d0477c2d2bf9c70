"""Walk-forward tests."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import strawberry

from resolvers.series import load_window_returns
from schema.bulk import Objects, Stored, batched
from schema.context import Info
from schema.nodes import Node
from schema.rows import load_runs
from schema.scalars import JSON, DateTime
from schema.series import From, MaxPoints, Series, To, read_series

if TYPE_CHECKING:
    from schema.backtests import Backtest


@strawberry.type(description="One window: parameters chosen on the training period, judged on the test period.")
class WalkForwardTest(Node, Stored):
    """One window of a walk-forward analysis."""

    created_at: DateTime = strawberry.field(description="Instant of saving.")
    window_size_months: int | None = strawberry.field(
        description="Length of the training window in months. Null where the engine does not say."
    )
    step_size_months: int | None = strawberry.field(
        description="Months from one window to the next. Null where the engine does not say."
    )
    training_start: date | None = strawberry.field(
        description="First day of the training period. Null where the engine does not say."
    )
    training_end: date | None = strawberry.field(
        description="Last day of the training period. Null where the engine does not say."
    )
    test_period_start: date = strawberry.field(description="First day of the test period.")
    test_period_end: date = strawberry.field(description="Last day of the test period.")
    optimal_parameters: JSON | None = strawberry.field(
        description="The parameters chosen on the training period. Null where not reported."
    )
    training_performance: float | None = strawberry.field(
        description="Return over the training period as a fraction. Null where not reported."
    )
    training_sharpe: float | None = strawberry.field(
        description="Annualised Sharpe ratio over the training period. Null where not reported."
    )
    out_of_sample_return: float | None = strawberry.field(
        description="Return over the test period as a fraction. Null where not reported."
    )
    out_of_sample_sharpe: float | None = strawberry.field(
        description="Annualised Sharpe ratio over the test period. Null where not reported."
    )
    out_of_sample_drawdown: float | None = strawberry.field(
        description="Deepest fall over the test period as a fraction, never positive. Null where not reported."
    )
    out_of_sample_trades: int | None = strawberry.field(
        description="Number of trades in the test period. Null where not reported."
    )
    performance_ratio: float | None = strawberry.field(
        description="Out-of-sample performance divided by training performance. Null where not reported."
    )
    degradation_factor: float | None = strawberry.field(
        description="One minus the performance ratio, as the engine reports it. Null where not reported."
    )
    is_profitable: bool | None = strawberry.field(
        description="Whether the test period earned, as reported. Null where not reported."
    )
    is_statistically_significant: bool | None = strawberry.field(
        description="What the engine says of significance. Null where it says nothing."
    )
    other_metrics: JSON = strawberry.field(
        description="What the engine reported of the window beyond these, under its own names; {} where nothing."
    )

    @batched(
        description="Returns of the test period from point to point, as fractions. Null where none were saved.",
        needs=("backtest_id", "id"),
    )
    async def returns(
        tests: Objects["WalkForwardTest"], info: Info, max_points: MaxPoints = None, from_: From = None, to: To = None
    ) -> Sequence[Series | None]:
        """Return the returns of each window."""
        keys = [(row["backtest_id"], row["id"]) for row in tests.sources]
        curves = await load_window_returns(info.context.database, keys)
        return [read_series(curve, max_points, from_, to) for curve in curves]

    @batched(description="The run the window belongs to.", needs=("backtest_id",))
    async def backtest(
        tests: Objects["WalkForwardTest"], info: Info
    ) -> Sequence[Annotated["Backtest", strawberry.lazy("schema.backtests")]]:
        """Return the run of each window."""
        return await load_runs(info, [row["backtest_id"] for row in tests.sources])
