"""Executing an operation for somebody, whichever way it came in."""

from dataclasses import dataclass
from typing import Any

from strawberry.types import ExecutionResult
from strawberry.types.graphql import OperationType

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
    """Return the answer of a query or mutation, with what it costs among the extensions.

    Raises:
        InvalidOperationTypeError: it is none of the types that are allowed.
        CannotGetOperationTypeError: the document has no operation of that name.
    """
    context = Context(service.database, caller, request_id)
    result = await service.schema.execute(
        operation.query,
        variable_values=operation.variables,
        operation_name=operation.name,
        context_value=context,
        allowed_operation_types=allowed,
    )
    result.extensions = {"cost": context.cost}
    return result
