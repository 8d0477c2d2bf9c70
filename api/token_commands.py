"""`backtest-graph token`: make, list and revoke tokens, also while the service runs."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

import click

from api.settings import Settings, settings_options
from api.storage import Say, open_database
from resolvers.callers import Scope
from resolvers.errors import QuestionError
from resolvers.saving import now
from resolvers.tokens import Token, create_token, list_tokens, revoke_token

Run = Callable[[Coroutine[Any, Any, Any]], Any]

T = TypeVar("T")

_DAY = 86_400_000_000
_HEAD = ("id", "name", "scopes", "state", "created", "expires", "last used")


def token_commands(run: Run, say: Say) -> click.Group:
    """Return the commands; run: runs one to its end, say: tells the user what happens."""

    @click.group()
    def token() -> None:
        """Make, list and revoke the tokens of callers."""

    @token.command()
    @click.argument("name")
    @click.option(
        "--scope",
        "scopes",
        multiple=True,
        required=True,
        type=click.Choice([each.value for each in Scope]),
        help=_SCOPES,
    )
    @click.option("--expires-in-days", type=click.IntRange(1, 36_500), help="Days until it ends; without, it does not.")
    @settings_options("database_url", "data_dir")
    def create(name: str, scopes: tuple[str, ...], expires_in_days: int | None, **given: Any) -> None:
        """Make a token and print it, this once."""
        made, text = run(_create(Settings(**given), say, name, scopes, expires_in_days))
        say(f"Token {made.name} may {_words(made)}; it {_end(made)}. It is not shown again:")
        click.echo(text)

    @token.command("list")
    @settings_options("database_url", "data_dir")
    def list_(**given: Any) -> None:
        """List all tokens, without their secrets."""
        _print([_HEAD, *map(_row, run(_list(Settings(**given), say)))])

    @token.command()
    @click.argument("name_or_id")
    @settings_options("database_url", "data_dir")
    def revoke(name_or_id: str, **given: Any) -> None:
        """Have a token let nobody in any more; a running service knows it within 10 s."""
        revoked = run(_revoke(Settings(**given), say, name_or_id))
        say(f"Token {revoked.name} ({revoked.id}) is revoked.")

    return token


_SCOPES = "What it may do: read, write, delete, or admin for all of it. May be repeated."


async def _create(
    settings: Settings, say: Say, name: str, scopes: tuple[str, ...], days: int | None
) -> tuple[Token, str]:
    expires_at = None if days is None else now() + days * _DAY
    async with open_database(settings, say) as database:
        return await _shown(create_token(database, name=name, scopes=map(Scope, scopes), expires_at=expires_at))


async def _list(settings: Settings, say: Say) -> list[Token]:
    async with open_database(settings, say) as database:
        return await list_tokens(database)


async def _revoke(settings: Settings, say: Say, name_or_id: str) -> Token:
    async with open_database(settings, say) as database:
        return await _shown(revoke_token(database, name_or_id))


async def _shown(work: Coroutine[Any, Any, T]) -> T:
    """Return what is done; a refusal is one line for the user."""
    try:
        return await work
    except QuestionError as error:
        raise click.ClickException(str(error)) from error


def _row(token: Token) -> tuple[str, ...]:
    state = "live" if token.is_live(now()) else "expired" if token.revoked_at is None else "revoked"
    instants = (_instant(each) for each in (token.created_at, token.expires_at, token.last_used_at))
    return (str(token.id), token.name, _words(token), state, *instants)


def _print(rows: list[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _words(token: Token) -> str:
    return ", ".join(scope for scope in Scope if scope in token.scopes)


def _end(token: Token) -> str:
    return "does not expire" if token.expires_at is None else f"expires at {_instant(token.expires_at)}"


def _instant(at: int | None) -> str:
    return "-" if at is None else f"{datetime.fromtimestamp(at // 1_000_000, UTC):%Y-%m-%dT%H:%M:%SZ}"
