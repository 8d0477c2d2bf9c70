"""`backtest-graph token` and the settings of access, the way a user meets them."""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from api.cli import main
from resolvers.callers import Scope
from resolvers.store.database import Database
from resolvers.tokens import create_token, find_tokens
from tests.api.access.conftest import COUNT, bearer
from tests.api.access.provider import AUDIENCE, Provider
from tests.resolvers.store.servers import passable_folder
from tests.service import Service, run_command


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with passable_folder() as folder:
        yield folder / "data"


def create(data: Path, name: str, *options: str) -> str:
    """Return the text of a new token."""
    result = run_command("token", "create", name, *options, "--data-dir", data)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def ask(service: Service, token: str | None, **headers: str) -> httpx.Response:
    shown = bearer(token) if token else {}
    return httpx.post(f"{service.url}/graphql", json={"query": COUNT}, headers=shown | headers, timeout=60)


def scheme_of(service: Service) -> str:
    """Return what the service believes to be called by, whatever a proxy on this machine says."""
    there = httpx.get(f"{service.url}/health/", headers={"x-forwarded-proto": "https"})
    return there.headers["location"].partition(":")[0]


def test_a_service_for_all_addresses_asks_for_tokens_that_are_made_while_it_runs(data: Path) -> None:
    with Service("--host", "0.0.0.0", "--authentication", "--data-dir", str(data)) as service:
        service.url = service.url.replace("0.0.0.0", "127.0.0.1")
        assert [line for line in service.lines if "backtest-graph token create NAME" in line]
        assert ask(service, None).status_code == 401
        token = create(data, "notebook", "--scope", "read", "--scope", "write", "--expires-in-days", "30")
        assert ask(service, token).json() == {"data": {"backtests": {"totalCount": 0}}}
        assert ask(service, token, host="evil.example").status_code == 421
        assert httpx.get(f"{service.url}/health").status_code == 200
        assert scheme_of(service) == "http"

        listed = run_command("token", "list", "--data-dir", data)
        assert re.search(r"notebook  read, write  live +\d{4}-\d\d-\d\dT\S+Z  \d{4}\S+Z", listed.stdout)
        assert token[37:] not in listed.stdout + listed.stderr

        revoked = run_command("token", "revoke", "notebook", "--data-dir", data)
        assert (revoked.returncode, "is revoked" in revoked.stderr) == (0, True)
        until = time.monotonic() + 12
        while ask(service, token).status_code != 401 and time.monotonic() < until:
            time.sleep(0.2)
        assert ask(service, token).status_code == 401
        service.stop()
        assert not [line for line in service.lines if token[37:] in line]


async def test_commands_that_cannot_be_done_are_told_in_a_line(database: Database, dsn: str) -> None:
    await create_token(database, name="ci", scopes=[Scope.READ])
    for words, reason in [
        (("create", "ci", "--scope", "read"), "live token with the name ci"),
        (("create", " ", "--scope", "read"), "needs a name"),
        (("create", "other"), "Missing option '--scope'"),
        (("create", "other", "--scope", "all"), "'all' is not one of"),
        (("create", "other", "--scope", "read", "--expires-in-days", "0"), "--expires-in-days"),
        (("revoke", "nobody"), "no token nobody"),
    ]:
        result = await asyncio.to_thread(CliRunner().invoke, main, ["token", *words, "--database-url", dsn])
        assert result.exit_code != 0
        assert reason in result.stderr
        assert (result.stdout, isinstance(result.exception, SystemExit)) == ("", True)


async def test_on_a_server_of_ones_own_tokens_are_made_revoked_and_listed(database: Database, dsn: str) -> None:
    def run(*words: str) -> str:
        result = CliRunner().invoke(main, ["token", *words, "--database-url", dsn])
        assert result.exit_code == 0, result.stderr
        return result.stdout

    texts = [await asyncio.to_thread(run, "create", name, "--scope", "admin") for name in ("one", "two")]
    await asyncio.to_thread(run, "revoke", "one")
    await create_token(database, name="three", scopes=[Scope.READ, Scope.DELETE], expires_at=1)
    found = await find_tokens(database, [text.strip() for text in texts])
    assert [token and token.revoked_at is None for token in found] == [False, True]
    lines = (await asyncio.to_thread(run, "list")).splitlines()
    for line, words in zip(
        lines, ("last used", "three read, delete expired", "two admin live", "one admin revoked"), strict=True
    ):
        assert words in " ".join(line.split())


def test_a_service_with_a_provider_takes_its_tokens_in_each_worker(data: Path) -> None:
    with Provider(one="ES256") as provider:
        given = {
            "BACKTEST_GRAPH_JWT_ISSUER": provider.issuer,
            "BACKTEST_GRAPH_JWT_AUDIENCE": AUDIENCE,
            "BACKTEST_GRAPH_JWT_SCOPE_CLAIM": "realm_access.roles",
            "BACKTEST_GRAPH_JWT_SCOPES": "analyst=read",
        }
        options = ("--workers", "2", "--trusted-proxies", "127.0.0.1")
        with Service("--data-dir", str(data), *options, environment=given) as service:
            assert scheme_of(service) == "https"
            token = provider.sign("one", realm_access={"roles": ["analyst"]})
            assert not [line for line in service.lines if "token create" in line]
            for _ in range(6):
                assert ask(service, token).json() == {"data": {"backtests": {"totalCount": 0}}}
                assert ask(service, None).status_code == 401
