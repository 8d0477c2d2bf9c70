"""Requests that are no honest question are refused as the protocol says."""

import gzip
import socket
import zlib
from http.client import HTTPResponse

import httpx
import pytest

from tests.attacks.innocence import check
from tests.service import Service

JSON = {"content-type": "application/json"}
QUESTION = '{"query": "{ __typename }"}'

REFUSED_BODIES = {
    "null": b"null",
    "a number": b"42",
    "a text": b'"x"',
    "a batch": b"[" + QUESTION.encode() + b"]",
    "a batch of a thousand": b"[" + b",".join([QUESTION.encode()] * 1000) + b"]",
    "an empty list": b"[]",
    "an empty object": b"{}",
    "nothing": b"",
    "no JSON": b"{ __typename }",
    "half of it": QUESTION.encode()[:-3],
    "two of them": QUESTION.encode() * 2,
    "deep nesting": b"[" * 100_000,
    "deep nesting in variables": b'{"query": "{ __typename }", "variables": '
    + b'{"a":' * 50_000
    + b"1"
    + b"}" * 50_001,
    "not UTF-8": b'{"query": "{ \xff\xfe }"}',
    "UTF-16": QUESTION.encode("utf-16"),
    "a number as the query": b'{"query": 1}',
    "variables as a list": b'{"query": "{ __typename }", "variables": []}',
    "a number as the name": b'{"query": "{ __typename }", "operationName": 1}',
    "extensions as a text": b'{"query": "{ __typename }", "extensions": "x"}',
    "a null byte in the query": b'{"query": "{ \\u0000 }"}',
    "half a surrogate in the query": b'{"query": "{ node(id: \\"\\ud800\\") { id } }"}',
}


@pytest.mark.parametrize("body", REFUSED_BODIES.values(), ids=REFUSED_BODIES.keys())
def test_a_body_that_is_no_request_is_a_client_error(http: httpx.Client, body: bytes) -> None:
    for accept in ("application/json", "application/graphql-response+json", "*/*"):
        response = http.post("/graphql", content=body, headers=JSON | {"accept": accept})
        answer = check(response)
        assert response.status_code == 400 or (accept != "application/graphql-response+json" and answer["errors"])


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"query={__typename}"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--',
        ),
        ("text/plain", QUESTION.encode()),
        ("application/graphql", b"{ __typename }"),
        ("application/xml", b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>"),
        ("", QUESTION.encode()),
        ("application/json, text/plain", QUESTION.encode()),
        ("text/plain; application/json", QUESTION.encode()),
    ],
)
def test_only_json_is_taken_so_that_no_form_of_another_site_can_ask(
    http: httpx.Client, content_type: str, body: bytes
) -> None:
    response = http.post("/graphql", content=body, headers={"content-type": content_type})
    check(response)
    assert response.status_code == 415


@pytest.mark.parametrize(
    "query",
    [
        'mutation { deleteBacktest(input: {id: "01890a5d-ac96-774b-bcce-b302099a8057"}) { deletedId } }',
        "query A { __typename } mutation B { deleteBacktests(input: {filter: {}, expectedCount: 0}) { deletedIds } }",
        "subscription { backtestChanged { id } }",
    ],
)
def test_nothing_is_changed_by_a_link(http: httpx.Client, query: str) -> None:
    for name in ("", "B"):
        response = http.get("/graphql", params={"query": query, "operationName": name})
        answer = check(response)
        assert response.status_code in {400, 405, 406} or answer["errors"]
        assert not (answer or {}).get("data")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_not_allowed(http: httpx.Client, method: str) -> None:
    response = http.request(method, "/graphql", content=QUESTION, headers=JSON)
    check(response)
    assert response.status_code == 405
    assert {"GET", "POST"} <= {each.strip() for each in response.headers["allow"].split(",")}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x"])
def test_a_body_that_is_not_what_it_says_is_a_client_error(http: httpx.Client, encoding: str) -> None:
    response = http.post("/graphql", content=b"\x1f\x8bnonsense", headers=JSON | {"content-encoding": encoding})
    check(response)
    assert response.status_code in {400, 415}


def test_a_bomb_is_not_unpacked(http: httpx.Client) -> None:
    whole = gzip.compress(b'{"query": "' + b" " * 500_000_000, 6)
    assert len(whole) < 1_000_000
    for body in (whole, whole[:1000]):
        response = http.post("/graphql", content=body, headers=JSON | {"content-encoding": "gzip"})
        check(response)
        assert response.status_code in {400, 413}
    deflated = http.post("/graphql", content=zlib.compress(b"x"), headers=JSON | {"content-encoding": "deflate"})
    assert deflated.status_code == 415


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(attacked: Service) -> None:
    address = httpx.URL(attacked.url)
    head = f"POST /graphql HTTP/1.1\r\nHost: {address.host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((address.host, address.port or 80), timeout=10) as raw:
        raw.sendall(f"{head}Content-Length: {2**40}\r\n\r\n".encode())
        response = HTTPResponse(raw)
        response.begin()
        assert response.status == 413
        assert b'"limit":67108864}' in response.read()


FILES = (
    "/graphql/../../etc/passwd",
    "/graphql/assets/../../../pyproject.toml",
    "/graphql/assets/%2e%2e/%2e%2e/x",
    "/graphql/assets/%00",
    "/graphql/assets/" + "a" * 5000,
    "/.git/config",
    "/%ff",
)


@pytest.mark.parametrize("path", FILES)
def test_no_file_is_given_out(http: httpx.Client, path: str) -> None:
    response = http.get(path)
    check(response)
    assert response.status_code in {400, 404, 414}


@pytest.mark.parametrize(
    "headers",
    [
        {"accept": "x" * 8000},
        {"accept-encoding": "gzip;q=" + "9" * 5000},
        {"content-type": "application/json; charset=" + "x" * 5000},
        {"x-request-id": "a" * 5000},
        {"x-request-id": 'a"},{"level":"x'},
        {"authorization": "Bearer " + "a" * 8000},
        {"authorization": "Basic cm9vdDpyb290"},
        {"traceparent": "00-" + "0" * 500},
        {"x-forwarded-for": "127.0.0.1" * 500, "x-forwarded-proto": "javascript"},
        {"cookie": "a=" + "b" * 8000},
        {"range": "bytes=0-,1-,2-"},
        {"if-none-match": '"' * 4000},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_strange_headers_break_nothing(http: httpx.Client, headers: dict[str, str]) -> None:
    check(http.post("/graphql", content=QUESTION, headers=JSON | headers))
    check(http.get("/graphql", params={"query": "{ __typename }"}, headers=headers))
    check(http.get("/ready", headers=headers))
