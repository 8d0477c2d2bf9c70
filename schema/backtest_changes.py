"""Save, change and delete runs."""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any
from uuid import UUID

import strawberry
from strawberry import UNSET

from resolvers.backtest_changes import delete_backtest, delete_backtests, save_backtests, update_backtest
from resolvers.backtests import load_backtests
from resolvers.checks.backtests import check_tags
from resolvers.checks.report import Report
from resolvers.errors import BadUserInput
from resolvers.importers.drafts import BacktestDraft, DocumentError, Places, Problem
from resolvers.importers.registry import extract_backtest
from resolvers.saving import Outcome
from schema.backtests import Backtest
from schema.changes import InputWarning, UserError, write_errors, write_warnings
from schema.context import Info
from schema.enums import BacktestStatus, word
from schema.filters import BacktestFilter
from schema.inputs import (
    FREQUENCY,
    PERIODS_PER_YEAR,
    STUDY,
    SaveBacktestInput,
    optional,
    read_backtest_input,
    required,
    said,
)
from schema.operators import read_conditions
from schema.rows import make, make_one, needed_columns
from schema.scalars import JSON, DateTime
from schema.scopes import DELETES, WRITES

MOST_RUNS = 10_000
_ERRORS = "What was wrong; empty where it was done."
_WARNINGS = "What was changed or left out on the way in."


@strawberry.enum(description="Formats of engines' documents.")
class DocumentFormat(Enum):
    """Formats of engines' documents."""

    AUTO = word("AUTO", "Told from the document.")
    VECTORBT_ENGINE = word("VECTORBT_ENGINE", "The VectorBT engine's dict, both dialects.")


@strawberry.input(description="An engine's result document, taken as it is.")
class ImportBacktestInput:
    """An engine's result document."""

    id: strawberry.ID | None = optional(
        "A UUID of the client's own. Without one the id follows from the document, so that importing it again "
        "returns the same run."
    )
    format: DocumentFormat = required("The document's format.", default=DocumentFormat.AUTO)
    document: JSON = required("The document.")
    execution_time_seconds: float | None = optional("How long the run took, in seconds.")
    notes: str | None = optional("Notes, at most 100000 characters.")
    tags: list[str] | None = optional("At most 100 tags of at most 100 characters; each is stored once, trimmed.")
    created_at: DateTime | None = optional("Instant the run was made. This instant where left out.")
    study: str | None = optional(STUDY)
    periods_per_year: float | None = optional(PERIODS_PER_YEAR)
    frequency: str | None = optional(FREQUENCY)


@strawberry.input(
    description="Changes to a run: what is left out stays, null clears. What was measured is never edited."
)
class UpdateBacktestInput:
    """Changes to a run."""

    id: strawberry.ID = required("The run.")
    notes: str | None = strawberry.field(description="Notes; null clears them.", default=UNSET)
    tags: list[str] | None = strawberry.field(description="All tags; null clears them.", default=UNSET)
    status: BacktestStatus | None = strawberry.field(description="Status; it cannot be cleared.", default=UNSET)
    error_message: str | None = strawberry.field(description="What went wrong; null clears it.", default=UNSET)


@strawberry.input(description="Which run to delete.")
class DeleteBacktestInput:
    """Which run to delete."""

    id: strawberry.ID = required("The run.")


@strawberry.input(description="Which runs to delete.")
class DeleteBacktestsInput:
    """Which runs to delete."""

    filter: BacktestFilter = required("The runs; an empty filter is refused.")
    expected_count: int = required("How many runs match: with another number nothing is deleted.")


@strawberry.type(description="What became of a save.")
class SaveBacktestPayload:
    """What became of a save."""

    backtest: Backtest | None = strawberry.field(description="The run as stored. Null where nothing was saved.")
    created: bool = strawberry.field(description="Whether it was stored now; false for a repeat and for an error.")
    warnings: list[InputWarning] = strawberry.field(description=_WARNINGS)
    errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="What became of many saves.")
