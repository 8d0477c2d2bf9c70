"""Callers by JWTs of a provider that really runs, and tokens that somebody else made."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from api.access import keys as timing
from api.access.access import Access
from api.access.jwts import LATEST_SECONDS, LEEWAY_SECONDS, Jwts
from api.access.keys import KeysAway
from api.settings import Settings
from resolvers.callers import Caller, Scope
from resolvers.errors import Unauthenticated
from resolvers.store.database import Database
from tests.api.access.conftest import Open, ask, bearer, code_of
from tests.api.access.provider import AUDIENCE, Provider, new_key, public_text
from tests.resolvers.store.servers import becomes_true

ALGORITHMS = {"rsa": "RS256", "pss": "PS512", "ec": "ES256", "ec384": "ES384", "ed": "EdDSA"}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider(**ALGORITHMS) as running:
        yield running


def jwts(provider: Provider, **given: Any) -> Jwts:
    return Jwts(Settings(jwt_issuer=provider.issuer, jwt_audience=AUDIENCE, **given))


@pytest.mark.parametrize("kid", ALGORITHMS)
async def test_a_token_of_the_provider_names_its_caller(provider: Provider, kid: str) -> None:
    exp = int(time.time()) + 60
    caller = await jwts(provider).find_caller(provider.sign(kid, exp=exp))
    assert caller == Caller("ada", frozenset({Scope.READ, Scope.WRITE}), (exp + LEEWAY_SECONDS) * 1_000_000)


def part(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def tampered(provider: Provider) -> str:
    head, _, signature = provider.sign("rsa").split(".")
    return f"{head}.{part(provider.claims(scope='admin'))}.{signature}"


def unsigned(provider: Provider) -> str:
    return f"{part({'alg': 'none', 'kid': 'rsa', 'typ': 'JWT'})}.{part(provider.claims())}."


def signed_with_the_public_key(provider: Provider) -> str:
    signed = f"{part({'alg': 'HS256', 'kid': 'rsa', 'typ': 'JWT'})}.{part(provider.claims())}"
    digest = hmac.digest(public_text(provider.keys["rsa"][1]), signed.encode(), hashlib.sha256)
    return f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def signed_with_a_shared_key(provider: Provider) -> str:
    return jwt.encode(provider.claims(), b"x" * 32, "HS256", headers={"kid": "shared"})


def signed_by_another_key(provider: Provider) -> str:
    return jwt.encode(provider.claims(), new_key("RS256"), "RS256", headers={"kid": "rsa"})


def signed_for_another_kind_of_key(provider: Provider) -> str:
    return jwt.encode(provider.claims(), provider.keys["ec"][1], "ES256", headers={"kid": "rsa"})


def signed_without_saying_by_which_key(provider: Provider) -> str:
    return jwt.encode(provider.claims(), provider.keys["rsa"][1], "RS256")


def bringing_its_own_key(provider: Provider) -> str:
    key = new_key("RS256")
    own = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return jwt.encode(provider.claims(), key, "RS256", headers={"kid": "rsa", "jwk": own, "jku": "http://127.0.0.1:9"})


NOW = int(time.time())
WRONG: dict[str, Any] = {
    "tampered": tampered,
    "unsigned": unsigned,
    "HS256 with the public key": signed_with_the_public_key,
    "HS256 with a published shared key": signed_with_a_shared_key,
    "another key": signed_by_another_key,
    "another kind of key": signed_for_another_kind_of_key,
    "no kid among many": signed_without_saying_by_which_key,
    "its own key": bringing_its_own_key,
    "expired": lambda provider: provider.sign("rsa", exp=NOW - LEEWAY_SECONDS - 1),
    "not yet": lambda provider: provider.sign("rsa", nbf=NOW + 600),
    "another audience": lambda provider: provider.sign("ec", aud="other"),
    "another issuer": lambda provider: provider.sign("ec", iss="http://evil.example"),
    "issuer with a slash": lambda provider: provider.sign("ec", iss=f"{provider.issuer}/"),
    "no exp": lambda provider: provider.sign("rsa", without=("exp",)),
    "no iss": lambda provider: provider.sign("rsa", without=("iss",)),
    "no aud": lambda provider: provider.sign("rsa", without=("aud",)),
    "no sub": lambda provider: provider.sign("rsa", without=("sub",)),
    "exp without end": lambda provider: provider.sign("rsa", exp=float("inf")),
    "exp as a text": lambda provider: provider.sign("rsa", exp="soon"),
    "cut off": lambda provider: provider.sign("rsa")[:-20],
    "no kid that is known": lambda _: jwt.encode({}, new_key("RS256"), "RS256", headers={"kid": "new"}),
    "not three parts": lambda _: "a.b",
    "no JSON": lambda _: "eHh4.eHh4.eHh4",
    "a list as its head": lambda provider: f"{part([])}.{part(provider.claims())}.eHh4",
    "a head that nests": lambda _: f"{base64.urlsafe_b64encode(b'[' * 9_000).decode()}.e30.eHh4",
    "a kid that is a number": lambda _: f"{part({'alg': 'RS256', 'kid': 5})}.e30.eHh4",
    "letters of elsewhere": lambda _: "é.é.é",
}


@pytest.mark.parametrize("made", WRONG.values(), ids=WRONG)
async def test_any_other_token_is_refused(provider: Provider, made: Any) -> None:
    with pytest.raises(Unauthenticated):
        await jwts(provider).find_caller(made(provider))


@pytest.mark.parametrize(
    ("claims", "given", "expected"),
    [
        ({"scope": "read admin"}, {}, {"read", "admin"}),
        ({"scope": ["delete", 5, None]}, {}, {"delete"}),
        ({"scope": "openid profile"}, {}, set()),
        ({"scope": 5}, {}, set()),
        ({}, {"jwt_scope_claim": "roles"}, set()),
        ({"realm_access": {"roles": ["read"]}}, {"jwt_scope_claim": "realm_access.roles"}, {"read"}),
        ({"realm_access": ["read"]}, {"jwt_scope_claim": "realm_access.roles"}, set()),
        ({"https://a.example/roles": ["read"]}, {"jwt_scope_claim": "https://a.example/roles"}, {"read"}),
        (
            {"scope": "runs:all x"},
            {"jwt_scopes": "runs:all=read, runs:all=write,x=delete"},
            {"read", "write", "delete"},
        ),
        ({"scope": "read"}, {"jwt_scopes": "a=b=admin"}, set()),
        ({"scope": "a=b"}, {"jwt_scopes": "a=b=admin"}, {"admin"}),
    ],
)
async def test_a_claim_stands_for_scopes(
    provider: Provider, claims: dict[str, Any], given: dict[str, Any], expected: set[str]
) -> None:
    caller = await jwts(provider, **given).find_caller(provider.sign("rsa", **claims))
    assert {str(scope) for scope in caller.scopes} == expected


async def test_who_is_let_in_for_longer_than_there_are_years_is_until_the_last_of_them(provider: Provider) -> None:
    caller = await jwts(provider).find_caller(provider.sign("rsa", exp=10**400))
    assert caller.expires_at == (LATEST_SECONDS + LEEWAY_SECONDS) * 1_000_000


async def test_another_claim_may_name_the_caller(provider: Provider) -> None:
    named = jwts(provider, jwt_name_claim="preferred_username")
    assert (await named.find_caller(provider.sign("ec", preferred_username="Ada L."))).name == "Ada L."


async def test_audiences_may_be_many(provider: Provider) -> None:
    assert (await jwts(provider).find_caller(provider.sign("ec", aud=["account", AUDIENCE]))).name == "ada"


async def test_keys_come_from_a_file_or_an_address(provider: Provider, tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text(json.dumps(provider.jwks()))
    before = len(provider.asked)
    for source in (str(path), f"{provider.issuer}/keys"):
        assert (await jwts(provider, jwt_keys=source).find_caller(provider.sign("rsa"))).name == "ada"
    assert provider.asked[before:] == ["/keys"]


async def test_keys_are_asked_for_once_and_again_for_a_new_one_but_not_each_time() -> None:
    with Provider(first="ES256") as provider:
        reading = jwts(provider)
        for _ in range(5):
            await reading.find_caller(provider.sign("first"))
        assert provider.asked == ["/.well-known/openid-configuration", "/keys"]
        provider.keys["second"] = ("ES256", new_key("ES256"))
        reading._keys._looked_at -= timing.LOOK_AGAIN_SECONDS
        assert (await reading.find_caller(provider.sign("second"))).name == "ada"
        for number in range(20):
            unknown = jwt.encode({}, new_key("ES256"), "ES256", headers={"kid": str(number)})
            with pytest.raises(Unauthenticated):
                await reading.find_caller(unknown)
        assert provider.asked.count("/keys") == 2


async def test_while_the_provider_is_away_known_keys_stay_in_use(caplog: pytest.LogCaptureFixture) -> None:
    with Provider(first="ES256") as provider:
        reading = jwts(provider)
        await reading.find_caller(provider.sign("first"))
        provider.is_broken = True
        reading._keys._looked_at = reading._keys._read_at = float("-inf")
        assert (await reading.find_caller(provider.sign("first"))).name == "ada"
        await becomes_true(lambda: "cannot be read" in caplog.text)
        assert (await reading.find_caller(provider.sign("first"))).name == "ada"


async def test_a_key_that_was_withdrawn_is_forgotten() -> None:
    with Provider(first="ES256", second="ES256") as provider:
        reading, token = jwts(provider), provider.sign("first")
        await reading.find_caller(token)
        del provider.keys["first"]
        reading._keys._looked_at = reading._keys._read_at = float("-inf")
        await reading.find_caller(token)  # the keys are read meanwhile, and nobody waits for them
        await becomes_true(lambda: not reading._keys._is_looking())
        with pytest.raises(Unauthenticated):
            await reading.find_caller(token)


@pytest.mark.parametrize("break_it", ["is_broken", "configuration", "keys"])
async def test_without_any_key_nobody_is_let_in(break_it: str) -> None:
    with Provider(first="ES256") as provider:
        token = provider.sign("first")
        changes = {"is_broken": True, "configuration": {"issuer": "http://evil.example"}, "keys": {}}
        setattr(provider, break_it, changes[break_it])
        reading = jwts(provider)
        for _ in range(3):
            with pytest.raises(KeysAway):
                await reading.find_caller(token)
        assert len(provider.asked) <= 2


async def test_a_file_is_not_read_because_a_provider_names_it(tmp_path: Path) -> None:
    with Provider(first="ES256") as provider:
        (tmp_path / "keys.json").write_text(json.dumps(provider.jwks()))
        provider.configuration = {"jwks_uri": f"file://{tmp_path}/keys.json"}
        with pytest.raises(KeysAway):
            await jwts(provider).find_caller(provider.sign("first"))


async def test_jwts_and_tokens_of_our_own_let_in_over_http(opened: Open, provider: Provider) -> None:
    given = {"jwt_issuer": provider.issuer, "jwt_audience": AUDIENCE}
    async with opened(**given) as http:
        assert (await ask(http, **bearer(provider.sign("rsa")))).status_code == 200
        assert (await ask(http, **bearer(provider.sign("rsa", scope="write")))).status_code == 403
        refused = await ask(http, **bearer(tampered(provider)))
        assert (refused.status_code, code_of(refused)) == (401, "UNAUTHENTICATED")
    async with opened(**given | {"jwt_keys": "/nothing/there.json"}) as http:
        away = await ask(http, **bearer(provider.sign("rsa")))
        assert (away.status_code, code_of(away)) == (503, "UNAVAILABLE")


async def test_a_kept_jwt_ends_at_its_instant(database: Database, provider: Provider) -> None:
    settings = Settings(jwt_issuer=provider.issuer, jwt_audience=AUDIENCE)
    access, token = Access(settings, database), provider.sign("ec", exp=time.time() - LEEWAY_SECONDS + 2)
    assert (await access.find_caller(f"Bearer {token}")).name == "ada"
    await access.wait_until_refused(f"Bearer {token}")
    with pytest.raises(Unauthenticated, match="expired"):
        await access.find_caller(f"Bearer {token}")
