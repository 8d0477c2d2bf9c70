"""Documents that are asked for by an identifier, and a list of those that alone are allowed."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.http import persisted
from api.http.manifests import BadDocuments, load_documents
from api.http.persisted import PersistedDocuments, identify
from api.settings import Settings
from resolvers.store.database import Database
from schema.schema import schema
from tests.client import Client
from tests.operations import RUN, SAVE
from tests.service import run_command

NEW = {"accept": "application/graphql-response+json"}
COUNT = "query Count { backtests { totalCount } }"
COUNTED = {"data": {"backtests": {"totalCount": 0}}}


def by_hash(text: str, **changes: Any) -> dict[str, Any]:
    hashed = {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()} | changes
    return {"extensions": {"persistedQuery": hashed}}


def code_of(response: httpx.Response) -> Any:
    return response.json()["errors"][0]["extensions"]["code"]


async def test_an_unknown_hash_is_told_and_a_text_that_comes_with_its_hash_is_kept(client: Client) -> None:
    for headers, status in ((NEW, 404), ({}, 200)):
        response = await client.http.post("/graphql", json=by_hash(COUNT), headers=headers)
        assert (response.status_code, code_of(response)) == (status, "PERSISTED_QUERY_NOT_FOUND")
        assert response.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert (await client.http.post("/graphql", json={"query": COUNT} | by_hash(COUNT))).json() == COUNTED
    assert (await client.http.post("/graphql", json=by_hash(COUNT))).json() == COUNTED
    assert (await client.http.post("/graphql", json={"documentId": identify(COUNT)})).json() == COUNTED
    parameters = {"extensions": json.dumps(by_hash(COUNT)["extensions"])}
    assert (await client.http.get("/graphql", params=parameters)).json() == COUNTED
    assert (await client.http.get(f"/graphql/{identify(COUNT)}")).json() == COUNTED
    assert (await client.http.get("/graphql", params={"documentId": identify(COUNT)})).json() == COUNTED


async def test_a_get_asks_by_hash_and_never_changes(client: Client) -> None:
    variables = {"input": RUN}
    await client.http.post("/graphql", json={"query": SAVE, "variables": variables} | by_hash(SAVE))
    parameters = {"documentId": identify(SAVE), "variables": json.dumps(variables)}
    response = await client.http.get("/graphql", params=parameters)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


async def test_a_hash_of_another_text_is_refused_and_the_text_not_kept(client: Client) -> None:
    other = "{ __typename }"
    for wrong in ({"query": other} | by_hash(COUNT), {"query": other, "documentId": "sha256:0"}):
        response = await client.http.post("/graphql", json=wrong)
        assert (response.status_code, code_of(response)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert code_of(await client.http.post("/graphql", json=by_hash(COUNT))) == "PERSISTED_QUERY_NOT_FOUND"
    assert code_of(await client.http.post("/graphql", json=by_hash(other))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{", "{ nothing", "x" * 40_000])
async def test_a_text_that_is_no_document_is_not_kept(client: Client, text: str) -> None:
    assert code_of(await client.http.post("/graphql", json={"query": text} | by_hash(text))) == "BAD_USER_INPUT"
    assert code_of(await client.http.post("/graphql", json=by_hash(text))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("extension", [5, [], "x", {}, {"version": 2, "sha256Hash": "0"}, {"version": 1}])
async def test_an_extension_that_names_no_hash_is_refused(client: Client, extension: Any) -> None:
    response = await client.http.post("/graphql", json={"query": COUNT, "extensions": {"persistedQuery": extension}})
    assert (response.status_code, code_of(response)) == (400, "BAD_USER_INPUT")


def test_what_was_not_asked_for_longest_is_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(persisted, "MOST_DOCUMENTS", 2)
    documents = PersistedDocuments()
    one, two, three = ("{ a }", "{ b }", "{ c }")
    for text in (one, two):
        documents.find_text(text, identify(text), None)
    assert documents.find_text(None, identify(one), None) == one
    documents.find_text(three, identify(three), None)
    assert documents.find_text(None, identify(one), None) == one
    with pytest.raises(Exception, match="PersistedQueryNotFound"):
        documents.find_text(None, identify(two), None)


@asynccontextmanager
async def listed(database: Database, settings: Settings, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(database, replace(settings, documents=folder)))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield http


async def test_only_listed_documents_are_executed(database: Database, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "count.graphql").write_text(f"{COUNT}\n")
    async with listed(database, settings, tmp_path) as http:
        for allowed in ({"query": COUNT}, {"query": f"{COUNT}\n"}, by_hash(COUNT), {"documentId": identify(COUNT)}):
            assert (await http.post("/graphql", json=allowed)).json() == COUNTED
        other = "{ __schema { queryType { name } } }"
        for refused in ({"query": other}, {"query": other} | by_hash(other), {"query": COUNT.replace("{", " {", 1)}):
            response = await http.post("/graphql", json=refused, headers=NEW)
            assert (response.status_code, code_of(response)) == (403, "FORBIDDEN")
        assert code_of(await http.post("/graphql", json=by_hash(other))) == "PERSISTED_QUERY_NOT_FOUND"
        assert (await http.post("/graphql", json={})).status_code == 400


async def test_manifests_of_client_tools_are_read(database: Database, settings: Settings, tmp_path: Path) -> None:
    relay, codegen = "query R { __typename }", "query C { __typename }"
    digest = md5(relay.encode(), usedforsecurity=False).hexdigest()
    operation = {"id": sha256(COUNT.encode()).hexdigest(), "name": "Count", "type": "query", "body": COUNT}
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]}
    (tmp_path / "apollo.json").write_text(json.dumps(apollo))
    (tmp_path / "relay.json").write_text(json.dumps({digest: relay}))
    (tmp_path / "persisted-documents.json").write_text(json.dumps({"a1b2": codegen}))
    async with listed(database, settings, tmp_path) as http:
        assert (await http.post("/graphql", json=by_hash(COUNT))).json() == COUNTED
        for identifier in (digest, "a1b2", identify(relay)):
            answer = await http.post("/graphql", json={"documentId": identifier})
            assert answer.json() == {"data": {"__typename": "Query"}}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.graphql", "{ nothing }", "a.graphql: Cannot query field 'nothing'"),
        ("a.graphql", "{", "a.graphql: Syntax Error"),
        ("a.graphql", b"\xff", "a.graphql: 'utf-8' codec"),
        ("a.json", '{"x1": "{ nothing }"}', "a.json: x1: Cannot query field 'nothing'"),
        ("a.json", "{", "a.json: "),
        ("a.json", "[]", "neither an object of texts nor"),
        ("a.json", '{"x1": 5}', "neither an object of texts nor"),
        ("a.json", '{"format": "apollo-persisted-query-manifest"}', "has a list of operations"),
        ("a.json", '{"format": "apollo-persisted-query-manifest", "operations": [{}]}', "neither an object of texts"),
        ("a.txt", "{ __typename }", "no document is there"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(tmp_path: Path, name: str, content: str | bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BadDocuments) as refused:
        load_documents(tmp_path, schema)
    assert reason in str(refused.value)


def test_one_identifier_stands_for_one_document(tmp_path: Path) -> None:
    for name, text in (("a.json", "{ __typename }"), ("b.json", "query { __typename }")):
        (tmp_path / name).write_text(json.dumps({"same": text}))
    with pytest.raises(BadDocuments, match=r"b\.json: same stands for another document, too"):
        load_documents(tmp_path, schema)


def test_the_service_does_not_start_with_a_document_that_is_not_valid(tmp_path: Path) -> None:
    (tmp_path / "wrong.graphql").write_text("{ nothing }")
    result = run_command("serve", "--port", "0", "--documents", tmp_path, "--data-dir", tmp_path / "data")
    assert result.returncode == 1
    assert "wrong.graphql: Cannot query field 'nothing'" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "data").exists()
