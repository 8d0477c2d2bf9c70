"""The application: a middleware list and a route list over an open database."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route

from api.health import Readiness, health, ready
from api.http.compression import Compression
from api.http.graphql import graphql
from api.observation.metrics import metrics
from api.observation.observing import Observing
from api.observation.traces import start_traces
from api.pages import graphiql_assets
from api.service import Service
from api.settings import Settings
from resolvers.store.database import Database
from schema.schema import make_schema


def create_app(database: Database, settings: Settings) -> Starlette:
    """Return the application over an open database."""
    traces = start_traces(settings)
    app = Starlette(
        routes=[
            Route("/graphql", graphql, methods=["GET", "POST"]),
            Route("/", RedirectResponse("/graphql")),
            graphiql_assets,
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", metrics),
        ],
        middleware=[Middleware(Observing, traces=traces), Middleware(Compression)],
    )
    app.state.traces = traces
    app.state.readiness = Readiness(database)
    app.state.service = Service(settings=settings, database=database, schema=make_schema(bulk=settings.bulk_execution))
    return app
