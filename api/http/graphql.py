"""The GraphQL endpoint, by the GraphQL over HTTP draft."""

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionResult

from api.access.refusals import REASONS, is_forbidden, refuse
from api.http.bodies import BadRequest, read_body
from api.http.media_types import GRAPHQL_JSON, JSON, choose_media_type, is_json
from api.http.parameters import parse_parameters, parse_url, read_operation
from api.http.presence import ClientLeft
from api.live.events import stream, wants_events
from api.operations import ANSWERED_ONCE, READING, Operation, execute
from api.pages import graphiql_page
from resolvers.callers import Caller

METHODS = ("GET", "HEAD", "POST", "OPTIONS")
COST = "graphql-cost"
"""The header that asks for what a query costs."""
_ENCODING = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
_LEFT = 499
"""What proxies write down for a client that left before its answer; nobody gets it."""


async def graphql(request: Request) -> Response:
    """Answer a GraphQL request; a browser that asks for a page gets GraphiQL."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": ", ".join(METHODS)})
    headers = _read_headers(request)
    accepted = headers.get("accept", "")
    if request.method != "POST" and "text/html" in accepted and _is_page(request):
        return graphiql_page(request)
    media_type = choose_media_type(accepted)
    if media_type is None and wants_events(accepted):
        return await _answer(request, headers, JSON, is_streamed=True)
    if media_type is None:
        return _refuse(BadRequest(f"Answers are {GRAPHQL_JSON} or {JSON}.", 406), JSON)
    return await _answer(request, headers, media_type)


async def _answer(request: Request, headers: dict[str, str], media_type: str, *, is_streamed: bool = False) -> Response:
    authorization = headers.get("authorization")
    try:
        caller = await request.app.state.service.access.find_caller(authorization)
        operation = await _read(request, headers)
        if is_streamed:
            return await stream(request, operation, caller, authorization)
        result = await _execute(request, operation, caller)
    except REASONS as error:
        return refuse(error, media_type=media_type, is_shown=authorization is not None)
    except BadRequest as error:
        return _refuse(error, media_type)
    except ClientLeft:
        return Response(status_code=_LEFT)
    return _write_result(result, media_type, with_cost=headers.get(COST) == "1")


def _is_page(request: Request) -> bool:
    """Tell whether a browser asks for the page, and not for the answer of an operation."""
    return not request.path_params and not request.query_params.keys() & {"query", "documentId", "extensions"}


def _read_headers(request: Request) -> dict[str, str]:
    """Return the headers, of several with one name the first: 5 times as fast as to look for each in turn."""
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(request.scope["headers"])}


async def _read(request: Request, headers: dict[str, str]) -> Operation:
    service = request.app.state.service
    if request.method != "POST":
        parameters: Any = parse_url(request.query_params)
    else:
        if not is_json(headers.get("content-type", "")):
            raise BadRequest(f"Send the request as {JSON}, in UTF-8.", 415, {"Accept-Post": JSON})
        body = await read_body(request.receive, headers, service.settings.most_body_bytes)
        parameters = parse_parameters(body)
    if request.path_params and isinstance(parameters, dict):
        parameters = {**parameters, **request.path_params}
    return read_operation(parameters, service)


async def _execute(request: Request, operation: Operation, caller: Caller) -> ExecutionResult:
    """Return the answer; a change is made to its end, whoever waits for it."""
    if "mutation" in operation.query:
        return await _run(request, operation, caller)
    with request.app.state.service.askers.wait(request.receive):
        return await _run(request, operation, caller)


async def _run(request: Request, operation: Operation, caller: Caller) -> ExecutionResult:
    try:
        return await execute(
            request.app.state.service,
            operation,
            caller=caller,
            allowed=ANSWERED_ONCE if request.method == "POST" else READING,
        )
    except InvalidOperationTypeError as error:
        reason = error.as_http_error_reason(request.method)
        raise BadRequest(reason, 405, {"Allow": "POST"}) from error
    except CannotGetOperationTypeError as error:
        raise BadRequest(error.as_http_error_reason(), is_answered=True) from error


def _refuse(error: BadRequest, media_type: str) -> Response:
    status = 200 if error.is_answered and media_type == JSON else error.status
    return _write({"errors": [error.formatted]}, media_type, status=status, headers=error.headers)


def _write_result(result: ExecutionResult, media_type: str, *, with_cost: bool) -> Response:
    answer: dict[str, Any] = {"data": result.data}
    if with_cost:
        answer["extensions"] = result.extensions
    if result.errors:
        answer = {"errors": [error.formatted for error in result.errors], **answer}
    if result.data is None and result.errors and is_forbidden(result.errors):
        del answer["data"]
        return _write(answer, media_type, status=403 if media_type == GRAPHQL_JSON else 200)
    if result.data is None and result.errors and not any(error.path for error in result.errors):
        del answer["data"]
        return _write(answer, media_type, status=400 if media_type == GRAPHQL_JSON else 200)
    return _write(answer, media_type)


def _write(answer: Any, media_type: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    text = orjson.dumps(answer, option=_ENCODING)
    return Response(text, status, headers, f"{media_type}; charset=utf-8")
