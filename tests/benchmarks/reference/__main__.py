"""Serve the reference as the service is served: uvicorn, one process, uvloop."""

import asyncio

import click
import uvicorn
import uvloop

from tests.benchmarks.reference.app import create_app
from tests.benchmarks.reference.orm import Orm
from tests.benchmarks.reference.pools import Pools


@click.command()
@click.option("--database-url", required=True)
@click.option("--port", default=0)
def main(database_url: str, port: int) -> None:
    """Serve until told to stop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(database_url, port))


async def serve(database_url: str, port: int) -> None:
    """Say where, and serve."""
    pools, orm = await Pools.connect(database_url), Orm.connect(database_url)
    try:
        config = uvicorn.Config(
            create_app(pools, orm), host="127.0.0.1", port=port, log_level="warning", lifespan="off"
        )
        server = uvicorn.Server(config)
        listening = config.bind_socket()
        listening.listen()  # whoever reads the address may come at once
        click.echo(f"Listening: http://127.0.0.1:{listening.getsockname()[1]}", err=True)
        await server.serve(sockets=[listening])
    finally:
        await pools.close()
        await orm.close()


if __name__ == "__main__":
    main()
