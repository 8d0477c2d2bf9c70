"""What is said about a change: errors and warnings."""

from collections.abc import Sequence
from enum import Enum

import strawberry

from resolvers.importers.drafts import Notice, Problem
from schema.enums import word


@strawberry.enum(description="Why something was not saved.")
class ErrorCode(Enum):
    """Why something was not saved."""

    INVALID = word("INVALID", "A value makes no sense.")
    NOT_FOUND = word("NOT_FOUND", "What is named is not there.")
    CONFLICT = word("CONFLICT", "The id is taken, or the count is not the expected one.")
    TOO_LARGE = word("TOO_LARGE", "More than is taken at once.")


@strawberry.enum(description="What was changed or left out.")
class WarningCode(Enum):
    """What was changed or left out."""

    NON_FINITE = word("NON_FINITE", "An infinite or NaN value was stored as null.")
    SIGN = word("SIGN", "A positive drawdown was stored negative.")
    UNKNOWN_FIELD = word("UNKNOWN_FIELD", "An unknown field was kept as it came.")
    ASSUMED = word("ASSUMED", "Something was not said and was assumed.")


@strawberry.type(description="What was wrong with the input: nothing was saved where a payload has errors.")
class UserError:
    """What was wrong with the input."""

    code: ErrorCode = strawberry.field(description="The kind of error.")
    message: str = strawberry.field(description="What is wrong, for a person.")
    path: list[str] = strawberry.field(description="Where: ['input', 'trades', '3', 'exitTime'].")
    index: int | None = strawberry.field(description="Position in inputs, for bulk. Null otherwise.")


@strawberry.type(
    name="Warning",
    description=(
        "What was accepted but changed or left out: a non-finite number stored as null, a drawdown given as positive."
    ),
)
class InputWarning:
    """What was accepted but changed or left out."""

    code: WarningCode = strawberry.field(description="The kind of change.")
    message: str = strawberry.field(description="What was changed, for a person.")
    path: list[str] = strawberry.field(description="Where: ['input', 'metrics', 'profitFactor'].")


def write_errors(problems: Sequence[Problem], index: int | None = None) -> list[UserError]:
    """Return problems as they are shown."""
    return [
        UserError(code=ErrorCode(problem.code), message=problem.message, path=list(problem.path), index=index)
        for problem in problems
    ]


def write_warnings(notices: Sequence[Notice]) -> list[InputWarning]:
    """Return notices as they are shown."""
    return [
        InputWarning(code=WarningCode(notice.code), message=notice.message, path=list(notice.path))
        for notice in notices
    ]
