"""The application: a middleware list and a route list over an open database."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import RedirectResponse
from starlette.routing import Route, WebSocketRoute

from api.access.access import Access
from api.access.guard import guarding
from api.health import Readiness, health, ready
from api.http.compression import Compression
from api.http.graphql import METHODS, graphql
from api.http.manifests import load_documents
from api.http.persisted import PersistedDocuments
from api.live.audience import Audience
from api.live.sockets import listen
from api.observation.metrics import metrics
from api.observation.observing import Observing
from api.observation.traces import start_traces
from api.pages import graphiql_assets
from api.service import Service
from api.settings import Settings
from resolvers.live.following import Live
from resolvers.store.database import Database
from schema.schema import make_schema


def create_app(database: Database, settings: Settings) -> Starlette:
    """Return the application over an open database.

    Raises:
        BadDocuments: the documents of the settings cannot be used.
    """
    traces = start_traces(settings)
    app = Starlette(
        routes=[
            Route("/graphql", graphql, methods=METHODS),
            WebSocketRoute("/graphql", listen),
            Route("/", RedirectResponse("/graphql")),
            graphiql_assets,
            Route("/graphql/{documentId}", graphql, methods=METHODS),
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", metrics),
        ],
        middleware=[Middleware(Observing, traces=traces), *guarding(settings), Middleware(Compression)],
    )
    app.state.traces = traces
    app.state.readiness = Readiness(database)
    schema = make_schema(bulk=settings.bulk_execution, limits=settings.limits)
    allowed = None if settings.documents is None else load_documents(settings.documents, schema)
    app.state.service = Service(
        settings=settings,
        database=database,
        schema=schema,
        access=Access(settings, database),
        documents=PersistedDocuments(allowed),
        live=Live(database, most_waiting=settings.most_waiting_changes),
        audience=Audience(settings.most_listeners),
    )
    return app
