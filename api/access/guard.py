"""Checks where a request comes from before anything else, and adds the headers that every answer has."""

from functools import lru_cache

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.sites import Sites
from api.settings import Settings

HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""Each for answers that have none of that name: GraphiQL's page has a policy of its own, its assets are kept."""

CORS_HEADERS = ("Authorization", "Content-Type", "Content-Encoding", "GraphQL-Cost", "X-Request-Id")
CORS_SECONDS = 600
"""How long a browser remembers what it may send."""

_POLICY_VIOLATION = 1008
_FROM_ELSEWHERE = (b"cross-site", b"same-site")


def guarding(settings: Settings) -> list[Middleware]:
    """Return the first middleware of the application."""
    guard = Middleware(Guard, sites=Sites(settings))
    if not settings.cors_origins_list:
        return [guard]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins_list,
        allow_methods=["GET", "POST"],
        allow_headers=CORS_HEADERS,
        expose_headers=["WWW-Authenticate", "X-Request-Id"],
        max_age=CORS_SECONDS,
    )
    return [guard, cors]


class Guard:
    """Refuses requests for other hosts and from other sites, over HTTP and for sockets."""

    def __init__(self, app: ASGIApp, sites: Sites) -> None:
        self._app = app
        self._sites = sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer through the application, or refuse."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._check(scope)

        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                message["headers"] = [*headers, *_missing(tuple([name for name, _ in headers]))]
            await send(message)

        if refusal is None:
            await self._app(scope, receive, secured)
        elif scope["type"] == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": "Refused."})
        else:
            await refusal(scope, receive, secured)

    def _check(self, scope: Scope) -> JSONResponse | None:
        """Return the answer to a request that is refused."""
        host = origin = site = mode = b""
        hosts = 0
        for name, value in scope["headers"]:
            if name == b"host":
                host, hosts = value, hosts + 1
            elif name == b"origin":
                origin = value
            elif name == b"sec-fetch-site":
                site = value
            elif name == b"sec-fetch-mode":
                mode = value
        if hosts != 1 or not self._sites.is_host(host):
            return _refuse_host(host) if hosts == 1 else _refuse("A request names one host.", 400)
        if origin:
            return None if self._sites.is_origin(origin, host) else _refuse_site(origin)
        is_visit = mode == b"navigate" and scope.get("method") in {"GET", "HEAD"}  # somebody follows a link to GraphiQL
        return _refuse_site(b"another site") if site in _FROM_ELSEWHERE and not is_visit else None


@lru_cache(1000)
def _missing(present: tuple[bytes, ...]) -> list[tuple[bytes, bytes]]:
    """Return the headers that an answer does not have."""
    return [each for each in HEADERS if each[0] not in present]


def _refuse_host(host: bytes) -> JSONResponse:
    name = host[:100].decode("latin-1")
    return _refuse(f"This service is not called {name!r}: --allowed-hosts lists the names that it has.", 421)


def _refuse_site(origin: bytes) -> JSONResponse:
    name = origin[:100].decode("latin-1")
    return _refuse(f"Pages of {name} may not call this service: --cors-origins lists those that may.", 403)


def _refuse(message: str, status: int) -> JSONResponse:
    return JSONResponse({"errors": [{"message": message, "extensions": {"code": "FORBIDDEN"}}]}, status)
