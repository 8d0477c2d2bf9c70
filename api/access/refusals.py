"""Answers to those who may not."""

from collections.abc import Iterable

from graphql import GraphQLError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from resolvers.callers import Caller, Scope
from resolvers.errors import Forbidden, QuestionError, Unauthenticated
from resolvers.store.database import Unavailable

REASONS = (QuestionError, Unavailable)
"""What `Access.find_caller` and `find_admitted` raise."""

_STATUSES = {"UNAUTHENTICATED": 401, "FORBIDDEN": 403, "UNAVAILABLE": 503, "TIMEOUT": 503}


def refuse(error: Exception, *, media_type: str = "application/json", is_shown: bool = False) -> Response:
    """Return the answer for one of REASONS, in the form of GraphQL; is_shown: whether a token was."""
    code = error.code if isinstance(error, QuestionError) else "UNAVAILABLE"
    headers = {}
    if isinstance(error, Unauthenticated):
        detail = ', error="invalid_token"' if is_shown else ""
        headers["WWW-Authenticate"] = f'Bearer realm="backtest-graph"{detail}'
    body = {"errors": [{"message": str(error), "extensions": {"code": code}}]}
    return JSONResponse(body, _STATUSES.get(code, 500), headers, f"{media_type}; charset=utf-8")


def is_forbidden(errors: Iterable[GraphQLError]) -> bool:
    """Tell whether an operation was refused for want of a scope; such errors have a path, though nothing was run."""
    return any((error.extensions or {}).get("code") == Forbidden.code for error in errors)


async def find_admitted(request: Request, scope: Scope) -> Caller:
    """Return who asks for something beside GraphQL that needs a scope.

    Raises:
        Unauthenticated, Forbidden, Unavailable, KeysAway: see REASONS; `refuse` makes an answer of them.
    """
    caller = await request.app.state.service.access.find_caller(request.headers.get("authorization"))
    if not caller.may(scope):
        raise Forbidden(f"{request.url.path} needs the scope {scope}.")
    return caller  # type: ignore[no-any-return]  # an app's state is not typed
