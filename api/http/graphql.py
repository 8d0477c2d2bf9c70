"""The GraphQL endpoint, by the GraphQL over HTTP draft."""

from collections.abc import Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

from api.http.bodies import BadRequest, read_body
from api.json_text import parse_json
from api.operations import ANSWERED_ONCE, READING, Operation, execute
from api.pages import graphiql_page
from resolvers.callers import ANYBODY

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
_ENCODING = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z


async def graphql(request: Request) -> Response:
    """Answer a GraphQL request; a browser that asks for a page gets GraphiQL."""
    headers = _read_headers(request)
    media_type = GRAPHQL_JSON if GRAPHQL_JSON in headers.get("accept", "") else JSON
    if request.method != "POST" and "text/html" in headers.get("accept", "") and "query" not in request.query_params:
        return graphiql_page(request)
    try:
        operation = _read_parameters(request) if request.method == "GET" else await _read_body(request, headers)
        result = await _execute(request, operation)
    except BadRequest as error:
        answer = {"errors": [{"message": str(error)}]}
        return _write(answer, media_type, status=error.status, headers=error.headers)
    return _write_result(result, media_type)


def _read_headers(request: Request) -> dict[str, str]:
    """Return the headers, of several with one name the first: 5 times as fast as to look for each in turn."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(request.scope["headers"])}


async def _execute(request: Request, operation: Operation) -> ExecutionResult:
    try:
        return await execute(
            request.app.state.service,
            operation,
            caller=ANYBODY,
            request_id="",
            allowed=READING if request.method == "GET" else ANSWERED_ONCE,
        )
    except InvalidOperationTypeError as error:
        reason = error.as_http_error_reason(request.method)
        raise BadRequest(reason, 405, {"Allow": "POST"}) from error
    except CannotGetOperationTypeError as error:
        raise BadRequest(error.as_http_error_reason()) from error


def _read_parameters(request: Request) -> Operation:
    given: dict[str, Any] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if given.get(name):
            given[name] = _parse(given[name].encode(errors="surrogatepass"), f"The parameter {name}")
    return _check(given)


async def _read_body(request: Request, headers: Mapping[str, str]) -> Operation:
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != JSON:
        raise BadRequest(f"Send the request as {JSON}.", 415)
    body = await read_body(request.receive, headers, request.app.state.service.settings.most_body_bytes)
    return _check(_parse(body, "The body"))


def _parse(text: bytes, what: str) -> Any:
    try:
        return parse_json(text)
    except ValueError as error:
        raise BadRequest(f"{what} is not JSON: {error}.") from error


def _check(given: Any) -> Operation:
    if not isinstance(given, dict):
        raise BadRequest("A request is an object with a query.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise BadRequest("A request needs a query, which is a text.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("The variables are an object.")
    if name is not None and not isinstance(name, str):
        raise BadRequest("The operationName is a text.")
    return Operation(query, variables, name or None)


def _write_result(result: ExecutionResult, media_type: str) -> Response:
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer = {"errors": [error.formatted for error in result.errors], **answer}
    if result.data is None and result.errors and not any(error.path for error in result.errors):
        del answer["data"]
        return _write(answer, media_type, status=400 if media_type == GRAPHQL_JSON else 200)
    return _write(answer, media_type)


def _write(answer: Any, media_type: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = orjson.dumps(answer, option=_ENCODING)
    return Response(text, status, headers, f"{media_type}; charset=utf-8")
