"""What the README shows to operators is true: the unit, the compose files, the line of the log, the metrics."""

import configparser
import dataclasses
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import yaml

from api.app import create_app
from api.observation.logs import JsonFormatter, log_work
from api.observation.work import Work
from api.settings import Settings, environment_name
from resolvers.callers import Scope
from resolvers.store.database import Database
from resolvers.store.tables import metadata
from resolvers.tokens import create_token
from tests.service import COMMAND
from tests.test_readme import BLOCKS, README

SETTINGS = {setting.name for setting in dataclasses.fields(Settings)}
[UNIT] = [text for kind, text in BLOCKS if kind == "ini"]
LOADED: list[dict[str, Any]] = [yaml.safe_load(text) for kind, text in BLOCKS if kind == "yaml"]
COMPOSED = [each for each in LOADED if "services" in each]
[METRICS] = [text for kind, text in BLOCKS if kind == "text"]


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign]  # systemd's names are in mixed case
    parser.read_string(UNIT)
    return parser


def flags(command: str) -> set[str]:
    """Return the names of settings whose flags a command gives to the service."""
    _, _, ours = command.rpartition("backtest-graph serve")
    return {word.removeprefix("--").replace("-", "_") for word in shlex.split(ours.rstrip('"')) if word[:2] == "--"}


def test_the_unit_stops_in_order_and_gives_settings_that_there_are() -> None:
    service = unit()["Service"]
    assert (service["KillMode"], service["TimeoutStopSec"]) == ("mixed", "30")
    assert service["ExecStart"].split()[:2] == ["/opt/backtest-graph/.venv/bin/backtest-graph", "serve"]
    assert flags(service["ExecStart"]) == {"log_format"}
    assert service["Environment"] == f"{environment_name('data_dir')}=%S/{service['StateDirectory']}"


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")
    path = tmp_path / "backtest-graph.service"
    path.write_text(UNIT.replace("/opt/backtest-graph/.venv/bin/backtest-graph", str(COMMAND)), encoding="utf-8")
    result = subprocess.run(["systemd-analyze", "verify", path], capture_output=True, text=True, check=False)
    assert (result.returncode, str(path) in result.stderr) == (0, False), result.stderr


def test_compose_gives_settings_that_there_are_and_time_to_stop() -> None:
    assert [set(each["services"]) for each in COMPOSED] == [{"backtest-graph"}, {"backtest-graph", "postgres"}]
    for each in COMPOSED:
        service = each["services"]["backtest-graph"]
        assert set(service["environment"]) <= {environment_name(name) for name in SETTINGS}
        assert flags(service["command"])
        assert flags(service["command"]) <= SETTINGS
        assert service["stop_grace_period"] == "30s"
        volumes = {volume.partition(":")[0] for every in each["services"].values() for volume in every["volumes"]}
        assert volumes - {"."} == set(each["volumes"])


def test_every_variable_of_ours_is_one_of_a_setting() -> None:
    named = set(re.findall(r"BACKTEST_GRAPH_\w+", README))
    assert named == {environment_name(name) for name in SETTINGS}


def test_the_line_of_the_log_has_what_a_line_has(caplog: pytest.LogCaptureFixture) -> None:
    [shown] = [orjson.loads(text) for kind, text in BLOCKS if kind == "json" and '"request_id"' in text]
    caplog.set_level("INFO", "backtest_graph")
    log_work(Work("request", "http", "abc"))
    [record] = caplog.records
    assert list(orjson.loads(JsonFormatter().format(record))) == list(shown)


def test_every_metric_that_is_shown_is_told(service_url: str) -> None:
    shown = re.findall(r"^backtest_graph_\w+(?=[{ ])", METRICS, flags=re.MULTILINE)
    families = set(re.findall(r"^# TYPE (\w+) ", httpx.get(f"{service_url}/metrics").text, flags=re.MULTILINE))
    assert len(shown) == len(METRICS.splitlines())
    assert {name.removesuffix("_bucket") for name in shown} <= families


async def test_prometheus_is_let_in_as_shown(database: Database) -> None:
    [[job]] = [each["scrape_configs"] for each in LOADED if "scrape_configs" in each]
    assert set(job) == {"job_name", "authorization", "static_configs"}  # all else is Prometheus' default
    [shown] = re.findall(r"`backtest-graph token create (prometheus --scope \w+)`", README)
    name, _, scope = shown.split()
    _, text = await create_token(database, name=name, scopes=[Scope(scope)])
    [[target]] = [each["targets"] for each in job["static_configs"]]
    transport = httpx.ASGITransport(create_app(database, Settings(authentication=True)))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{target}") as http:
        assert (await http.get("/metrics")).status_code == 401
        answer = await http.get("/metrics", headers={"authorization": f"Bearer {text}"})
        assert (answer.status_code, "backtest_graph_operations_total" in answer.text) == (200, True)
        assert [(await http.get(path)).status_code for path in ("/health", "/ready")] == [200, 200]


def test_every_table_of_runs_is_distributed_by_the_run_after_those_it_refers_to() -> None:
    [shown] = [text for kind, text in BLOCKS if kind == "sql"]
    extension, *lines = shown.splitlines()
    assert extension == "CREATE EXTENSION IF NOT EXISTS citus;"
    first, *others = [re.findall(r"'(\w+)'", line) for line in lines]
    assert first == ["backtests", "id"]
    assert {(column, beside) for _, column, beside in others} == {("backtest_id", "backtests")}
    done: list[str] = []
    for name, column, *_ in (first, *others):
        table = metadata.tables[name]
        assert column in table.primary_key.columns
        assert all(
            column in key.column_keys and key.referred_table.name in done for key in table.foreign_key_constraints
        )
        done.append(name)
    assert set(metadata.tables) - set(done) == {"tokens", "backtest_changes"}
