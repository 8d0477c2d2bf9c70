"""graphql-core's executor, with plans where there are some."""

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, ClassVar, cast

from graphql import (
    DefinitionNode,
    DocumentNode,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
)
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from schema.bulk.documents import Memory, memory_of
from schema.bulk.leaves import Complete
from schema.bulk.plans import Details, Later, Place, Plan, compile_plan
from schema.coercion.variables import coerce_variables

logger = logging.getLogger("backtest_graph.bulk")


class BulkExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes objects and lists of objects by plans; what a plan gives up, and all after it, as graphql-core does.

    It overrides methods that graphql-core calls private: its minor version is pinned.
    """

    columns: ClassVar[Mapping[str, Complete]] = {}
    """What completes columns of custom scalars, by their names; others are serialized value by value."""

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        operation_name: str | None = None,
        *rest: Any,
        **options: Any,
    ) -> Any:
        """Build the executor; a context with an attribute `memory` is given what is known of the operation."""
        memory = memory_of(document, operation_name, raw_variable_values)
        operation = get_operation_ast(document, operation_name)
        values = None
        if operation is not None and operation.variable_definitions:
            values = coerce_variables(schema, operation.variable_definitions, raw_variable_values or {})
        if values is not None:
            # graphql-core would coerce them again: it is shown the same document without their definitions.
            document, raw_variable_values = _bare(document, memory), None
        built = super().build(
            schema, document, root_value, context_value, raw_variable_values, operation_name, *rest, **options
        )
        if isinstance(built, BulkExecutor):
            if operation is not None and values is not None:
                built.operation, built.variable_values = operation, values
            built._remember(memory)  # noqa: SLF001 - its own class
        return built

    def _remember(self, memory: Memory) -> None:
        self._memory = memory
        self._relevant_sub_fields = memory.setdefault("sub-fields", {})
        self._plans: dict[tuple[Any, int], Plan | None] = memory.setdefault("plans", {})
        self._is_bulk = not self.abort_signal and not (self.middleware_manager and self.middleware_manager.middlewares)
        if hasattr(self.context_value, "memory"):
            self.context_value.memory = memory

    def execute_collected_root_fields(
        self, root_type: GraphQLObjectType, root_value: Any, grouped_field_set: Any, *rest: Any
    ) -> Any:
        """Execute the root fields, as they were collected the first time: what is known of them is kept under them."""
        known = self._memory.setdefault("root", grouped_field_set)
        return super().execute_collected_root_fields(root_type, root_value, known, *rest)

    def complete_list_value(
        self, return_type: GraphQLList[Any], field_details_list: Details, info: Any, path: Any, result: Any, *rest: Any
    ) -> Any:
        """Complete a list by its plan."""
        ordinary = partial(super().complete_list_value, return_type, field_details_list, info, path, result, *rest)
        return self._complete(return_type, field_details_list, Place(self, info, path), result, ordinary)

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_details_list: Details,
        info: Any,
        path: Any,
        result: Any,
        *rest: Any,
    ) -> Any:
        """Complete an object by its plan."""
        ordinary = partial(super().complete_object_value, return_type, field_details_list, info, path, result, *rest)
        return self._complete(return_type, field_details_list, Place(self, info, path), result, ordinary)

    def _complete(
        self, kind: GraphQLOutputType, details: Details, place: Place, result: Any, ordinary: Callable[[], Any]
    ) -> Any:
        plan = self._plan(kind, details) if self._is_bulk else None
        if plan is None:
            return ordinary()
        if plan.now is None:
            return self._wait(plan, place, result, ordinary)
        try:
            return plan.now(place, [result])[0]
        except Exception as error:  # noqa: BLE001 - graphql-core meets it again, and knows where it belongs
            self._give_up(error, place)
            return ordinary()

    def _plan(self, kind: GraphQLOutputType, details: Details) -> Plan | None:
        key = (kind, id(details))
        if key not in self._plans:
            self._plans[key] = compile_plan(self, kind, details, self.columns)
        return self._plans[key]

    async def _wait(self, plan: Plan, place: Place, result: Any, ordinary: Callable[[], Any]) -> Any:
        try:
            [done] = await cast("Later", plan.later)(place, [result])
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(error, place)
            done = ordinary()
            return await done if self.is_awaitable(done) else done
        return done

    def _give_up(self, error: Exception, place: Place) -> None:
        """Leave the rest of the request to graphql-core: it would come to the same end object by object."""
        self._is_bulk = False
        logger.debug("Completed value by value from %s on: %r", place.path.as_list(), error)


def _bare(document: DocumentNode, memory: Memory) -> DocumentNode:
    """Return a document whose operations define no variables."""
    if "bare" not in memory:
        memory["bare"] = DocumentNode(definitions=tuple(map(_without_variables, document.definitions)))
    bare: DocumentNode = memory["bare"]
    return bare


def _without_variables(node: DefinitionNode) -> DefinitionNode:
    if not isinstance(node, OperationDefinitionNode):
        return node
    kept = {name: getattr(node, name) for name in node.keys if name != "variable_definitions"}
    return OperationDefinitionNode(**kept, variable_definitions=())
