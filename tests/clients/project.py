"""A Node.js project in a temporary folder: our package.json and sources, the schema, and node_modules from npm."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from api.graphiql.build import CA_VARIABLES, Node

SOURCES = Path(__file__).parent
SCHEMA = SOURCES.parents[1] / "schema" / "schema.graphql"
LIMIT_SECONDS = 300


class Unreachable(Exception):
    """No npm registry can be reached from here; the message is npm's own."""


class Project:
    """The project in a folder, which it fills, and the commands that can be run there."""

    def __init__(self, folder: Path, node: Node, variables: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self._node = node
        self._environment = _environment() | dict(variables or {})
        shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"), dirs_exist_ok=True)
        shutil.copyfile(SCHEMA, folder / "schema.graphql")

    def install(self) -> None:
        """Install what the lock file names.

        Raises:
            Unreachable: there is no registry to ask, not even for the version of one package.
        """
        asked = self._run(*self._node.npm, "view", "graphql", "version", "--cache", str(self.folder / "no-cache"))
        if asked.returncode:
            raise Unreachable(_gist(asked.stderr))
        # Without install scripts: none is needed, and none of 100 packages gets to run one.
        installed = self._run(*self._node.npm, "ci", "--ignore-scripts")
        assert installed.returncode == 0, installed.stderr

    def try_to_run(self, script: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a script, given by its path in the folder, and return how it ended."""
        return self._run(self._node.executable, script, *arguments)

    def run(self, script: str, *arguments: str) -> str:
        """Run a script that has to succeed, and return what it printed."""
        ended = self.try_to_run(script, *arguments)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def ask(self, client: str, url: str, task: str, **argument: Any) -> Any:
        """Let one of the compiled clients do a task against the service, and return the outcome."""
        return json.loads(self.run(f"compiled/{client}.js", f"{url}/graphql", task, json.dumps(argument)))

    def _run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )


def _environment() -> dict[str, str]:
    # Behind a company's proxy, the authority that pip trusts is the one that npm needs.
    authority = next((path for path in map(os.environ.get, CA_VARIABLES) if path and Path(path).is_file()), None)
    return ({"NODE_EXTRA_CA_CERTS": authority} if authority else {}) | dict(os.environ) | {"NO_COLOR": "1"}


def _gist(output: str) -> str:
    lines = [line.removeprefix("npm error ") for line in output.splitlines() if line.startswith("npm error ")]
    return "; ".join(lines[:3]) or output.strip()[:200]