class SaveBacktestsPayload:
    """What became of many saves."""

    backtests: list[Backtest | None] = strawberry.field(
        description="The runs as stored, in the order of inputs; null for one that was not saved."
    )
    created_count: int = strawberry.field(description="How many were stored now.")
    warnings: list[InputWarning] = strawberry.field(description=_WARNINGS)
    errors: list[UserError] = strawberry.field(description="What was wrong, each with the index of its run.")


@strawberry.type(description="What became of a change.")
class UpdateBacktestPayload:
    """What became of a change."""

    backtest: Backtest | None = strawberry.field(description="The run as it is now. Null where nothing was changed.")
    errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="What became of a deletion.")
class DeleteBacktestPayload:
    """What became of a deletion."""

    deleted_id: strawberry.ID | None = strawberry.field(description="The run that is gone. Null where none is.")
    errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type(description="What became of a deletion of many.")
class DeleteBacktestsPayload:
    """What became of a deletion of many."""

    deleted_ids: list[strawberry.ID] = strawberry.field(description="The runs that are gone, in the order of ids.")
    errors: list[UserError] = strawberry.field(description=_ERRORS)


@strawberry.type
class BacktestMutation:
    """Changes to runs."""

    @strawberry.mutation(description="Saves one run, whole or not at all.", metadata=WRITES)
    async def save_backtest(
        self, info: Info, input: Annotated[SaveBacktestInput, strawberry.argument(description="The run.")]
    ) -> SaveBacktestPayload:
        """Save one run."""
        return await _save_one(info, read_backtest_input(input, ("input",)))

    @strawberry.mutation(
        description=(
            "Each run is saved whole or not at all; one bad run does not stop the others, its errors carry its index."
        ),
        metadata=WRITES,
    )
    async def save_backtests(
        self, info: Info, inputs: Annotated[list[SaveBacktestInput], strawberry.argument(description="The runs.")]
    ) -> SaveBacktestsPayload:
        """Save many runs."""
        if len(inputs) > MOST_RUNS:
            problem = Problem(f"{len(inputs)} runs; at most {MOST_RUNS} are taken at once.", ("inputs",), "TOO_LARGE")
            return SaveBacktestsPayload(
                backtests=[None] * len(inputs), created_count=0, warnings=[], errors=write_errors([problem])
            )
        drafts = [read_backtest_input(each, ("inputs", str(index))) for index, each in enumerate(inputs)]
        outcomes = await save_backtests(info.context.database, drafts)
        return SaveBacktestsPayload(
            backtests=await _find_saved(info, "backtests", outcomes),
            created_count=sum(outcome.created for outcome in outcomes),
            warnings=[warning for outcome in outcomes for warning in write_warnings(outcome.notices)],
            errors=[error for index, outcome in enumerate(outcomes) for error in write_errors(outcome.problems, index)],
        )

    @strawberry.mutation(description="Takes an engine's own result document as it is, losing nothing.", metadata=WRITES)
    async def import_backtest(
        self, info: Info, input: Annotated[ImportBacktestInput, strawberry.argument(description="The document.")]
    ) -> SaveBacktestPayload:
        """Import one run."""
        try:
            draft = extract_backtest(input.document, format=input.format.value)
        except DocumentError as error:
            return _write_save(Outcome(problems=error.problems), None)
        return await _save_one(info, _described(draft, input))

    @strawberry.mutation(
        description="Changes notes, tags, status and error message; what was measured is never edited.", metadata=WRITES
    )
    async def update_backtest(
        self, info: Info, input: Annotated[UpdateBacktestInput, strawberry.argument(description="The changes.")]
    ) -> UpdateBacktestPayload:
        """Change a run."""
        report = Report(Places())
        id = report.id(input.id, ("input", "id"))
        changes = _check_changes(report, input)
        if not report.problems and id and not await update_backtest(info.context.database, id, changes):
            report.problems.append(_unknown())
        if report.problems or id is None:
            return UpdateBacktestPayload(backtest=None, errors=write_errors(report.problems))
        return UpdateBacktestPayload(backtest=await _find(info, id), errors=[])

    @strawberry.mutation(
        description=(
            "Deletes the run with its trades, series, optimizations and walk-forward tests, in one transaction."
        ),
        metadata=DELETES,
    )
    async def delete_backtest(
        self, info: Info, input: Annotated[DeleteBacktestInput, strawberry.argument(description="The run.")]
    ) -> DeleteBacktestPayload:
        """Delete a run."""
        report = Report(Places())
        id = report.id(input.id, ("input", "id"))
        if id and not await delete_backtest(info.context.database, id):
            report.problems.append(_unknown())
        deleted = None if report.problems else strawberry.ID(str(id))
        return DeleteBacktestPayload(deleted_id=deleted, errors=write_errors(report.problems))

    @strawberry.mutation(
        description="Refused for an empty filter, and where the number of matches is not expectedCount.",
        metadata=DELETES,
    )
    async def delete_backtests(
        self, info: Info, input: Annotated[DeleteBacktestsInput, strawberry.argument(description="The runs.")]
    ) -> DeleteBacktestsPayload:
        """Delete many runs."""
        ids, problem = await _delete_matching(info, input)
        return DeleteBacktestsPayload(
            deleted_ids=[strawberry.ID(str(id)) for id in ids], errors=write_errors([problem] if problem else [])
        )


