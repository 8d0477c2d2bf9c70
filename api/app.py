"""The application: a route list over an open database."""

from starlette.applications import Starlette
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.graphql import graphql
from api.health import health, ready
from api.pages import graphiql_assets
from resolvers.store.database import Database


def create_app(database: Database) -> Starlette:
    """Return the application."""
    app = Starlette(
        routes=[
            Route("/", RedirectResponse("/graphql")),
            graphiql_assets,
            Route("/graphql", graphql, methods=["GET", "POST"]),
            Route("/health", health),
            Route("/ready", ready),
        ]
    )
    app.state.database = database
    return app
