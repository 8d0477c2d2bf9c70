"""The service as a process: it starts, survives and stops the way a user sees it."""

import asyncio
import contextlib
import os
import signal
import socket
import time
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import numpy as np
import psutil
import pytest

from api.app import create_app
from api.settings import Settings
from resolvers.store.database import Database
from resolvers.store.embedded import EmbeddedPostgres
from tests.client import Client
from tests.operations import RUN, SAVE, SAVE_MANY, count_runs
from tests.resolvers.store.servers import becomes_true, is_running, passable_folder, postmaster
from tests.savers import TRADES, Savers, check_saved
from tests.service import COMMAND, Service, run_command


@contextlib.contextmanager
def started(*options: str) -> Any:
    with passable_folder() as folder, Service("--data-dir", str(folder / "data"), *options) as service:
        yield service, folder / "data"


def client_of(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=service.url, timeout=60)


async def test_32_clients_saving_the_same_200_runs_at_once_leave_exactly_200() -> None:
    inputs = [RUN | {"id": str(uuid4()), "trades": TRADES[:5], "notes": str(number)} for number in range(200)]
    with started() as (service, _):
        async with client_of(service) as http:
            client = Client(http)
            waves = [client.ask(SAVE_MANY, inputs=inputs[start:] + inputs[:start]) for start in range(0, 196, 7)]
            singles = [save_all(client, inputs[start:] + inputs[:start]) for start in (0, 50, 100, 150)]
            answers = await asyncio.gather(*waves, *singles)
            assert await count_runs(client) == 200
    created = [answer["saveBacktests"]["createdCount"] for answer in answers[:28]] + answers[28:]
    assert sum(created) == 200
    assert all(answer["saveBacktests"]["errors"] == [] for answer in answers[:28])


async def save_all(client: Client, inputs: list[Any]) -> int:
    created = 0
    for given in inputs:
        payload = (await client.ask(SAVE, input=given))["saveBacktest"]
        assert payload["errors"] == []
        created += payload["created"]
    return created


async def test_after_kill_9_in_the_middle_of_saves_every_acknowledged_run_is_whole_and_none_is_partial() -> None:
    with started() as (service, data):
        async with Savers(service.url) as savers:
            await savers.have_saved(60)
            service.kill()
        with Service("--data-dir", str(data)) as again:
            await check_saved(again.url, savers)
            assert again.stop() == 0
        assert not is_running(data)


async def test_the_service_answers_again_after_kill_9_of_postgresql() -> None:
    with started() as (service, data):
        async with client_of(service) as http:
            client = Client(http)
            await client.ask(SAVE, input=RUN)
            server = postmaster(data)
            server.kill()
            await becomes_true(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
            assert await count_runs(client) == 1
            await client.ask(SAVE, input=RUN)
            assert await count_runs(client) == 2
        assert service.stop() == 0


async def test_an_interrupted_first_start_does_not_break_the_next() -> None:
    with passable_folder() as folder:
        command = (COMMAND, "serve", "--port", "0", "--data-dir", folder / "data")
        for delay in (0.6, 0.9, 1.2):
            process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
            await asyncio.sleep(delay)
            process.kill()
            await process.wait()
        with Service("--data-dir", str(folder / "data")) as service:
            async with client_of(service) as http:
                assert await count_runs(Client(http)) == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_clean_stop_takes_postgresql_along(number: signal.Signals) -> None:
    with started() as (service, data):
        async with client_of(service) as http:
            await count_runs(Client(http))
            service.process.send_signal(number)
            assert service.process.wait(10) == 0
        assert not is_running(data)


def read_to_end(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(10_000), b""))


async def test_a_stop_tells_who_has_not_sent_the_whole_request_and_logs_no_trace() -> None:
    with started() as (service, _):
        address = httpx.URL(service.url)
        with socket.create_connection((address.host, address.port or 80), timeout=20) as client:
            head = f"POST /graphql HTTP/1.1\r\nHost: {address.host}\r\nContent-Type: application/json\r\n"
            client.sendall(f"{head}Content-Length: 100\r\n\r\n{{".encode())
            await asyncio.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            answer = await asyncio.to_thread(read_to_end, client)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b'"code":"UNAVAILABLE"' in answer
        assert service.stop() == 0
    assert "Traceback" not in "\n".join(service.lines)


async def test_only_loopback_is_listened_on_and_nothing_for_postgresql() -> None:
    with started() as (service, data):
        processes = [psutil.Process(service.process.pid), postmaster(data)]
        listening = [
            each.laddr for process in processes for each in process.net_connections("inet") if each.status == "LISTEN"
        ]
        assert [address.ip for address in listening] == ["127.0.0.1"]


def test_a_port_that_is_taken_is_told_in_a_line() -> None:
    with started() as (service, _), passable_folder() as folder:
        port = service.url.rpartition(":")[2]
        result = run_command("serve", "--port", port, "--data-dir", folder / "data")
        assert result.returncode != 0
        assert "address already in use" in result.stderr
        assert "Traceback" not in result.stderr
        assert not is_running(folder / "data")