async def _delete_matching(info: Info, given: DeleteBacktestsInput) -> tuple[list[UUID], Problem | None]:
    path = ("input", "filter")
    try:
        conditions = read_conditions(given.filter)
        if not conditions:
            return [], Problem("An empty filter would delete every run.", path)
        return await delete_backtests(info.context.database, conditions, given.expected_count)
    except BadUserInput as error:
        return [], Problem(str(error), path)


_SAID = ("id", "execution_time_seconds", "notes", "created_at", "study", "periods_per_year", "frequency")


def _described(draft: BacktestDraft, given: ImportBacktestInput) -> BacktestDraft:
    """Add to an imported draft what the sender says of it."""
    for name in _SAID:
        if getattr(given, name) is not None:
            setattr(draft, name, getattr(given, name))
    if given.tags:
        draft.tags = [*draft.tags, *given.tags]
    return draft


def _unknown() -> Problem:
    return Problem("There is no run with this id.", ("input", "id"), "NOT_FOUND")


def _check_changes(report: Report, given: UpdateBacktestInput) -> dict[str, Any]:
    changes = said(given)
    changes.pop("id")
    of = report.places.of
    if "tags" in changes:
        changes["tags"] = check_tags(report, changes["tags"] or ())
    if "status" in changes:
        if changes["status"] is None:
            report.invalid(of("status"), "A status cannot be cleared.")
        else:
            changes["status"] = changes["status"].value
    for name, place in (("notes", "notes"), ("error_message", "errorMessage")):
        if name in changes:
            report.text(changes[name], of(place), most=100_000)
    return changes


async def _save_one(info: Info, draft: BacktestDraft) -> SaveBacktestPayload:
    [outcome] = await save_backtests(info.context.database, [draft])
    [backtest] = await _find_saved(info, "backtest", [outcome])
    return _write_save(outcome, backtest)


async def _find(info: Info, id: UUID) -> Backtest | None:
    return make_one(Backtest, await info.context.load(load_backtests, id))


async def _find_saved(info: Info, field: str, outcomes: Sequence[Outcome]) -> Any:
    """Return the runs of a payload's field as stored: by one statement, or none where only their ids are asked for."""
    ids = [outcome.id for outcome in outcomes if outcome.id]
    needed = needed_columns(info, Backtest, (field,))
    if needed is not None and needed <= {"id"}:
        rows: dict[UUID | None, Any] = {id: {"id": id} for id in ids}
    else:
        found = await load_backtests(info.context.database, ids, columns=needed) if ids else []
        rows = dict(zip(ids, found, strict=True))
    return make(Backtest, [rows.get(outcome.id) for outcome in outcomes])


def _write_save(outcome: Outcome, backtest: Backtest | None) -> SaveBacktestPayload:
    return SaveBacktestPayload(
        backtest=backtest,
        created=outcome.created,
        warnings=write_warnings(outcome.notices),
        errors=write_errors(outcome.problems),
    )
