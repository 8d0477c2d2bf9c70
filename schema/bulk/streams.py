"""The answers of a subscription: one for each event, each executed as a question of its own."""

from collections.abc import Awaitable, Callable
from typing import Any, Self, cast

from graphql import ExecutionResult as CoreResult
from graphql import GraphQLError, create_source_event_stream, located_error
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.types import ExecutionResult

Show = Callable[[list[GraphQLError]], None]
Execute = Callable[[Any], Awaitable[ExecutionResult]]


class Ended(Exception):
    """A subscription was ended by an error; `errors` are as a client may see them."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


def refusal(errors: list[GraphQLError], show: Show) -> Ended:
    """Return errors to be raised, as a client may see them."""
    show(errors)
    return Ended(errors)


def refuse(errors: list[GraphQLError], show: Show) -> None:
    """Raise Ended where there are errors."""
    if errors:
        raise refusal(errors, show)


async def open_source(executor: Any, show: Show) -> Any:
    """Return the events of the subscription that an executor was built for; raises Ended where there are none."""
    if isinstance(executor, list):  # what is wrong with the variables
        raise refusal(executor, show)
    opening = create_source_event_stream(executor)
    opened: Any = await cast("Awaitable[Any]", opening) if optimized_is_awaitable(opening) else opening
    if isinstance(opened, CoreResult):
        raise refusal(opened.errors or [], show)
    return opened


class Answers:
    """An iterator over the answers for events; it raises Ended where the source fails, and is left by `aclose`.

    A generator would not leave its source where it is closed before it was asked for anything.
    """

    def __init__(self, source: Any, execute: Execute, show: Show) -> None:
        self._source = source
        self._execute = execute
        self._show = show
        self._at_end: Callable[[], None] | None = None

    def at_end(self, tell: Callable[[], None]) -> None:
        """Have it told once when they are left."""
        self._at_end = tell

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ExecutionResult:
        try:
            event = await anext(self._source)
        except StopAsyncIteration:
            raise
        except Exception as error:
            raise refusal([located_error(error)], self._show) from error
        return await self._execute(event)

    async def aclose(self) -> None:
        """Leave the source."""
        try:
            await self._source.aclose()
        finally:
            tell, self._at_end = self._at_end, None
            if tell is not None:
                tell()
