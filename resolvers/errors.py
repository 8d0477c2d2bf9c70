"""The errors a client may see; all others are masked."""

from typing import ClassVar


class QuestionError(Exception):
    """A question that cannot be answered; code is its `extensions.code`."""

    code: ClassVar[str] = "INTERNAL"


class BadUserInput(QuestionError):
    """An argument makes no sense; the message names it."""

    code = "BAD_USER_INPUT"


class BadCursor(QuestionError):
    """The cursor belongs to another order or filter, or is no cursor of ours."""

    code = "BAD_CURSOR"


class NotFound(QuestionError):
    """There is nothing under this name."""

    code = "NOT_FOUND"


class Unauthenticated(QuestionError):
    """Nobody is known by what was shown, or nothing was shown where something is needed."""

    code = "UNAUTHENTICATED"


class Forbidden(QuestionError):
    """The caller lacks a scope; the message names it."""

    code = "FORBIDDEN"


class QueryTooComplex(QuestionError):
    """The query goes beyond a limit; the message has its figure and the limit."""

    code = "QUERY_TOO_COMPLEX"


class TimedOut(QuestionError):
    """The answer takes longer than is allowed."""

    code = "TIMEOUT"
