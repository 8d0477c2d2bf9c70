"""Results as text."""

from collections.abc import Sequence
from typing import Any

import orjson
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from api.access.refusals import is_forbidden

_ENCODING = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


def is_refused(result: ExecutionResult) -> bool:
    """Tell whether nothing was executed."""
    errors = result.errors or []
    return result.data is None and bool(errors) and (is_forbidden(errors) or not any(error.path for error in errors))


def write_result(result: ExecutionResult) -> dict[str, Any]:
    """Return a result as it is sent."""
    if is_refused(result):
        return {"errors": write_errors(result.errors or ())}
    return {"data": result.data} | ({"errors": write_errors(result.errors)} if result.errors else {})


def write_errors(errors: Sequence[GraphQLError]) -> list[Any]:
    """Return errors as they are sent."""
    return [error.formatted for error in errors]


def write_json(value: Any) -> bytes:
    """Return the text of what is sent."""
    return orjson.dumps(value, option=_ENCODING)
