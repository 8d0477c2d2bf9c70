"""Who asks, by what they show; whoever is not known is refused."""

import asyncio
import logging
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.access import access as timing
from api.access.access import Access, authorization_of
from api.access.lookups import Lookups
from api.access.refusals import REASONS, find_admitted, refuse
from api.app import create_app
from api.settings import Settings
from resolvers.callers import ANYBODY, Caller, Scope
from resolvers.errors import Unauthenticated
from resolvers.saving import now
from resolvers.store.connections import Connections
from resolvers.store.database import Database, Unavailable
from resolvers.store.tables import tokens
from resolvers.tokens import create_token, list_tokens, revoke_token
from tests.api.access.conftest import COUNT, Open, ask, bearer, code_of, new_token
from tests.api.access.fields import FIELDS, operation_for
from tests.resolvers.store.servers import becomes_true
from tests.statements import counted_statements

NEEDED = Settings(authentication=True)
SECOND = 1_000_000
UNKNOWN = "bgt_" + "0" * 32 + "_" + "A" * 43
WRONG = [
    "",
    "Bearer",
    "Bearer ",
    "Basic dXNlcjpwYXNz",
    UNKNOWN,
    f"Bearer {UNKNOWN}",
    f"Token {UNKNOWN}",
    "Bearer x.y.z",
]
WRONG += ["Bearer " + "x" * 20_000, "Bearer ' OR 1=1 --", "Bearer bgt_"]


@pytest.mark.parametrize(("root", "name", "scope"), FIELDS, ids=[name for _, name, _ in FIELDS])
async def test_a_root_field_is_closed_to_whoever_may_not(
    opened: Open, database: Database, root: str, name: str, scope: Scope
) -> None:
    query = operation_for(root, name)
    expired = await new_token(database, Scope.ADMIN, expires_at=now() - 1)
    revoked = await new_token(database, Scope.ADMIN)
    await revoke_token(database, "admin")
    others = await new_token(database, *({Scope.READ, Scope.WRITE, Scope.DELETE} - {scope}))
    just, admin = await new_token(database, scope), await new_token(database, Scope.ADMIN)
    async with opened(authentication=True) as http:
        for headers in ({}, bearer(UNKNOWN), bearer(just[:-4] + "AAAA"), bearer(expired), bearer(revoked)):
            response = await ask(http, query, **headers)
            assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
            assert response.headers["www-authenticate"].startswith("Bearer ")
        if root == "Subscription":  # its own protocols refuse it in their own ways
            return
        refused = await ask(http, query, **bearer(others))
        assert (refused.status_code, code_of(refused)) == (403, "FORBIDDEN")
        assert refused.json()["errors"][0]["path"] == [name]
        assert f"the scope {scope}" in refused.json()["errors"][0]["message"]
        for token in (just, admin):
            answer = await ask(http, query, **bearer(token))
            assert answer.status_code == 200, answer.text
            assert "FORBIDDEN" not in answer.text


@pytest.mark.parametrize("given", [{}, {"authentication": True}])
@pytest.mark.parametrize("shown", WRONG)
async def test_what_is_shown_and_is_wrong_is_refused_where_nothing_is_needed_too(
    opened: Open, given: dict[str, Any], shown: str
) -> None:
    async with opened(**given) as http:
        response = await ask(http, authorization=shown)
        assert (response.status_code, code_of(response)) == (401, "UNAUTHENTICATED")
        assert 'error="invalid_token"' in response.headers["www-authenticate"]


async def test_only_on_loopback_and_by_default_nothing_is_needed(opened: Open) -> None:
    async with opened() as http:
        assert (await ask(http)).status_code == 200
    for given in ({"authentication": True}, {"host": "0.0.0.0"}, {"jwt_issuer": "http://x", "jwt_audience": "y"}):
        async with opened(**given) as http:
            assert (await ask(http)).status_code == 401
            assert (await http.get("/graphql", params={"query": COUNT})).status_code == 401
            legacy = await http.post("/graphql", json={"query": COUNT}, headers={"accept": "application/json"})
            assert legacy.status_code == 401


