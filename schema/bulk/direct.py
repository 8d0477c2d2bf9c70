"""A schema that executes what it knows without the steps for extensions that are not there."""

from collections.abc import Iterable
from typing import Any, cast

import strawberry
from graphql import DocumentNode, GraphQLError, execute, located_error, specified_rules
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from schema.bulk.documents import Documents, Known, Refusing, know

_RULES = tuple(specified_rules)


class DirectSchema(Refusing, strawberry.Schema):
    """Does what Strawberry's schema does; where `Documents` is its only extension, in half of the time.

    Strawberry enters eight context managers for a request, whatever its extensions.
    """

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Any | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute an operation."""
        if tuple(self.extensions) != (Documents,) or self.directives or not query or operation_extensions:
            return await super().execute(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                allowed_operation_types,
                operation_extensions,
            )
        try:
            known = know(self, query, _RULES)
            self.see(known, operation_name, context_value)
            _check_type(known.document, operation_name, allowed_operation_types)
            errors = self.refusals(known, operation_name, variable_values, context_value)
            result = (
                None if errors else await self._run(known, root_value, context_value, variable_values, operation_name)
            )
        except (CannotGetOperationTypeError, InvalidOperationTypeError):
            raise
        except Exception as error:  # noqa: BLE001 - the answer says it, as Strawberry's does
            result, errors = None, [located_error(error)]
        data, errors = (result.data, result.errors) if result else (None, errors)
        if errors:
            self.show(errors, context_value)
        return ExecutionResult(data=data, errors=errors)

    def show(self, errors: list[GraphQLError], context: Any) -> None:
        """Make errors what the client is to see, in place."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do what `show` does, where Strawberry took its own steps."""
        self.show(errors, execution_context and execution_context.context)

    async def _run(self, known: Known, root: Any, context: Any, variables: Any, operation_name: str | None) -> Any:
        running: Any = execute(
            self._schema,
            known.document,
            root,
            context,
            variables,
            operation_name,
            executor_class=self.execution_context_class,
            is_awaitable=cast("Any", optimized_is_awaitable),
        )
        return await running if optimized_is_awaitable(running) else running


def _check_type(document: DocumentNode, name: str | None, allowed: Iterable[OperationType] | None) -> None:
    """Raise as Strawberry does where there is no such operation, or one of a type that is not allowed."""
    try:
        kind = get_operation_type(document, name)
    except RuntimeError as error:
        raise CannotGetOperationTypeError(name) from error
    if allowed is not None and kind not in allowed:
        raise InvalidOperationTypeError(kind)
