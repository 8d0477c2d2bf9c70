"""The README is true: every command, example, setting and name in it."""

import dataclasses
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import requests
from graphql import GraphQLObjectType, build_schema

import schema.schema as api
from api.settings import Settings, environment_name
from tests.figures import rounded
from tests.resolvers.store.servers import passable_folder
from tests.samples import real_documents
from tests.service import COMMAND, run_command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
SERVICE = "http://127.0.0.1:8000"
START = "python3 -m pip install -q --target .uv uv && .uv/bin/uv run --no-dev backtest-graph serve --demo"
TESTS = "python3 -m pip install -q --target .uv uv && .uv/bin/uv run pytest"


def commands() -> list[str]:
    return [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]


def examples() -> list[tuple[str, Any]]:
    """Return each operation with the answer that stands behind it."""
    pairs = pairwise(BLOCKS)
    return [(text, orjson.loads(answer)) for (kind, text), (_, answer) in pairs if kind == "graphql"]


def test_every_operation_has_its_answer_behind_it() -> None:
    kinds = [kind for kind, _ in BLOCKS]
    assert len(examples()) == kinds.count("graphql") > 2
    assert all(kinds[index + 1] == "json" for index, kind in enumerate(kinds) if kind == "graphql")
    assert set(kinds) == {"sh", "graphql", "json", "python", "ini", "text", "yaml", "sql"}


def test_every_operation_gets_the_answer_that_is_printed(service_url: str) -> None:
    for query, answer in examples():
        response = httpx.post(f"{service_url}/graphql", json={"query": query}, timeout=60)
        assert rounded(orjson.loads(response.content)) == rounded(answer), query


