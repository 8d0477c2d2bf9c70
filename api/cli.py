"""The command line."""

import asyncio
import sys
from collections.abc import Coroutine
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
import uvloop

from api.access.rules import Misconfigured, check_access
from api.http.manifests import BadDocuments, load_documents
from api.importing.documents import in_study
from api.importing.paths import import_paths
from api.observation.traces import TracesUnavailable
from api.processes.serving import serve as serve_until_stopped
from api.processes.sockets import AddressTaken
from api.processes.workers import Crashing
from api.recomputing import recompute_command
from api.safekeeping.backup import back_up
from api.safekeeping.restore import restore as restore_backup
from api.settings import Settings, settings_options
from api.storage import TooManyConnections, open_database, open_server
from api.storage import migrate as migrate_database
from api.token_commands import token_commands
from migrations.history import Behind
from resolvers.store.database import Unavailable
from resolvers.store.dumps import ArchiveError
from resolvers.store.embedded import EmbeddedError
from schema.schema import schema as graphql_schema

T = TypeVar("T")

EXPLAINED = (
    AddressTaken,
    ArchiveError,
    Behind,
    Crashing,
    EmbeddedError,
    TooManyConnections,
    TracesUnavailable,
    Unavailable,
)
"""Errors whose message has the remedy."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="backtest-graph")
def main() -> None:
    """Keep, rank and compare backtests: a GraphQL service over PostgreSQL."""


@main.command()
@settings_options(*(each.name for each in fields(Settings)))
def serve(**given: Any) -> None:
    """Start the service; Ctrl-C stops it."""
    settings = Settings(**given)
    try:
        check_access(settings)
    except Misconfigured as error:
        raise click.ClickException(str(error)) from error
    if settings.documents is not None:
        _check_documents(settings.documents)
    _run(serve_until_stopped(settings, say))


@main.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, allow_dash=True))
@click.option(
    "--backtest", "backtest_id", type=click.UUID, help="The run that sweeps and walk-forward windows belong to."
)
@click.option("--study", help="Count the runs as trials of this study, and not of their strategy on their symbol.")
@settings_options("database_url", "data_dir")
def import_(paths: tuple[Path, ...], backtest_id: UUID | None, study: str | None, **given: Any) -> None:
    """Import engines' documents from files and folders: .json and .jsonl, also as .gz and .xz; - is what is piped in.

    Safe to repeat: the same document is not stored twice.
    """
    if not _run(_import(Settings(**given), paths, backtest_id, study)):
        raise SystemExit(1)


@main.command()
@settings_options("database_url", "data_dir")
def migrate(**given: Any) -> None:
    """Bring the database up to date."""
    _run(_migrate(Settings(**given)))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--overwrite", is_flag=True, help="Write over a file of that name.")
@settings_options("database_url", "data_dir")
def backup(file: Path, overwrite: bool, **given: Any) -> None:
    """Write all that is stored to FILE, also while the service runs; - is what is piped out.

    It holds the hashes of tokens, and only its owner may read it.
    """
    _run(back_up(Settings(**given), file, say, overwrite=overwrite))


@main.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--replace", is_flag=True, help="Replace all that is stored; without it, the database must be empty.")
@settings_options("database_url", "data_dir")
def restore(file: Path, replace: bool, **given: Any) -> None:
    """Restore what `backup` wrote to FILE; - is what is piped in.

    Where it fails, nothing is changed. No service may be running.
    """
    _run(restore_backup(Settings(**given), file, say, replace=replace))


@main.command()
def schema() -> None:
    """Print the GraphQL schema."""
    click.echo(graphql_schema.as_str())


def say(line: str) -> None:
    """Tell the user what happens."""
    click.echo(line, file=sys.stderr)  # and not err=True, which would write into a progress bar


def _check_documents(folder: Path) -> None:
    """Refuse a list that cannot be used before anything is started."""
    try:
        load_documents(folder, graphql_schema)
    except BadDocuments as error:
        raise click.ClickException(str(error)) from error


async def _import(settings: Settings, paths: tuple[Path, ...], backtest_id: UUID | None, study: str | None) -> bool:
    prepare = None if study is None else in_study(study)
    async with open_database(settings, say) as database:
        result = await import_paths(database, paths, say=say, backtest_id=backtest_id, prepare=prepare)
    return result.failed == 0


async def _migrate(settings: Settings) -> None:
    async with open_server(settings, say) as dsn:
        await migrate_database(dsn, say)
    say("The database is up to date.")


def _run(work: Coroutine[Any, Any, T]) -> T:
    """Run something to its end; what a user can mend is one line and not a stack trace."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except EXPLAINED as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise SystemExit(130) from None


main.add_command(token_commands(_run, say))
main.add_command(recompute_command(_run, say))
