"""Save optimizations."""

from dataclasses import fields
from functools import cache
from typing import Annotated, Any
from uuid import UUID

import strawberry

from resolvers.checks.report import Report
from resolvers.importers.drafts import DocumentError, OptimizationDraft, Places, SeriesDraft, TrialDraft
from resolvers.importers.registry import extract_optimization
from resolvers.optimization_changes import save_optimization
from resolvers.optimizations import load_optimizations
from resolvers.saving import Outcome
from schema.backtest_changes import DocumentFormat
from schema.changes import InputWarning, UserError, write_errors, write_warnings
from schema.context import Info
from schema.inputs import SeriesInput, optional, required
from schema.optimizations import Optimization
from schema.rows import make_one
from schema.scalars import JSON
from schema.scopes import WRITES


@strawberry.input(description="One combination of parameters. rank follows the position where it is not given.")
class TrialInput:
    """One combination of parameters."""

    parameters: JSON = required("An object with a value for each parameter.")
    objective_value: float | None = optional("Value of the objective.")
    total_return: float | None = optional("Return as a fraction.")
    sharpe_ratio: float | None = optional("Annualised Sharpe ratio.")
    max_drawdown: float | None = optional("Deepest fall from a peak as a fraction, at or below zero.")
    win_rate: float | None = optional("Share of winning trades, 0 to 1.")
    profit_factor: float | None = optional("Gross profit divided by gross loss.")
    total_trades: int | None = optional("Number of trades.")
    rank: int | None = optional("Rank by the objective, 1 is best.")
    is_statistically_significant: bool | None = optional("What the optimizer says of significance.")
    p_value: float | None = optional("The optimizer's p-value, 0 to 1.")
    other_metrics: JSON | None = optional("An object with what else was measured, under names of your own.")
    returns: SeriesInput | None = optional(
        "What the trial earned in each period, as fractions (0.01 = 1 %); overfitting is found from them. Either all "
        "trials with returns give times, or none does: then they have equally many, and those at one position are of "
        "one period. At most 5000000 of all trials together."
    )


@strawberry.input(description="A parameter optimization of a run. It is saved whole or not at all.")
class SaveOptimizationInput:
    """A parameter optimization."""

    id: strawberry.ID | None = optional("A UUID of the client's own makes the call safe to repeat.")
    backtest_id: strawberry.ID = required("The run that the optimization belongs to.")
    objective: str = required("What was optimized, such as sharpe_ratio.", default="sharpe_ratio")
    combinations_tested: int | None = optional(
        "How many combinations were tried, those not given here included. The number of trials where left out."
    )
    trials: list[TrialInput] = required("The trials that were kept, best first.")


@strawberry.input(description="An engine's own sweep document; combinationsTested is its total_combinations_tested.")
class ImportOptimizationInput:
    """An engine's own sweep document."""

    id: strawberry.ID | None = optional("A UUID of the client's own. Without one it follows from the document.")
    backtest_id: strawberry.ID = required("The run that the optimization belongs to.")
    format: DocumentFormat = required("The document's format.", default=DocumentFormat.AUTO)
    document: JSON = required("The document.")


@strawberry.type(description="What became of a save.")
class SaveOptimizationPayload:
    """What became of a save."""

    optimization: Optimization | None = strawberry.field(
        description="The optimization as stored. Null where nothing was saved."
    )
    created: bool = strawberry.field(description="Whether it was stored now; false for a repeat and for an error.")
    warnings: list[InputWarning] = strawberry.field(description="What was changed or left out on the way in.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was saved.")


@strawberry.type
class OptimizationMutation:
    """Changes to optimizations."""

    @strawberry.mutation(
        description="Saves an optimization of a run with its trials, whole or not at all.", metadata=WRITES
    )
    async def save_optimization(
        self,
        info: Info,
        input: Annotated[SaveOptimizationInput, strawberry.argument(description="The optimization.")],
    ) -> SaveOptimizationPayload:
        """Save an optimization."""
        trials = [_read_trial(trial) for trial in input.trials]
        draft = OptimizationDraft(**_same_fields(OptimizationDraft, input) | {"trials": trials})
        return await _save(info, input.backtest_id, draft)

    @strawberry.mutation(
        description="Takes the engine's own sweep document; combinationsTested is its total_combinations_tested.",
        metadata=WRITES,
    )
    async def import_optimization(
        self,
        info: Info,
        input: Annotated[ImportOptimizationInput, strawberry.argument(description="The document.")],
    ) -> SaveOptimizationPayload:
        """Import an optimization."""
        try:
            draft = extract_optimization(input.document, format=input.format.value)
        except DocumentError as error:
            return _write(Outcome(problems=error.problems), None)
        draft.id = input.id
        return await _save(info, input.backtest_id, draft)


def _read_trial(given: TrialInput) -> TrialDraft:
    returns = given.returns and SeriesDraft(times=given.returns.times, values=given.returns.values)
    return TrialDraft(**_same_fields(TrialDraft, given) | {"returns": returns})


def _same_fields(draft: type, given: Any) -> dict[str, Any]:
    """Return the values of an input for the fields that a draft has under the same names."""
    names = _names(draft)
    return {name: value for name, value in vars(given).items() if name in names}


@cache
def _names(draft: Any) -> frozenset[str]:
    return frozenset(field.name for field in fields(draft))


def read_backtest_id(given: str, places: Places) -> UUID | Report:
    """Return the id of the run something is saved with, or the report of what is wrong with it."""
    report = Report(places)
    return report.id(given, (*places.root[:1], "backtestId")) or report


async def _save(info: Info, backtest_id: str, draft: OptimizationDraft) -> SaveOptimizationPayload:
    owner = read_backtest_id(backtest_id, draft.places)
    if isinstance(owner, Report):
        return _write(Outcome(problems=owner.problems), None)
    outcome = await save_optimization(info.context.database, owner, draft)
    row = None if outcome.id is None else await info.context.load(load_optimizations, outcome.id)
    return _write(outcome, make_one(Optimization, row))


def _write(outcome: Outcome, optimization: Optimization | None) -> SaveOptimizationPayload:
    return SaveOptimizationPayload(
        optimization=optimization,
        created=outcome.created,
        warnings=write_warnings(outcome.notices),
        errors=write_errors(outcome.problems),
    )