def test_the_lines_for_notebooks_store_a_run(service_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = [text for kind, text in BLOCKS if kind == "python"]
    answers = []
    post = requests.post

    def send(url: str, **given: Any) -> Any:
        response = post(url.replace(SERVICE, service_url), timeout=60, **given)
        answers.append(response.json())
        return response

    monkeypatch.setattr(requests, "post", send)
    document = real_documents("BACKTEST")[0] | {"symbol": "NOTEBOOK"}
    exec(compile(code, "README.md", "exec"), {"result": document})
    [payload] = [answer["data"]["importBacktest"] for answer in answers]
    assert payload["errors"] == []
    delete = "mutation($id: ID!) { deleteBacktest(input: {id: $id}) { deletedId } }"
    answer = post(
        f"{service_url}/graphql", json={"query": delete, "variables": {"id": payload["backtest"]["id"]}}, timeout=60
    )
    assert answer.json() == {"data": {"deleteBacktest": {"deletedId": payload["backtest"]["id"]}}}


def test_the_first_command_starts_the_service_and_the_second_one_the_tests() -> None:
    assert [command for command in commands() if "pip install" in command] == [START, TESTS]


def test_curl_asks_as_printed(service_url: str) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed here")
    [command] = [command for command in commands() if command.startswith("curl ")]
    words = shlex.split(command.replace(SERVICE, service_url))
    result = subprocess.run([*words, "--silent"], capture_output=True, check=True)
    assert orjson.loads(result.stdout)["data"]["backtests"]["totalCount"] >= 89


def test_the_commands_of_the_command_line_work(tmp_path: Path) -> None:
    used = {command.split()[1] for command in commands() if command.startswith("backtest-graph ")}
    in_access = {"serve", "token"}  # which are run in tests/api/access
    assert used == {"backup", "import", "migrate", "restore", "schema"} | in_access
    with passable_folder() as folder:
        documents = real_documents("BACKTEST")[:2]
        (tmp_path / "results").mkdir()
        (tmp_path / "results" / "one.json").write_bytes(orjson.dumps(documents[0]))
        (tmp_path / "sweep.json").write_bytes(orjson.dumps(documents[1]))
        [line] = [command for command in commands() if command.startswith("backtest-graph import")]
        words = shlex.split(line)[1:]
        paths = [tmp_path / word if word in {"results/", "sweep.json"} else word for word in words]
        result = run_command(*paths, "--data-dir", folder / "data")
        assert (result.returncode, "2 runs" in result.stderr + result.stdout) == (0, True), result
        result = run_command("migrate", "--data-dir", folder / "data")
        assert result.returncode == 0
        [backup, restore] = [shlex.split(each)[1:] for each in commands() if "runs.backup" in each]
        result = run_command(backup[0], tmp_path / backup[1], "--data-dir", folder / "data")
        assert (result.returncode, "Backed up 2 runs" in result.stderr) == (0, True), result
        result = run_command(restore[0], tmp_path / restore[1], restore[2], folder / restore[3])
        assert (result.returncode, "Restored 2 runs" in result.stderr) == (0, True), result
    assert run_command("schema").stdout == Path(api.__file__).with_name("schema.graphql").read_text(encoding="utf-8")


def test_the_timed_backups_are_commands_that_work(tmp_path: Path) -> None:
    lines = re.findall(r"(backtest-graph backup --overwrite \S+?/runs.*?backup)`", README)
    assert len(lines) == 2
    for line in lines:
        command = line.replace("\\%", "%").replace("/var/backups", str(tmp_path))
        command = command.replace("backtest-graph", str(COMMAND)) + f" --data-dir {tmp_path}/none"
        result = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
        assert result.stderr.startswith(f"Error: There is no database in {tmp_path}/none")


def test_the_commands_for_developers_are_there() -> None:
    others = [command for command in commands() if not command.startswith(("curl ", "backtest-graph ", "python3 "))]
    tools = {shlex.split(part)[0] for command in others for part in command.split("&&")}
    assert tools == {"ruff", "mypy", "lint-imports", "python"}
    assert all((Path(sys.executable).parent / tool).exists() for tool in tools)
    result = subprocess.run([sys.executable, "-c", "import api.graphiql.build"], capture_output=True, check=False)
    assert result.returncode == 0


def test_the_document_that_is_named_by_its_hash_is_answered(service_url: str) -> None:
    [(text, path)] = re.findall(r"`(\{.*?\})` is\nthen answered under `(/graphql/sha256:\w+)`", README)
    body = {"query": text, "documentId": path.rpartition("/")[2]}
    assert httpx.post(f"{service_url}/graphql", json=body).status_code == 200
    assert httpx.get(f"{service_url}{path}").json()["data"]["backtests"]["totalCount"] >= 89


def test_every_setting_stands_in_the_table_with_its_default() -> None:
    rows = re.findall(r"^\| `(--[\w/-]+)` \| `(\w+)` \| (.*?) \| (.*?) \|$", README, flags=re.MULTILINE)
    expected = []
    for setting in dataclasses.fields(Settings):
        default: Any = setting.default
        shown = (
            {"None": "none", "False": "off", "True": "on"}.get(str(default), f"`{default}`")
            if default is not dataclasses.MISSING
            else None
        )
        name = setting.name.replace("_", "-")
        flag = f"--{name}/--no-{name}" if default is True else f"--{name}"
        expected.append(
            (flag, environment_name(setting.name), shown or "the user's data folder", setting.metadata["description"])
        )
    assert rows == expected


def test_every_name_in_the_table_of_the_old_functions_is_in_the_schema() -> None:
    table = README.partition("## From the persistence functions")[2].partition("##")[0]
    used = re.findall(r"`(\w+)\(", table)
    types = build_schema(api.schema.as_str()).type_map
    known = {
        field
        for name in ("Query", "Mutation")
        if isinstance(kind := types[name], GraphQLObjectType)
        for field in kind.fields
    }
    assert len(used) > 12
    assert set(used) <= known


def test_the_rooms_are_the_ones_that_are_there() -> None:
    rooms = re.findall(r"^\| `([\w/]+)/` \|", README, flags=re.MULTILINE)
    assert len(rooms) == 8
    assert all((ROOT / room).is_dir() for room in rooms)


@pytest.mark.skipif(
    "CI" not in os.environ, reason="installs everything anew, which takes minutes: set CI=true to run it"
)
def test_on_a_fresh_machine_the_first_command_brings_up_the_service_with_the_demo(tmp_path: Path) -> None:
    with passable_folder() as folder:
        clone, home = tmp_path / "clone", tmp_path / "home"
        home.mkdir()
        subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
        environment = fresh_environment() | {
            "HOME": str(home),
            environment_name("port"): "0",
            environment_name("log_format"): "text",  # what a user sees, who has a terminal
            environment_name("data_dir"): str(folder / "data"),
        }
        process = subprocess.Popen(
            START, shell=True, cwd=clone, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            url = _read_url(process)
            answer = httpx.post(url, json={"query": "{ backtests { totalCount } }"}, timeout=60)
            assert answer.json() == {"data": {"backtests": {"totalCount": 89}}}
            page = httpx.get(url, headers={"accept": "text/html"}, timeout=60)
            assert "was not built" not in page.text
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=30)


def fresh_environment() -> dict[str, str]:
    """Return the environment without what belongs to the one that the tests run in."""
    ours = str(Path(sys.executable).parent)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("UV", "VIRTUAL_ENV", "BACKTEST_"))
    }
    return kept | {"PATH": os.pathsep.join(path for path in kept["PATH"].split(os.pathsep) if path != ours)}


def _read_url(process: "subprocess.Popen[str]") -> str:
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("Listening: "):
            return line.removeprefix("Listening: ").strip()
    raise AssertionError("".join(lines))


def test_the_command_under_test_is_the_one_that_is_installed() -> None:
    assert COMMAND.exists()