def test_a_server_of_ones_own_that_is_behind_is_refused_with_the_command(own_server: str) -> None:
    result = run_command("serve", "--port", "0", "--database-url", own_server)
    assert result.returncode == 1
    assert "run `backtest-graph migrate`" in result.stderr
    assert run_command("migrate", environment={"BACKTEST_GRAPH_DATABASE_URL": own_server}).returncode == 0
    with Service("--database-url", own_server) as service:
        assert httpx.get(f"{service.url}/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "no.such.host.invalid", ""])
def test_an_address_that_others_can_reach_is_refused(host: str) -> None:
    result = run_command("serve", "--host", host, "--port", "0")
    assert result.returncode == 1
    assert "nothing asks who calls" in result.stderr


def test_a_server_that_does_not_answer_is_told_in_a_line() -> None:
    result = run_command("serve", "--database-url", "postgresql://nobody@127.0.0.1:1/nothing")
    assert result.returncode == 1
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr


@pytest.fixture
async def own_server(shared_database: Database, dsn: str) -> Any:
    """An empty database on a running server, as a user may bring one."""
    name = f"own_{os.getpid()}_{time.monotonic_ns()}"
    connection = await asyncpg.connect(dsn)
    await connection.execute(f"CREATE DATABASE {name}")
    yield dsn.replace("/backtest_graph?", f"/{name}?")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


MINUTES = 525_600


async def test_a_year_of_minute_bars_saves_and_reads_back_exactly_and_leaves_the_memory_as_it_was() -> None:
    times = np.datetime_as_string(np.datetime64("2023-01-01T00:00", "s") + np.arange(MINUTES) * 60).tolist()
    steps = np.random.default_rng(7).normal(0, 1e-4, MINUTES)
    equity = (10_000 * np.exp(np.cumsum(steps))).tolist()
    drawdown = (np.array(equity) / np.maximum.accumulate(equity) - 1).tolist()
    trades = [
        {
            "entryTime": f"{times[index]}Z",
            "entryPrice": equity[index],
            "exitTime": f"{times[index + 60]}Z",
            "pnl": steps[index],
        }
        for index in range(0, 500_000, 500)
    ]
    given = RUN | {
        "startDate": None,
        "endDate": None,
        "equityCurve": {"times": times, "values": equity},
        "drawdownCurve": {"times": times, "values": drawdown},
        "trades": trades,
    }
    query = """query($id: ID!) { backtest(id: $id) {
      dataPoints startDate endDate equityCurve { times values } drawdownCurve { times values }
      trades(first: 1000) { totalCount nodes { entryTime entryPrice exitTime pnl } }
    } }"""
    with started() as (service, _):
        async with client_of(service) as http:
            client = Client(http)
            await client.ask(SAVE, input=RUN)
            process = psutil.Process(service.process.pid)
            before = process.memory_info().rss
            payload = (await client.ask(SAVE, input=given))["saveBacktest"]
            assert (payload["errors"], payload["warnings"]) == ([], [])
            stored = (await client.ask(query, id=payload["backtest"]["id"]))["backtest"]
            await asyncio.sleep(0.5)
            grown = process.memory_info().rss - before
    shown = [f"{time}Z" for time in times]
    assert (stored["dataPoints"], stored["startDate"], stored["endDate"]) == (MINUTES, "2023-01-01", "2023-12-31")
    assert stored["equityCurve"] == {"times": shown, "values": equity}
    assert stored["drawdownCurve"] == {"times": shown, "values": drawdown}
    assert stored["trades"] == {"totalCount": 1000, "nodes": trades}
    assert grown < 300 * 2**20, f"{grown / 2**20:.0f} MB more than before"


def test_ids_made_by_the_service_are_in_the_order_of_time() -> None:
    with started() as (service, _):
        answers = [
            httpx.post(f"{service.url}/graphql", json={"query": SAVE, "variables": {"input": RUN}}).json()
            for _ in range(3)
        ]
    ids = [answer["data"]["saveBacktest"]["backtest"]["id"] for answer in answers]
    assert ids == sorted(ids)
    assert {UUID(id).version for id in ids} == {7}


async def test_readiness_is_refused_while_the_database_is_away(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("resolvers.store.database.CONNECT_SECONDS", 0.3)
    with passable_folder() as folder:
        async with EmbeddedPostgres(folder / "data", say=lambda _: None) as server:
            away = await Database.connect(server.dsn)
        transport = httpx.ASGITransport(create_app(away, Settings()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
            answer = await http.get("/ready")
            assert (answer.status_code, answer.json()["status"]) == (503, "unavailable")
            assert (await http.get("/health")).status_code == 200
            [error] = await Client(http).refuse("{ backtests { totalCount } }")
            assert error["extensions"]["code"] == "UNAVAILABLE"
            [error] = await Client(http).refuse(SAVE, input=RUN)
            assert error["extensions"]["code"] == "UNAVAILABLE"
        await away.close()
