"""What can be changed."""

import strawberry

from schema.backtest_changes import BacktestMutation
from schema.optimization_changes import OptimizationMutation
from schema.walk_forward_changes import WalkForwardMutation


@strawberry.type(description="What can be changed.")
class Mutation(BacktestMutation, OptimizationMutation, WalkForwardMutation):
    """The root of changes."""
