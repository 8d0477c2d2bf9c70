"""Executing an operation for somebody, whichever way it came in."""

from dataclasses import dataclass
from typing import Any

from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

from api.observation.observing import observed
from api.service import Service
from resolvers.callers import Caller
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
    service: Service, operation: Operation, *, caller: Caller, request_id: str, allowed: frozenset[OperationType]
) -> ExecutionResult:
    """Return the answer of a query or mutation.

    Raises:
        InvalidOperationTypeError: it is none of the types that are allowed.
        CannotGetOperationTypeError: the document has no operation of that name.
    """
    context = Context(service.database, caller, request_id)
    with observed(operation, context) as work:
        result = await service.schema.execute(
            operation.query,
            variable_values=operation.variables,
            operation_name=operation.name,
            context_value=context,
            allowed_operation_types=allowed,
        )
        work.note_errors(result.errors)
    return result
