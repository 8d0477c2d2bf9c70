"""The whole API."""

import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import asyncpg
from graphql import DocumentNode, GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from resolvers.errors import QuestionError, TimedOut
from resolvers.store.database import Unavailable
from resolvers.store.time_limits import Overdue
from schema.bulk import BulkExecutor, DirectSchema, Documents
from schema.bulk.documents import Known
from schema.context import Context
from schema.limits import (
    Costs,
    Limits,
    count_values,
    find_costs,
    hide_suggestions,
    read_document,
    refuse_cost,
    refuse_values,
)
from schema.mutation import Mutation
from schema.optimizations import Optimization, OptimizationTrial
from schema.query import Query
from schema.scalars import COLUMNS, SCALARS
from schema.scopes import read_scopes, refuse_scopes
from schema.subscription import Subscription
from schema.trades import Trade
from schema.walk_forward import WalkForwardTest

logger = logging.getLogger("backtest_graph.errors")

_NO_TEXT = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)
"""What PostgreSQL says of a null character in a text, and in a text within JSON."""


class Schema(DirectSchema):
    """Keeps to limits and scopes; shows errors that are meant for clients, with a code, and masks all others.

    Raises:
        Undeclared: a root field does not say which scope it needs.
    """

    limits = Limits()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._scopes = read_scopes(self._schema)

    def read(self, text: str, rules: Any, options: dict[str, Any]) -> tuple[DocumentNode, list[GraphQLError]]:
        """Return the document of a text that is within the limits, and what is wrong with it; raises GraphQLError."""
        return read_document(self._schema, text, self.limits, rules, options)

    def refusals(
        self, known: Known, operation_name: str | None, variables: Mapping[str, Any] | None, context: Context
    ) -> list[GraphQLError]:
        """Return why an operation is not executed: it is wrong, its caller may not, or it costs too much.

        The cost is told to the context.
        """
        errors = super().refusals(known, operation_name, variables, context)
        if errors:
            return errors
        memory = known.memory(operation_name, variables)
        errors = refuse_scopes(self._schema, self._scopes, known, operation_name, memory, context.caller)
        context.cost, context.most_points = self.cost_of(known, operation_name, variables), self.limits.points
        if context.cost > self.limits.cost:
            errors.append(refuse_cost(context.cost, self.limits, known.document))
        if variables and self._has_too_many(known, operation_name, variables):
            errors.append(refuse_values(self.limits, known.document))
        return errors

    def _has_too_many(self, known: Known, operation_name: str | None, variables: Mapping[str, Any]) -> bool:
        operation, most = known.operation(operation_name), self.limits.values
        return count_values(self._schema, operation, variables, most) > most

    def cost_of(self, known: Known, operation_name: str | None, variables: Mapping[str, Any] | None) -> int:
        """Return what an operation of a valid document costs, in objects."""
        costs = known.facts.get(Costs)
        if costs is None:
            costs = known.facts[Costs] = find_costs(self._schema, known.document)
        cost: int = costs.of(operation_name, variables)
        return cost

    def renew(self, context: Context) -> Context:
        """Return the context of the next answer of a subscription."""
        return context.renewed()

    def see(self, known: Known, operation_name: str | None, context: Context | None) -> None:
        """Have the request know of which type its operation is, and its name."""
        operation = known.operation(operation_name)
        if context is not None and operation is not None:
            context.operation_type = operation.operation.value
            context.operation_name = operation.name.value if operation.name else ""

    def show(self, errors: list[GraphQLError], context: Context | None) -> None:
        """Give each error its code; an unexpected one is logged and masked."""
        for error in errors:
            _show(error, context.request_id if context else "")
            if not self.limits.introspection:
                hide_suggestions(error)


def _show(error: GraphQLError, request_id: str) -> None:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, QuestionError):
        error.extensions = {"code": cause.code}
    elif isinstance(cause, Unavailable):
        error.extensions = {"code": "UNAVAILABLE"}
    elif isinstance(cause, Overdue):
        error.extensions = {"code": TimedOut.code}
    elif isinstance(cause, _NO_TEXT):
        error.message = "A text holds a null character or half of a surrogate pair, which no text can hold."
        error.extensions = {"code": "BAD_USER_INPUT"}
    elif isinstance(cause, RecursionError):
        error.message, error.extensions = "The question nests too deep.", {"code": "BAD_USER_INPUT"}
    elif cause is None or isinstance(cause, GraphQLError):
        error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    else:
        logger.error("An unexpected error at %s in request %s", error.path, request_id, exc_info=cause)
        error.message = "Something went wrong on our side; the service's log has more under the request id."
        error.extensions = {"code": "INTERNAL", "requestId": request_id}


class _Names(NameConverter):
    """Turns each name into camelCase once: Strawberry asks for that of every argument at every call."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, str] = {}

    def apply_naming_config(self, name: str) -> str:
        """Return the GraphQL name."""
        if name not in self._known:
            self._known[name] = super().apply_naming_config(name)
        return self._known[name]


class _Executor(BulkExecutor):
    columns = COLUMNS


@cache
def make_schema(*, bulk: bool = True, limits: Limits = Limits()) -> Schema:  # noqa: B008 - it is frozen
    """Return the schema; bulk: whether lists are completed column by column, which changes no answer."""
    made = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=[Trade, Optimization, OptimizationTrial, WalkForwardTest],
        extensions=[Documents],
        config=StrawberryConfig(name_converter=_Names(), scalar_map=SCALARS),
        execution_context_class=_Executor if bulk else None,
    )
    made.limits = limits
    return made


schema = make_schema()
