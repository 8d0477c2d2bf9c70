"""Where a request comes from is checked before anything else, and every answer has its headers."""

from typing import Any

import pytest

from api.access.guard import HEADERS, Guard
from api.access.sites import Sites
from api.http.graphql import COST
from api.settings import Settings
from tests.api.access.conftest import COUNT, NEW, Open, ask

OURS = "http://127.0.0.1:8000"
APP = "https://app.example.com"
PROXIED = {"allowed_hosts": "runs.example.com", "cors_origins": f"{APP}, http://localhost:3000"}


@pytest.mark.parametrize(
    ("given", "host", "is_ours"),
    [
        ({}, "127.0.0.1", True),
        ({}, "127.0.0.1:8000", True),
        ({}, "127.0.0.1:1", True),
        ({}, "127.1.2.3:8000", True),
        ({}, "localhost:8000", True),
        ({}, "LocalHost", True),
        ({}, "[::1]:8000", True),
        ({}, "[::1]", True),
        ({}, "evil.example:8000", False),
        ({}, "localhost.evil.example", False),
        ({}, "evil.example@127.0.0.1", False),
        ({}, "127.0.0.1.evil.example", False),
        ({}, "192.0.2.1", False),
        ({}, "0.0.0.0", False),
        ({}, "", False),
        ({}, "127.0.0.1:", True),
        ({}, "127.0.0.1:80x", False),
        ({}, "[::1", False),
        ({}, "127.0.0.1:" + "0" * 400, False),
        ({}, "[::1]x", False),
        ({}, "::1", False),
        ({}, "127.0.0.1, evil.example", False),
        (PROXIED, "runs.example.com", True),
        (PROXIED, "Runs.Example.com:443", True),
        (PROXIED, "127.0.0.1:8000", True),
        (PROXIED, "other.example.com", False),
        ({"host": "192.0.2.1"}, "192.0.2.1:8000", True),
        ({"host": "192.0.2.1"}, "192.0.2.2", False),
        ({"host": "192.0.2.1"}, "localhost", False),
        ({"host": "0.0.0.0"}, "192.0.2.1:8000", True),
        ({"host": "0.0.0.0"}, "localhost:8000", True),
        ({"host": "0.0.0.0"}, "evil.example", False),
        ({"host": "::"}, "[2001:db8::1]:8000", True),
    ],
)
def test_a_host_is_ours_or_not(given: dict[str, Any], host: str, is_ours: bool) -> None:
    assert Sites(Settings(**given)).is_host(host.encode()) is is_ours


async def test_a_forged_host_is_misdirected_and_told_the_setting(opened: Open) -> None:
    async with opened() as http:
        for path in ("/graphql", "/", "/health", "/ready", "/graphql/assets/x.js", "/nothing"):
            response = await http.get(path, headers={"host": "evil.example"})
            assert response.status_code == 421
            assert "--allowed-hosts" in response.json()["errors"][0]["message"]
        assert (await ask(http, host="evil.example", origin="http://evil.example")).status_code == 421
    async with opened(**PROXIED) as http:  # it is called by that name, and through a proxy others call
        assert (await ask(http, host="runs.example.com")).status_code == 401


@pytest.mark.parametrize("headers", [[], [(b"host", b"127.0.0.1"), (b"host", b"evil.example")]])
async def test_a_request_names_one_host(headers: list[Any]) -> None:
    sent = await guarded({"type": "http", "method": "GET", "path": "/", "headers": headers})
    assert sent[0]["status"] == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": OURS}, 200),
        ({"origin": "https://127.0.0.1:8000"}, 200),
        ({"origin": OURS, "sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        ({"origin": "http://127.0.0.1:3000"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"origin": "http://127.0.0.1:8000.evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": APP}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, 403),
    ],
)
async def test_pages_of_other_sites_may_not_post(opened: Open, headers: dict[str, str], status: int) -> None:
    async with opened() as http:
        response = await ask(http, **headers)
        assert response.status_code == status
        assert "access-control-allow-origin" not in response.headers
        assert status == 200 or "--cors-origins" in response.text


