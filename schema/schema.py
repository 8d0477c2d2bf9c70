"""The whole API."""

import logging
from collections.abc import Iterator

import strawberry
from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from resolvers.errors import QuestionError
from resolvers.store.database import Unavailable
from schema.mutation import Mutation
from schema.optimizations import Optimization, OptimizationTrial
from schema.query import Query
from schema.scalars import SCALARS
from schema.trades import Trade
from schema.walk_forward import WalkForwardTest

logger = logging.getLogger("backtest_graph.errors")


class Schema(strawberry.Schema):
    """Shows a client the errors that are meant for it, with a code, and masks all others."""

    def process_errors(
        self,
        errors: list[GraphQLError],
        execution_context: ExecutionContext | None = None,  # noqa: ARG002 - Strawberry's signature
    ) -> None:
        """Give each error its code; an unexpected one is logged and masked."""
        for error in errors:
            _show(error)


def _show(error: GraphQLError) -> None:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, QuestionError):
        error.extensions = {"code": cause.code}
    elif isinstance(cause, Unavailable):
        error.extensions = {"code": "UNAVAILABLE"}
    elif cause is None or isinstance(cause, GraphQLError):
        error.extensions = {"code": "BAD_USER_INPUT", **(error.extensions or {})}
    else:
        logger.error("An unexpected error at %s", error.path, exc_info=cause)
        error.message, error.extensions = "Something went wrong on our side.", {"code": "INTERNAL"}


class NamedOperation(SchemaExtension):
    """Refuses to guess which of several operations is meant, as the specification asks."""

    def on_parse(self) -> Iterator[None]:
        """Look at the operations once they are known."""
        yield
        asked = self.execution_context
        definitions = asked.graphql_document.definitions if asked.graphql_document else ()
        operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
        if len(operations) > 1 and not asked._provided_operation_name:  # noqa: SLF001 - its public name guesses
            message = "Must provide operation name if query contains multiple operations."
            asked.pre_execution_errors = [GraphQLError(message)]


schema = Schema(
    query=Query,
    mutation=Mutation,
    types=[Trade, Optimization, OptimizationTrial, WalkForwardTest],
    extensions=[NamedOperation],
    config=StrawberryConfig(scalar_map=SCALARS),
)
