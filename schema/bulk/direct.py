"""A schema that executes what it knows without the steps for extensions that are not there."""

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, cast

import strawberry
from graphql import DocumentNode, GraphQLError, located_error, specified_rules
from graphql import ExecutionResult as CoreResult
from strawberry.execution.is_awaitable import optimized_is_awaitable
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.graphql import OperationType
from strawberry.utils.operation import get_operation_type

from schema.bulk.documents import Documents, Known, Refusing, find, keep, learn
from schema.bulk.streams import Answers, Ended, open_source, refusal, refuse
from schema.coercion.counting import LARGE, count_inside

SHORT = 2_000
"""Characters of the longest text that is read at once, in some 20 ms."""
_RULES = tuple(specified_rules)
_aside = ThreadPoolExecutor(1, "documents")
"""One thread: each more would take its share of the interpreter from those who answer."""
_large = ThreadPoolExecutor(1, "variables")
"""Another one, which a run with a million trades keeps busy for seconds."""


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
            known = find(self, query, _RULES) or await self._learn(query)
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

    async def is_subscription(self, query: str, operation_name: str | None) -> bool:
        """Tell whether an operation is a subscription; what is no document, or has no such operation, is none."""
        try:
            known = find(self, query, _RULES) or await self._learn(query)
            return get_operation_type(known.document, operation_name) is OperationType.SUBSCRIPTION
        except (GraphQLError, RuntimeError):
            return False

    async def follow(
        self, query: str, variable_values: dict[str, Any] | None, operation_name: str | None, context_value: Any
    ) -> Answers:
        """Start a subscription and return its answers.

        Raises:
            CannotGetOperationTypeError: the document has no operation of that name.
            InvalidOperationTypeError: it is no subscription.
            Ended: it cannot be started.
        """
        show = partial(self.show, context=context_value)
        try:
            known = find(self, query, _RULES) or await self._learn(query)
            self.see(known, operation_name, context_value)
            _check_type(known.document, operation_name, {OperationType.SUBSCRIPTION})
            refuse(self.refusals(known, operation_name, variable_values, context_value), show)
            build = partial(self.execution_context_class.build, is_awaitable=cast("Any", optimized_is_awaitable))
            executor = build(self._schema, known.document, None, context_value, variable_values, operation_name)
            source = await open_source(executor, show)
        except (CannotGetOperationTypeError, InvalidOperationTypeError, Ended):
            raise
        except Exception as error:
            raise refusal([located_error(error)], show) from error
        return Answers(source, partial(self._answer, known, context_value, variable_values, operation_name), show)

    async def _answer(
        self, known: Known, context: Any, variables: Any, operation_name: str | None, event: Any
    ) -> ExecutionResult:
        """Return the answer for one event of a subscription."""
        result = await self._run(known, event, self.renew(context), variables, operation_name)
        if result.errors:
            self.show(result.errors, context)
        return ExecutionResult(data=result.data, errors=result.errors)

    def renew(self, context: Any) -> Any:
        """Return the context of the next answer of a subscription."""
        return context

    def show(self, errors: list[GraphQLError], context: Any) -> None:
        """Make errors what the client is to see, in place."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Do what `show` does, where Strawberry took its own steps."""
        self.show(errors, execution_context and execution_context.context)

    async def _learn(self, text: str) -> Known:
        """Return what is to be known of a text; a long one is read aside, so that others are answered meanwhile."""
        if len(text) <= SHORT:
            return keep(learn(self, text, _RULES), self, text, _RULES)
        known = await asyncio.get_running_loop().run_in_executor(_aside, learn, self, text, _RULES)
        return keep(known, self, text, _RULES)

    async def _run(self, known: Known, *asked: Any) -> Any:
        """Execute as graphql-core's `execute` does: asked are the root, the context, the variables and the name."""
        built = await self._build(known, *asked)
        if isinstance(built, list):  # what is wrong with the variables
            return CoreResult(None, errors=built)
        try:
            running = built.execute_operation()
            return await running if optimized_is_awaitable(running) else running
        finally:
            # They refer to the executor, and it to all that was sent, a year of minutes in a save: once they are gone,
            # so is that, and need not wait for the garbage collector.
            built.async_helpers = None

    async def _build(self, known: Known, root: Any, context: Any, variables: Any, operation_name: str | None) -> Any:
        """Return the executor; many variables are coerced aside, so that others are answered meanwhile."""
        build = partial(self.execution_context_class.build, is_awaitable=cast("Any", optimized_is_awaitable))
        asked = (self._schema, known.document, root, context, variables, operation_name)
        if variables and count_inside(variables, LARGE) > LARGE:
            return await asyncio.get_running_loop().run_in_executor(_large, build, *asked)
        return build(*asked)


def _check_type(document: DocumentNode, name: str | None, allowed: Iterable[OperationType] | None) -> None:
    """Raise as Strawberry does where there is no such operation, or one of a type that is not allowed."""
    try:
        kind = get_operation_type(document, name)
    except RuntimeError as error:
        raise CannotGetOperationTypeError(name) from error
    if allowed is not None and kind not in allowed:
        raise InvalidOperationTypeError(kind)