async def test_other_sites_may_link_to_the_page_and_not_ask_by_get(opened: Open) -> None:
    elsewhere = {"sec-fetch-site": "cross-site"}
    async with opened() as http:
        visit = {**elsewhere, "sec-fetch-mode": "navigate", "accept": "text/html"}
        assert (await http.get("/graphql", headers=visit)).status_code == 200
        for mode in ("no-cors", "cors"):
            asked = await http.get("/graphql", params={"query": COUNT}, headers={**elsewhere, "sec-fetch-mode": mode})
            assert asked.status_code == 403


async def test_listed_sites_ask_first_and_are_answered(opened: Open) -> None:
    preflight = {"origin": APP, "access-control-request-method": "POST"}
    wanted = {"access-control-request-headers": f"authorization,content-type,{COST}"}
    async with opened(**PROXIED, authentication=True) as http:
        response = await http.options("/graphql", headers=preflight | wanted)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == APP
        assert "access-control-allow-credentials" not in response.headers
        assert {"Authorization", "Content-Type"} <= set(response.headers["access-control-allow-headers"].split(", "))
        refused = await ask(http, origin=APP, **{"sec-fetch-site": "cross-site"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, APP)
        assert "Origin" in refused.headers["vary"]
        for origin in (
            "https://evil.example",
            "https://app.example.com.evil.example",
            "http://app.example.com",
            "null",
        ):
            response = await http.options("/graphql", headers=preflight | wanted | {"origin": origin})
            assert response.status_code == 403
            assert "access-control-allow-origin" not in response.headers
    async with opened() as http:
        assert (await http.options("/graphql", headers=preflight | wanted)).status_code == 403


async def test_every_answer_has_the_headers_of_safety(opened: Open) -> None:
    common = {name.decode(): value.decode() for name, value in HEADERS}
    async with opened(authentication=True) as http:
        answers = [await ask(http), await http.get("/health"), await http.get("/nothing"), await http.put("/graphql")]
        answers.append(await ask(http, host="evil.example"))
        page = await http.get("/graphql", headers={"accept": "text/html"})
        assets = await http.get("/graphql/assets/nothing.js")
    async with opened() as http:
        answers += [await ask(http), await http.post("/graphql", content=b"{", headers={"accept": NEW})]
    for answer in answers:
        assert common.items() <= dict(answer.headers).items(), (answer.url, answer.status_code)
    assert "script-src 'self'" in page.headers["content-security-policy"]
    assert "default-src 'none'; script-src" in page.headers["content-security-policy"]
    for answer in (page, assets):
        assert answer.headers["x-content-type-options"] == "nosniff"


async def guarded(scope: dict[str, Any]) -> list[Any]:
    """Return what the guard sends in the place of an application that must not be asked."""
    sent: list[Any] = []

    async def app(*_: Any) -> None:
        raise AssertionError("the application was asked")

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await Guard(app, Sites(Settings()))(scope, receive, send)
    return sent


EVIL = [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://evil.example")]
FORGED = [(b"host", b"evil.example"), (b"origin", b"http://evil.example")]


@pytest.mark.parametrize(("headers", "status"), [(EVIL, 403), (FORGED, 421)])
async def test_a_socket_from_elsewhere_is_refused_in_its_handshake(headers: list[Any], status: int) -> None:
    extensions: dict[str, Any] = {"websocket.http.response": {}}
    sent = await guarded({"type": "websocket", "path": "/graphql", "headers": headers, "extensions": extensions})
    assert (sent[0]["type"], sent[0]["status"]) == ("websocket.http.response.start", status)
    sent = await guarded({"type": "websocket", "path": "/graphql", "headers": headers})
    assert [(message["type"], message["code"]) for message in sent] == [("websocket.close", 1008)]


async def test_a_socket_of_our_own_page_goes_on() -> None:
    scope = {"type": "websocket", "headers": [(b"host", b"localhost:1"), (b"origin", b"http://localhost:1")]}
    with pytest.raises(AssertionError, match="was asked"):
        await guarded(scope)
