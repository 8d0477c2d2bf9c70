"""Optimizations and their trials."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from resolvers.optimizations import load_optimizations, load_trial_pages, load_trials, metric_of
from resolvers.paging import MOST_OF_ONE_RUN, request_page
from resolvers.store.database import Row
from schema.context import Info
from schema.metrics import Metric
from schema.nodes import Node, number_of
from schema.orders import TrialOrder, read_order
from schema.pages import After, Before, Connection, First, Last, connect, wanted
from schema.rows import load_owner, read
from schema.scalars import JSON, DateTime

if TYPE_CHECKING:
    from schema.backtests import Backtest


@strawberry.type(description="One combination of parameters that an optimizer tried.")
class OptimizationTrial(Node):
    """One combination of parameters."""

    optimization_id: strawberry.Private[Any]
    number: int = strawberry.field(description="Position among the saved trials, from 1.")
    rank: int = strawberry.field(description="Rank by the objective, 1 is best; the position where it was not given.")
    parameters: JSON = strawberry.field(description="The combination: a value for each parameter's name.")
    objective_value: float | None = strawberry.field(description="Value of the objective. Null where undefined.")
    total_return: float | None = strawberry.field(description="Return as a fraction. Null where not reported.")
    sharpe_ratio: float | None = strawberry.field(description="Annualised Sharpe ratio. Null where not reported.")
    max_drawdown: float | None = strawberry.field(
        description="Deepest fall from a peak as a fraction, never positive. Null where not reported."
    )
    win_rate: float | None = strawberry.field(description="Share of winning trades, 0 to 1. Null where not reported.")
    profit_factor: float | None = strawberry.field(
        description="Gross profit divided by gross loss. Null where not reported or undefined."
    )
    total_trades: int | None = strawberry.field(description="Number of trades. Null where not reported.")
    is_statistically_significant: bool | None = strawberry.field(
        description="What the optimizer says of significance. Null where it says nothing."
    )
    p_value: float | None = strawberry.field(description="The optimizer's p-value, 0 to 1. Null where not reported.")
    other_metrics: JSON = strawberry.field(
        description="What the engine reported of the trial beyond these, under its own names; {} where nothing."
    )

    @strawberry.field(description="The optimization the trial belongs to.")
    async def optimization(self, info: Info) -> "Optimization":
        """Return the optimization."""
        return read_optimization(await info.context.load(load_optimizations, self.optimization_id))


@strawberry.type(description="A parameter optimization: a sweep over combinations, best first.")
class Optimization(Node):
    """A sweep over combinations of parameters."""

    key: strawberry.Private[tuple[Any, Any]]
    best_number: strawberry.Private[int | None]
    created_at: DateTime = strawberry.field(description="Instant of saving.")
    objective: str = strawberry.field(
        description="What was optimized, as given: sharpe_ratio, or whatever the optimizer maximized."
    )
    objective_metric: Metric | None = strawberry.field(
        description="The objective where it is one of our metrics, else null."
    )
    combinations_tested: int = strawberry.field(
        description="How many combinations were tried, those that were not saved included."
    )
    parameter_names: list[str] = strawberry.field(description="Names of the parameters that the trials have.")
    other_metrics: JSON = strawberry.field(
        description="What the engine reported of the sweep beyond these, under its own names; {} where nothing."
    )

    @strawberry.field(description="The run the optimization belongs to.")
    async def backtest(self, info: Info) -> Annotated["Backtest", strawberry.lazy("schema.backtests")]:
        """Return the run."""
        return await load_owner(info, self.key[0])

    @strawberry.field(description="The trial with the best rank. Null where no trial was saved.")
    async def best(self, info: Info) -> OptimizationTrial | None:
        """Return the best trial."""
        if self.best_number is None:
            return None
        row = await info.context.load(load_trials, (self.key[1], self.best_number))
        return read_trial(row) if row else None

    @strawberry.field(description="The saved trials, best rank first unless told.")
    async def trials(
        self,
        info: Info,
        order_by: Annotated[
            list[TrialOrder] | None, strawberry.argument(description="Keys of the order; the number decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[OptimizationTrial]:
        """Return a page of the trials."""
        page = await info.context.load(
            load_trial_pages,
            self.key,
            order=read_order(order_by),
            request=request_page(first, after, last, before, most=MOST_OF_ONE_RUN),
            wanted=wanted(info, backward=last is not None),
        )
        return connect(page, read_trial)


def read_optimization(row: Row) -> Optimization:
    """Return the optimization of a row."""
    metric = metric_of(row["objective"])
    return read(
        Optimization,
        row,
        id=strawberry.ID(str(row["id"])),
        key=(row["backtest_id"], row["id"]),
        objective_metric=Metric(metric) if metric else None,
    )


def read_trial(row: Row) -> OptimizationTrial:
    """Return the trial of a row."""
    return read(OptimizationTrial, row, id=number_of(row["optimization_id"], row["number"]))
