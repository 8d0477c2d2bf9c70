"""The commands of the README's section on access do what it says."""

import asyncio
import re
import shlex

from click.testing import CliRunner

from api.access.rules import check_access, is_token_needed
from api.cli import main
from api.settings import Settings
from resolvers.callers import Scope
from resolvers.store.database import Database
from resolvers.tokens import find_tokens
from tests.test_readme import README, commands

ACCESS = README.partition("\n## Access\n")[2].partition("\n## ")[0]


def commands_of(name: str) -> list[list[str]]:
    return [shlex.split(line)[2:] for line in commands() if line.startswith(f"backtest-graph {name} ")]


async def test_a_token_is_made_listed_and_revoked_as_printed(database: Database, dsn: str) -> None:
    answers = []
    for words in commands_of("token"):
        result = await asyncio.to_thread(CliRunner().invoke, main, ["token", *words, "--database-url", dsn])
        assert result.exit_code == 0, result.stderr
        answers.append(result.stdout)
    [token] = await find_tokens(database, [answers[0].strip()])
    assert token is not None
    assert token.scopes == {Scope.READ, Scope.WRITE}
    assert token.expires_at is not None
    assert round((token.expires_at - token.created_at) / 86_400e6) == 90
    assert "notebook" in answers[1]
    assert token.revoked_at is not None


def test_the_service_would_start_as_printed_and_ask_for_tokens() -> None:
    printed = commands_of("serve")
    assert len(printed) == 2
    for words in printed:
        settings = Settings(**main.commands["serve"].make_context("serve", words).params)
        check_access(settings)
        assert is_token_needed(settings)


def test_every_scope_stands_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \|", ACCESS, flags=re.MULTILINE) == list(Scope)
