"""The application: a route a question."""

from starlette.applications import Starlette
from starlette.routing import Route

from tests.benchmarks.reference import curves, runs, saves, trades
from tests.benchmarks.reference.orm import Orm, add_all
from tests.benchmarks.reference.pools import Pools


def create_app(pools: Pools, orm: Orm) -> Starlette:
    """Return the application over open pools."""
    app = Starlette(
        routes=[
            Route("/runs/{id}", runs.one_run),
            Route("/ranking", runs.ranking),
            Route("/compare", runs.compare),
            Route("/summary", runs.summary),
            Route("/runs/{id}/trades/rows", trades.by_row),
            Route("/runs/{id}/trades/columns", trades.by_column),
            Route("/newest/rows", trades.newest_by_row),
            Route("/newest/columns", trades.newest_by_column),
            Route("/runs/{id}/equity/arrays", curves.from_arrays),
            Route("/runs/{id}/equity/packed", curves.from_packed),
            Route("/save", saves.save_one, methods=["POST"]),
            Route("/save-many", saves.save_many, methods=["POST"]),
            Route("/add-all", add_all, methods=["POST"]),
        ]
    )
    app.state.pools = pools
    app.state.orm = orm
    return app
