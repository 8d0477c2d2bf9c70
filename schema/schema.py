"""The whole API."""

import logging
from functools import cache

from graphql import GraphQLError
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.name_converter import NameConverter

from resolvers.errors import QuestionError
from resolvers.store.database import Unavailable
from schema.bulk import BulkExecutor, DirectSchema, Documents
from schema.bulk.documents import Known
from schema.context import Context
from schema.mutation import Mutation
from schema.optimizations import Optimization, OptimizationTrial
from schema.query import Query
from schema.scalars import COLUMNS, SCALARS
from schema.trades import Trade
from schema.walk_forward import WalkForwardTest

logger = logging.getLogger("backtest_graph.errors")


class Schema(DirectSchema):
    """Shows a client the errors that are meant for it, with a code, and masks all others."""

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


def _show(error: GraphQLError, request_id: str) -> None:
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, QuestionError):
        error.extensions = {"code": cause.code}
    elif isinstance(cause, Unavailable):
        error.extensions = {"code": "UNAVAILABLE"}
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
def make_schema(*, bulk: bool = True) -> Schema:
    """Return the schema; bulk: whether lists are completed column by column, which changes no answer."""
    return Schema(
        query=Query,
        mutation=Mutation,
        types=[Trade, Optimization, OptimizationTrial, WalkForwardTest],
        extensions=[Documents],
        config=StrawberryConfig(name_converter=_Names(), scalar_map=SCALARS),
        execution_context_class=_Executor if bulk else None,
    )


schema = make_schema()