async def test_the_page_health_and_readiness_are_open(opened: Open) -> None:
    async with opened(authentication=True) as http:
        page = await http.get("/graphql", headers={"accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert (await http.get("/health")).json() == {"status": "ok"}
        assert (await http.get("/ready")).json() == {"status": "ready"}


async def test_a_token_in_the_address_is_not_looked_at(opened: Open, database: Database) -> None:
    token = await new_token(database, Scope.ADMIN)
    async with opened(authentication=True) as http:
        for name in ("token", "access_token", "authorization"):
            response = await http.get("/graphql", params={"query": COUNT, name: token})
            assert response.status_code == 401


async def test_what_is_for_operators_needs_admin_where_tokens_are_needed(database: Database) -> None:
    async def answer(request: Request) -> Response:
        try:
            return PlainTextResponse((await find_admitted(request, Scope.ADMIN)).name)
        except REASONS as error:
            return refuse(error)

    writer, operator = await new_token(database, Scope.WRITE), await new_token(database, Scope.ADMIN)
    for settings, expected in ((NEEDED, (401, 403, 200)), (Settings(), (200, 403, 200))):
        app = create_app(database, settings)
        app.router.routes.append(Route("/figures", answer))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
            shown: list[dict[str, str]] = [{}, bearer(writer), bearer(operator)]
            statuses = [(await http.get("/figures", headers=headers)).status_code for headers in shown]
        assert tuple(statuses) == expected


async def test_letters_that_are_none_are_refused(database: Database) -> None:
    for shown in ("Bearer \ud800", "\ud800", "Bearer \x00", "Bearer \udcff"):
        with pytest.raises(Unauthenticated):
            await Access(NEEDED, database).find_caller(shown)


async def test_who_may_not_hears_so_in_the_old_form_too(opened: Open, database: Database) -> None:
    token = await new_token(database, Scope.WRITE)
    async with opened() as http:
        response = await ask(http, **bearer(token), accept="application/json")
        assert (response.status_code, code_of(response)) == (200, "FORBIDDEN")


async def test_a_revoked_token_is_refused_within_the_seconds_that_it_is_kept(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "KEPT_SECONDS", 0.2)
    access = Access(NEEDED, database)
    token = await new_token(database, Scope.READ)
    assert (await access.find_caller(f"Bearer {token}")).name == "read"
    await revoke_token(database, "read")
    waiting = asyncio.ensure_future(access.wait_until_refused(f"Bearer {token}"))
    await asyncio.wait_for(waiting, 2)
    with pytest.raises(Unauthenticated, match="revoked"):
        await access.find_caller(f"Bearer {token}")


async def test_an_expired_token_is_refused_at_its_instant_though_it_is_kept(database: Database) -> None:
    access = Access(NEEDED, database)
    token = await new_token(database, Scope.READ, expires_at=now() + SECOND // 2)
    caller = await access.find_caller(f"bearer  {token}")
    assert caller.scopes == {Scope.READ}
    await asyncio.wait_for(access.wait_until_refused(f"Bearer {token}"), 2)
    with pytest.raises(Unauthenticated, match="expired"):
        await access.find_caller(f"Bearer {token}")


async def test_a_known_token_costs_no_statement_and_its_use_is_stored_once(database: Database) -> None:
    access, token = Access(NEEDED, database), await new_token(database, Scope.READ)
    with counted_statements() as statements:
        for _ in range(20):
            await access.find_caller(f"Bearer {token}")
        await becomes_true(lambda: len(statements) == 2 and not access._notes)
    [stored] = await list_tokens(database)
    assert abs((stored.last_used_at or 0) - now()) < 10 * SECOND
    again = Access(NEEDED, database)
    with counted_statements() as statements:
        await again.find_caller(f"Bearer {token}")
        await asyncio.sleep(0.1)
    assert len(statements) == 1


async def test_many_wrong_tokens_cost_few_statements_and_no_more_memory(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "MOST_KEPT", 100)
    access, token = Access(NEEDED, database), await new_token(database, Scope.READ)
    wrong = [f"Bearer {UNKNOWN[:-5]}{number:05}" for number in range(2_000)]
    with counted_statements() as statements:
        results = await asyncio.gather(*map(access.find_caller, wrong), return_exceptions=True)
        for _ in range(50):
            with pytest.raises(Unauthenticated):
                await access.find_caller(wrong[-1])
        assert (await access.find_caller(f"Bearer {token}")).name == "read"
    assert {type(result) for result in results} == {Unauthenticated}
    assert len(statements) < 10
    assert len(access._refused) == 100


async def test_while_the_database_is_away_nobody_is_let_in(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.store.database.CONNECT_SECONDS", 0.2)
    token = await new_token(database, Scope.READ)

    async def refuse() -> Any:
        raise OSError("away")

    away = Access(NEEDED, Database(Connections(refuse, 2)))
    for shown in (token, UNKNOWN):
        with pytest.raises(Unavailable):
            await away.find_caller(f"Bearer {shown}")
    with pytest.raises(Unauthenticated):
        await away.find_caller(None)


async def test_one_who_leaves_does_not_keep_others_from_their_answer(database: Database) -> None:
    lookups, token = Lookups(database), await new_token(database, Scope.READ)
    leaving, staying = (asyncio.ensure_future(lookups.find(token)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    found = await staying
    assert found is not None
    assert found.name == "read"


@pytest.mark.parametrize(
    ("payload", "header", "shown"),
    [
        (None, None, None),
        ({}, "Bearer a", "Bearer a"),
        ({"authorization": "Bearer b"}, "Bearer a", "Bearer b"),
        ({"Authorization": "Bearer b"}, None, "Bearer b"),
        ({"token": "b"}, "Bearer a", "Bearer b"),
        ({"other": 1}, "Bearer a", "Bearer a"),
        ({"authorization": ""}, "Bearer a", ""),
    ],
)
def test_a_socket_shows_it_in_its_first_message_or_in_its_handshake(payload: Any, header: Any, shown: Any) -> None:
    assert authorization_of(payload, header) == shown


@pytest.mark.parametrize(
    "payload", [{"authorization": 5}, {"token": ["a"]}, {"token": {}, "authorization": "Bearer a"}]
)
def test_what_a_socket_shows_is_a_text(payload: Any) -> None:
    with pytest.raises(Unauthenticated):
        authorization_of(payload, None)


async def test_no_token_reaches_a_log(opened: Open, database: Database, caplog: pytest.LogCaptureFixture) -> None:
    token = await new_token(database, Scope.READ)
    with caplog.at_level(logging.DEBUG):
        async with opened(authentication=True) as http:
            await ask(http, **bearer(token))
            await ask(http, **bearer(UNKNOWN))
            await asyncio.sleep(0.1)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("httpx", "httpcore"))]
    assert ours
    assert [line for line in ours if token[37:] in line or UNKNOWN in line] == []


async def test_one_name_stands_for_one_caller(database: Database) -> None:
    made, text = await create_token(database, name="ci", scopes=[Scope.READ], expires_at=2**52)
    assert await Access(NEEDED, database).find_caller(f"Bearer {text}") == Caller("ci", frozenset({Scope.READ}), 2**52)
    assert await Access(Settings(), database).find_caller(None) is ANYBODY
    [row] = await database.fetch(select(tokens.c.id))
    assert row["id"] == made.id
