"""Settings of access that do not go together keep the service from starting."""

from typing import Any

import pytest

from api.access.rules import Misconfigured, check_access, is_token_needed
from api.settings import Settings
from tests.service import run_command

PROVIDER = {"jwt_issuer": "https://id.example", "jwt_audience": "runs"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"host": "0.0.0.0"}, "nothing asks who calls: add --authentication"),
        ({"host": "::"}, "nothing asks who calls"),
        ({"host": "::ffff:0.0.0.0"}, "nothing asks who calls"),
        ({"host": "0"}, "nothing asks who calls"),
        ({"host": ""}, "nothing asks who calls"),
        ({"host": "localhost.nobody.invalid"}, "nothing asks who calls"),
        ({"trusted_proxies": "127.0.0.1"}, "names a proxy, which others can reach, and nothing asks who calls"),
        ({"allowed_hosts": "localhost, runs.example.com"}, "lists runs.example.com, by which others can reach it"),
        ({"allowed_hosts": "localhost.example.com:80"}, "nothing asks who calls"),
        ({"allowed_hosts": "192.0.2.1"}, "nothing asks who calls"),
        ({"jwt_issuer": "https://id.example"}, "belong together"),
        ({"jwt_audience": "runs"}, "belong together"),
        ({"jwt_scopes": "a=read"}, "need --jwt-issuer"),
        ({"jwt_keys": "keys.json"}, "need --jwt-issuer"),
        ({**PROVIDER, "jwt_issuer": "id.example"}, "is the URL of a provider"),
        ({**PROVIDER, "jwt_scopes": "a=all"}, "value=scope,value=scope"),
        ({**PROVIDER, "jwt_scopes": "read"}, "value=scope,value=scope"),
        ({**PROVIDER, "jwt_scopes": "=read"}, "value=scope,value=scope"),
        ({"cors_origins": "*"}, "--cors-origins lists"),
        ({"cors_origins": "https://*.example.com"}, "--cors-origins lists"),
        ({"cors_origins": "app.example.com"}, "--cors-origins lists"),
        ({"cors_origins": "https://app.example.com/"}, "--cors-origins lists"),
        ({"cors_origins": "null"}, "--cors-origins lists"),
    ],
)
def test_they_are_refused_with_the_remedy(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured, match=reason.replace("(", "\\(")):
        check_access(Settings(**given))


@pytest.mark.parametrize(
    ("given", "is_needed"),
    [
        ({}, False),
        ({"host": "localhost"}, False),
        ({"host": "::1", "cors_origins": "http://localhost:3000,"}, False),
        ({"allowed_hosts": "localhost:80, runs.localhost, [::1]"}, False),
        ({"authentication": True}, True),
        ({"authentication": True, "allowed_hosts": "runs.example.com", "trusted_proxies": "127.0.0.1"}, True),
        (PROVIDER, True),
        ({**PROVIDER, "jwt_issuer": "anything", "jwt_keys": "keys.json", "jwt_scopes": "a=read,b=admin"}, True),
        ({"host": "0.0.0.0", "authentication": True}, True),
        ({"host": "0.0.0.0", **PROVIDER}, True),
    ],
)
def test_others_are_not_and_all_but_the_default_ask_for_a_token(given: dict[str, Any], is_needed: bool) -> None:
    check_access(Settings(**given))
    assert is_token_needed(Settings(**given)) is is_needed


def test_the_command_says_it_in_a_line() -> None:
    result = run_command("serve", "--port", "0", "--cors-origins", "*")
    assert result.returncode == 1
    assert "--cors-origins lists" in result.stderr
    assert "Traceback" not in result.stderr
