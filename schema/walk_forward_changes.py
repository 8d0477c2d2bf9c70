"""Save walk-forward tests."""

import asyncio
from datetime import date
from typing import Annotated

import strawberry

from resolvers.checks.report import Report
from resolvers.importers.drafts import DocumentError, SeriesDraft, WalkForwardDraft, WindowDraft
from resolvers.importers.registry import extract_walk_forward
from resolvers.walk_forward import load_walk_forward_tests
from resolvers.walk_forward_changes import WindowsOutcome, save_walk_forward_tests
from schema.backtest_changes import DocumentFormat
from schema.changes import InputWarning, UserError, write_errors, write_warnings
from schema.context import Info
from schema.inputs import SeriesInput, optional, required
from schema.optimization_changes import read_backtest_id
from schema.scalars import JSON
from schema.scopes import WRITES
from schema.walk_forward import WalkForwardTest


@strawberry.input(description="One walk-forward window.")
class WalkForwardTestInput:
    """One walk-forward window."""

    id: strawberry.ID | None = optional("A UUID of the client's own makes the call safe to repeat.")
    window_size_months: int | None = optional("Length of the training window in months.")
    step_size_months: int | None = optional("Months from one window to the next.")
    training_start: date | None = optional("First day of the training period.")
    training_end: date | None = optional("Last day of the training period, not before the first.")
    test_period_start: date = required("First day of the test period.")
    test_period_end: date = required("Last day of the test period, not before the first.")
    optimal_parameters: JSON | None = optional("An object with the parameters chosen on the training period.")
    training_performance: float | None = optional("Return over the training period as a fraction.")
    training_sharpe: float | None = optional("Annualised Sharpe ratio over the training period.")
    out_of_sample_return: float | None = optional("Return over the test period as a fraction.")
    out_of_sample_sharpe: float | None = optional("Annualised Sharpe ratio over the test period.")
    out_of_sample_drawdown: float | None = optional("Deepest fall over the test period, at or below zero.")
    out_of_sample_trades: int | None = optional("Number of trades in the test period.")
    performance_ratio: float | None = optional("Out-of-sample performance divided by training performance.")
    degradation_factor: float | None = optional("One minus the performance ratio.")
    is_profitable: bool | None = optional("Whether the test period earned.")
    is_statistically_significant: bool | None = optional("What the engine says of significance.")
    other_metrics: JSON | None = optional("An object with what else was measured, under names of your own.")
    returns: SeriesInput | None = optional(
        "Returns of the test period from point to point as fractions, each at the time it ends. Windows that all have "
        "theirs are stitched to one run exactly."
    )


@strawberry.input(description="Walk-forward windows of a run. All are saved or none.")
class SaveWalkForwardTestsInput:
    """Walk-forward windows of a run."""

    backtest_id: strawberry.ID = required("The run that the windows belong to.")
    tests: list[WalkForwardTestInput] = required("The windows.")


@strawberry.input(
    description=(
        "An engine's own walk-forward document (periods as 'A to B') or a list of windows in the legacy dialect. "
        "Importing the same document to the same run again stores nothing new."
    )
)
class ImportWalkForwardInput:
    """An engine's own walk-forward document."""

    backtest_id: strawberry.ID = required("The run that the windows belong to.")
    format: DocumentFormat = required("The document's format.", default=DocumentFormat.AUTO)
    document: JSON = required("The document.")


@strawberry.type(description="What became of a save.")
class SaveWalkForwardTestsPayload:
    """What became of a save."""

    walk_forward_tests: list[WalkForwardTest] = strawberry.field(
        description="The windows as stored, in the order given. Empty where nothing was saved."
    )
    warnings: list[InputWarning] = strawberry.field(description="What was changed or left out on the way in.")
    errors: list[UserError] = strawberry.field(description="What was wrong; empty where it was saved.")


@strawberry.type
class WalkForwardMutation:
    """Changes to walk-forward tests."""

    @strawberry.mutation(description="Saves walk-forward windows of a run, all or none.", metadata=WRITES)
    async def save_walk_forward_tests(
        self, info: Info, input: Annotated[SaveWalkForwardTestsInput, strawberry.argument(description="The windows.")]
    ) -> SaveWalkForwardTestsPayload:
        """Save windows."""
        draft = WalkForwardDraft(windows=[_read_window(window) for window in input.tests])
        return await _save(info, input.backtest_id, draft)

    @strawberry.mutation(
        description=(
            "Takes the engine's own walk-forward document (periods as 'A to B') or a list of windows in the legacy "
            "dialect."
        ),
        metadata=WRITES,
    )
    async def import_walk_forward(
        self, info: Info, input: Annotated[ImportWalkForwardInput, strawberry.argument(description="The document.")]
    ) -> SaveWalkForwardTestsPayload:
        """Import windows."""
        try:
            draft = extract_walk_forward(input.document, format=input.format.value)
        except DocumentError as error:
            return _write(WindowsOutcome(problems=error.problems), [])
        return await _save(info, input.backtest_id, draft)


def _read_window(given: WalkForwardTestInput) -> WindowDraft:
    series = given.returns
    returns = None if series is None else SeriesDraft(times=series.times, values=series.values)
    return WindowDraft(**{**vars(given), "returns": returns})


async def _save(info: Info, backtest_id: str, draft: WalkForwardDraft) -> SaveWalkForwardTestsPayload:
    owner = read_backtest_id(backtest_id, draft.places)
    if isinstance(owner, Report):
        return _write(WindowsOutcome(problems=owner.problems), [])
    outcome = await save_walk_forward_tests(info.context.database, owner, draft)
    rows = await asyncio.gather(*(info.context.load(load_walk_forward_tests, id) for id in outcome.ids))
    return _write(outcome, [WalkForwardTest.of(row) for row in rows if row])


def _write(outcome: WindowsOutcome, tests: list[WalkForwardTest]) -> SaveWalkForwardTestsPayload:
    return SaveWalkForwardTestsPayload(
        walk_forward_tests=tests,
        warnings=write_warnings(outcome.notices),
        errors=write_errors(outcome.problems),
    )
