"""The application: a middleware list and a route list over an open database."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.compression import Compression
from api.graphql import graphql
from api.health import health, ready
from api.pages import graphiql_assets
from resolvers.store.database import Database
from schema.schema import make_schema

MOST_BODY_BYTES = 64 * 2**20
"""A run with a year of minutes is 42 MB of JSON."""


def create_app(database: Database, *, bulk: bool = True, most_body_bytes: int = MOST_BODY_BYTES) -> Starlette:
    """Return the application.

    bulk says whether lists are completed column by column; most_body_bytes is the longest request that is taken.
    """
    app = Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST"]),
            Route("/", RedirectResponse("/graphql")),
            graphiql_assets,
            Route("/health", health),
            Route("/ready", ready),
        ],
        middleware=[Middleware(Compression)],
    )
    app.state.database = database
    app.state.schema = make_schema(bulk=bulk)
    app.state.most_body_bytes = most_body_bytes
    return app
