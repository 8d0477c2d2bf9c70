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
