"""Executors that are wrong in one way each: what compares two executions must notice each of them."""

import math
from collections.abc import Awaitable
from inspect import isawaitable
from typing import Any

from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from tests.properties.operations.answers import AllErrors


class _ChangedObjects(StrawberryGraphQLCoreExecutionContext):
    """Changes each object of the answer."""

    def execute_fields(self, *given: Any, **named: Any) -> Any:
        result = super().execute_fields(*given, **named)
        return self._later(result) if isawaitable(result) else self.changed(result)

    async def _later(self, result: Awaitable[dict[str, Any]]) -> dict[str, Any]:
        return self.changed(await result)

    def changed(self, fields: dict[str, Any]) -> dict[str, Any]:
        raise NotImplementedError


class LosesNulls(_ChangedObjects):
    def changed(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in fields.items() if value is not None}


class MisordersKeys(_ChangedObjects):
    def changed(self, fields: dict[str, Any]) -> dict[str, Any]:
        return dict(sorted(fields.items()))


class LosesErrors(StrawberryGraphQLCoreExecutionContext):
    def handle_field_error(self, *given: Any, **named: Any) -> None:
        before = len(self.collected_errors.errors)
        super().handle_field_error(*given, **named)
        del self.collected_errors.errors[before:]


class ShortensPaths(StrawberryGraphQLCoreExecutionContext):
    def handle_field_error(self, raw_error: Exception, return_type: Any, field_details_list: Any, path: Any) -> None:
        inside = path.prev if path.prev and isinstance(path.prev.key, int) else path
        super().handle_field_error(raw_error, return_type, field_details_list, inside)


class TakesAnyNumber(StrawberryGraphQLCoreExecutionContext):
    """Gives NaN as null where there must be an error."""

    @staticmethod
    def complete_leaf_value(return_type: Any, result: Any) -> Any:
        if isinstance(result, float) and not math.isfinite(result):
            return None
        return StrawberryGraphQLCoreExecutionContext.complete_leaf_value(return_type, result)


class ConvertsNothing(StrawberryGraphQLCoreExecutionContext):
    """Gives numbers as they are: 1 for the Float 1.0."""

    @staticmethod
    def complete_leaf_value(return_type: Any, result: Any) -> Any:
        if isinstance(result, int | float):
            return result
        return StrawberryGraphQLCoreExecutionContext.complete_leaf_value(return_type, result)


FAULTS = (LosesNulls, MisordersKeys, LosesErrors, ShortensPaths, TakesAnyNumber, ConvertsNothing, AllErrors)
