"""Executing an operation for somebody, whichever way it came in."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.observation.metrics import SUBSCRIBERS
from api.observation.observing import observed
from api.service import Service
from resolvers.callers import Caller
from schema.bulk import Answers, Ended
from schema.context import Context

READING = frozenset({OperationType.QUERY})
ANSWERED_ONCE = frozenset({OperationType.QUERY, OperationType.MUTATION})


@dataclass(frozen=True, slots=True)
class Operation:
    """What is to be executed."""

    query: str
    variables: dict[str, Any] | None
    name: str | None


async def execute(
    service: Service, operation: Operation, *, caller: Caller, allowed: frozenset[OperationType]
) -> ExecutionResult:
    """Return the answer of a query or mutation, with what it costs among the extensions.

    Raises:
        InvalidOperationTypeError: it is none of the types that are allowed.
        CannotGetOperationTypeError: the document has no operation of that name.
    """
    context = Context(service.database, caller)
    with observed(operation, context) as work:
        result = await service.schema.execute(
            operation.query,
            variable_values=operation.variables,
            operation_name=operation.name,
            context_value=context,
            allowed_operation_types=allowed,
        )
        work.note_errors(result.errors)
    result.extensions = {"cost": context.cost}
    return result


async def subscribe(service: Service, operation: Operation, *, caller: Caller) -> Answers:
    """Start a subscription and return its answers; it is told of when they are left.

    Raises:
        CannotGetOperationTypeError: the document has no operation of that name.
        Ended: it cannot be started.
    """
    context = Context(service.database, caller, live=service.live)
    with ExitStack() as stack:
        work = stack.enter_context(observed(operation, context))
        try:
            answers = await service.schema.follow(operation.query, operation.variables, operation.name, context)
        except Ended as error:
            work.note_errors(error.errors)
            raise
        SUBSCRIBERS.inc()
        stack.callback(SUBSCRIBERS.dec)
        answers.at_end(stack.pop_all().close)
    return answers


async def answer(
    service: Service, operation: Operation, *, caller: Caller, allowed: frozenset[OperationType]
) -> ExecutionResult | Answers:
    """Return the answer of a query or mutation, or the answers of a subscription.

    Raises:
        InvalidOperationTypeError: it is a query or mutation of a type that is not allowed.
        Ended: it is a subscription that cannot be started.
    """
    try:
        if await service.schema.is_subscription(operation.query, operation.name):
            return await subscribe(service, operation, caller=caller)
        return await execute(service, operation, caller=caller, allowed=allowed)
    except CannotGetOperationTypeError as error:
        reason = GraphQLError(error.as_http_error_reason(), extensions={"code": "BAD_USER_INPUT"})
        return ExecutionResult(data=None, errors=[reason])
