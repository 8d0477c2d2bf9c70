"""Optimizations and their trials."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar

import strawberry

from resolvers.optimizations import load_optimizations, load_trial_pages, load_trials, metric_of
from resolvers.overfitting import load_overfitting
from resolvers.paging import MOST_OF_ONE_RUN, request_page
from resolvers.trial_returns import TrialKey, load_trial_returns
from schema.bulk import Objects, Read, Stored, batched
from schema.context import Info
from schema.metrics import Metric
from schema.nodes import Node, numbered_id
from schema.orders import TrialOrder, read_order
from schema.overfitting import Blocks, Overfitting, read_overfitting
from schema.pages import After, Before, Connection, First, Last, connect, wanted
from schema.robustness import Drop, Robustness, answer_robustness
from schema.rows import load_owners, load_runs, make, needed_columns, see
from schema.scalars import JSON, DateTime
from schema.series import From, MaxPoints, Series, To, read_series
from schema.surfaces import StatisticArgument, Surface, SurfaceStatistic, X, Y, answer_surfaces

if TYPE_CHECKING:
    from schema.backtests import Backtest


_OF_GRIDS = ("backtest_id", "id", "objective", "parameter_names")


@strawberry.type(description="One combination of parameters that an optimizer tried.")
class OptimizationTrial(Node, Stored):
    """One combination of parameters."""

    reads: ClassVar = {"id": numbered_id("optimization_id")}
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

    @batched(description="The optimization the trial belongs to.", needs=("optimization_id",))
    async def optimization(trials: Objects["OptimizationTrial"], info: Info) -> Sequence["Optimization"]:
        """Return the optimization of each trial."""
        ids = [row["optimization_id"] for row in trials.sources]
        return await load_owners(info, Optimization, load_optimizations, ids)

    @batched(
        description=(
            "What the trial earned in each period, as fractions, at the end of each period; spread over the run's days "
            "where it was saved without times. Null where none was saved."
        ),
        needs=("backtest_id", "optimization_id", "number"),
    )
    async def returns(
        trials: Objects["OptimizationTrial"],
        info: Info,
        max_points: MaxPoints = None,
        from_: From = None,
        to: To = None,
    ) -> Sequence[Series | None]:
        """Return the returns of each trial."""
        keys = [TrialKey(row["backtest_id"], row["optimization_id"], row["number"]) for row in trials.sources]
        curves = await load_trial_returns(info.context.database, keys)
        return [read_series(curve, max_points, from_, to) for curve in curves]


@strawberry.type(description="A parameter optimization: a sweep over combinations, best first.")
class Optimization(Node, Stored):
    """A sweep over combinations of parameters."""

    reads: ClassVar = {
        "objective_metric": Read(lambda rows: [metric_of(row["objective"]) for row in rows], ("objective",))
    }
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

    @batched(description="The run the optimization belongs to.", needs=("backtest_id",))
    async def backtest(
        optimizations: Objects["Optimization"], info: Info
    ) -> Sequence[Annotated["Backtest", strawberry.lazy("schema.backtests")]]:
        """Return the run of each optimization."""
        return await load_runs(info, [row["backtest_id"] for row in optimizations.sources])

    @batched(description="The trial with the best rank. Null where no trial was saved.", needs=("id", "best_number"))
    async def best(optimizations: Objects["Optimization"], info: Info) -> Sequence[OptimizationTrial | None]:
        """Return the best trial of each optimization."""
        see(info, optimizations)
        keys = [(row["id"], row["best_number"] or 0) for row in optimizations.sources]
        columns = needed_columns(info, OptimizationTrial)
        return make(OptimizationTrial, await load_trials(info.context.database, keys, columns=columns))

    @batched(description="The saved trials, best rank first unless told.", needs=("backtest_id", "id"))
    async def trials(
        optimizations: Objects["Optimization"],
        info: Info,
        order_by: Annotated[
            list[TrialOrder] | None, strawberry.argument(description="Keys of the order; the number decides ties.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Sequence[Connection[OptimizationTrial]]:
        """Return a page of the trials of each optimization."""
        see(info, optimizations)
        pages = await load_trial_pages(
            info.context.database,
            [(row["backtest_id"], row["id"]) for row in optimizations.sources],
            order=read_order(order_by),
            request=request_page(first, after, last, before, most=MOST_OF_ONE_RUN),
            wanted=wanted(info, OptimizationTrial, backward=last is not None),
        )
        return connect(OptimizationTrial, pages)

    @batched(
        description=(
            "Whether choosing the best trial was choosing noise: the trials' returns are cut into blocks, and each "
            "half of these chooses a best trial that the other half judges (combinatorially symmetric "
            "cross-validation). Worked out once, then stored. It cannot see look-ahead bias: trials that know the "
            "future pass."
        ),
        needs=("backtest_id", "id"),
    )
    async def overfitting(
        optimizations: Objects["Optimization"], info: Info, blocks: Blocks = 16
    ) -> Sequence[Overfitting]:
        """Return what cross-validation says of each optimization."""
        keys = [(row["backtest_id"], row["id"]) for row in optimizations.sources]
        found = await load_overfitting(info.context.database, keys, blocks=blocks)
        return [each and read_overfitting(each) for each in found]  # type: ignore[misc]  # null where it was deleted

    @batched(
        description=(
            "The objective over any two parameters, or over one, aggregated over the others. Null with an error where "
            "the optimization has no such parameter."
        ),
        needs=_OF_GRIDS,
    )
    async def surface(
        optimizations: Objects["Optimization"],
        info: Info,
        x: X,
        y: Y = None,
        statistic: StatisticArgument = SurfaceStatistic.MEAN,
    ) -> Sequence[Surface | None]:
        """Return the surface of each optimization."""
        return await answer_surfaces(info, optimizations.sources, x, y, statistic)

    @batched(
        description=(
            "Whether the best trial stands on firm ground: the edges of its grid, its neighbours, and how far it is to "
            "a cliff. Of the saved trials alone. Null where no trial was saved."
        ),
        needs=(*_OF_GRIDS, "best_number"),
    )
    async def robustness(
        optimizations: Objects["Optimization"], info: Info, drop: Drop = 0.5
    ) -> Sequence[Robustness | None]:
        """Return how the best trial of each optimization stands in its grid."""
        return await answer_robustness(info, optimizations.sources, drop)
