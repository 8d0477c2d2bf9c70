"""Clients that are slow, many, or say too much in a head."""

import asyncio
import resource
from typing import Any

import httpx
import orjson
import pytest

from api.processes.files import allow_connections
from api.settings import Settings
from resolvers.store.database import Database
from tests.api.http.serving import Connection, post, serving
from tests.operations import RUN, SAVE
from tests.resolvers.store.servers import passable_folder
from tests.service import Service

QUESTION = b'{"query": "{ backtests { totalCount } }"}'
HEAD = b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "


async def ask(port: int) -> Any:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        headers = {"content-type": "application/json"}
        return (await http.post("/graphql", content=QUESTION, headers=headers)).json()


async def slow_down(port: int, senders: int, seconds: float) -> list[bytes]:
    """Let half of many clients drip a head, and half a body; return what they are told."""
    connections, slow = [], []
    for number in range(senders):
        connection = await Connection.open(port)
        connections.append(connection)
        data = HEAD + b"x" * 1000 if number % 2 else post(b"", length=1000) + b" " * 1000
        slow.append(asyncio.create_task(connection.drip(data, seconds)))  # at once: who says nothing is told nothing
    told = asyncio.gather(*slow)
    answered = 0
    while not told.done():
        assert (await ask(port))["data"]["backtests"]["totalCount"] == 0
        answered += 1
    assert answered > 0
    for connection in connections:
        await connection.leave()
    return await told


def code_of(answer: bytes) -> Any:
    return orjson.loads(answer.partition(b"\r\n\r\n")[2])["errors"][0]["extensions"]["code"]


async def test_slow_senders_are_ended_and_others_answered_meanwhile(database: Database, settings: Settings) -> None:
    async with serving(database, settings, head_seconds=0.5, body_seconds=0.1, most_connections=300) as port:
        told = await slow_down(port, 200, 0.2)
    check_told(told)


async def test_who_goes_on_sending_still_reads_why_it_was_ended(database: Database, settings: Settings) -> None:
    async with serving(database, settings, head_seconds=0.2) as port:
        connection = await Connection.open(port)
        await connection.send(HEAD)
        await asyncio.sleep(1)
        for _ in range(3):  # a reset would come with the second one, and take the answer away
            await connection.send(b"x" * 1000)
            await asyncio.sleep(0.05)
        assert code_of(await connection.read_to_end()) == "TIMEOUT"
        await connection.leave()


def check_told(told: list[bytes]) -> None:
    """Fail unless most were told why; on a busy machine, some have said nothing by the time they are ended."""
    answers = [answer for answer in told if answer]
    assert {answer.partition(b"\r\n")[0] for answer in answers} == {b"HTTP/1.1 408 Request Timeout"}
    assert {code_of(answer) for answer in answers} == {"TIMEOUT"}
    assert len(answers) >= len(told) / 2


@pytest.mark.slow
async def test_slow_senders_are_ended_by_the_settings_of_a_real_service() -> None:
    with passable_folder() as folder, Service("--data-dir", str(folder / "data")) as service:
        check_told(await slow_down(int(service.url.rpartition(":")[2]), 200, 0.5))


async def test_a_client_that_says_nothing_is_left_without_a_word(database: Database, settings: Settings) -> None:
    async with serving(database, settings, head_seconds=0.2) as port:
        for said in (b"", b"\r\n"):
            connection = await Connection.open(port)
            await connection.send(said)
            told = await asyncio.wait_for(connection.read_to_end(), 5)
            assert told == b"" if not said else told.startswith(b"HTTP/1.1 408 ")
            await connection.leave()


async def test_a_second_head_on_a_connection_has_its_own_time(database: Database, settings: Settings) -> None:
    async with serving(database, settings, head_seconds=0.2) as port:
        connection = await Connection.open(port)
        for _ in range(2):
            await connection.send(post(QUESTION))
            assert (await connection.reader.readuntil(b"}}}")).startswith(b"HTTP/1.1 200 ")
            await asyncio.sleep(0.3)
        await connection.send(HEAD)
        assert (await asyncio.wait_for(connection.read_to_end(), 5)).startswith(b"HTTP/1.1 408 ")
        await connection.leave()


async def test_a_body_that_keeps_coming_may_take_its_time(database: Database, settings: Settings) -> None:
    async with serving(database, settings, body_seconds=0.4) as port:
        connection = await Connection.open(port)
        body = QUESTION + b" " * 8
        await connection.send(post(b"", length=len(body)))
        for start in range(0, len(body), 7):
            await connection.send(body[start : start + 7])
            await asyncio.sleep(0.1)
        assert (await connection.reader.readuntil(b"}}}")).startswith(b"HTTP/1.1 200 ")
        await connection.leave()


async def test_a_client_that_does_not_read_is_cut_off(database: Database, settings: Settings) -> None:
    save = orjson.dumps({"query": SAVE, "variables": {"input": RUN | {"parameters": {"long": "x" * 4_000_000}}}})
    read = b'{"query": "{ backtests { nodes { parameters } } }"}'
    async with serving(database, settings, send_seconds=0.3) as port:
        connection = await Connection.open(port, limit=1)
        await connection.send(post(save))
        assert (await connection.reader.read(2**16)).startswith(b"HTTP/1.1 200 ")
        await connection.send(post(read) * 10)
        await asyncio.sleep(2)
        answers = await asyncio.wait_for(connection.read_to_end(), 10)
        assert 0 < len(answers) < 40_000_000
        assert (await ask(port))["data"]["backtests"]["totalCount"] == 1
        await connection.leave()


@pytest.mark.parametrize(
    "head",
    [
        HEAD + b"x" * 300_000,
        b"GET /graphql?query=" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        post(QUESTION, headers=b"".join(b"X-%d: 1\r\n" % number for number in range(200))),
    ],
)
async def test_a_head_that_is_too_long_is_a_431(database: Database, settings: Settings, head: bytes) -> None:
    async with serving(database, settings) as port:
        connection = await Connection.open(port)
        told = asyncio.create_task(connection.read_to_end())
        for start in range(0, len(head), 20_000):
            connection.writer.write(head[start : start + 20_000])
            await asyncio.sleep(0.01)
        answer = await asyncio.wait_for(told, 5)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert code_of(answer) == "BAD_USER_INPUT"
        await connection.leave()


@pytest.mark.parametrize(
    "head",
    [b"\x00\x01\x02\r\n\r\n", b"GET http:// HTTP/1.1\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", b"GET\r\n"],
)
async def test_what_is_no_http_is_a_4xx(database: Database, settings: Settings, head: bytes) -> None:
    async with serving(database, settings, head_seconds=0.3) as port:
        connection = await Connection.open(port)
        await connection.send(head)
        status = (await asyncio.wait_for(connection.reader.read(2**16), 5)).split(b" ")[1]
        assert 400 <= int(status) < 500
        await connection.leave()


async def test_a_connection_too_many_is_answered_with_503(database: Database, settings: Settings) -> None:
    async with serving(database, settings, most_connections=3) as port:
        held = [await Connection.open(port) for _ in range(3)]
        await held[2].send(post(QUESTION))
        assert (await held[2].reader.readuntil(b"}}}")).startswith(b"HTTP/1.1 200 ")
        surplus = await Connection.open(port)
        await surplus.send(post(QUESTION))
        answer = await surplus.read_to_end()
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in answer
        assert code_of(answer) == "UNAVAILABLE"
        for connection in (*held, surplus):
            await connection.leave()
        await asyncio.sleep(0.05)
        assert (await ask(port))["data"]["backtests"]["totalCount"] == 0


def test_as_many_files_as_connections_may_be_open() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(512, before[0]), before[1]))
        allow_connections(100)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(1200, before[1]), before[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n" % (
    b"A" * 22 + b"=="
)


@pytest.mark.parametrize("method", [b"GET", b"POST"])
@pytest.mark.parametrize("body", [b"Content-Length: 9\r\n", b"Transfer-Encoding: chunked\r\n"])
async def test_a_websocket_that_announces_a_body_is_not_waited_for(
    database: Database, settings: Settings, method: bytes, body: bytes
) -> None:
    async with serving(database, settings) as port:
        connection = await Connection.open(port)
        await connection.send(method + b" /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\n" + UPGRADE + body + b"\r\n")
        answer = await asyncio.wait_for(connection.read_to_end(), 5)
        assert answer.startswith(b"HTTP/1.1 400 ")
        assert code_of(answer) == "BAD_USER_INPUT"
        await connection.leave()


async def test_what_comes_behind_a_body_is_no_part_of_the_head(database: Database, settings: Settings) -> None:
    chunks = b"%x\r\n%s\r\n0\r\nHost: evil\r\nAuthorization: Bearer bgt_x\r\n\r\n" % (len(QUESTION), QUESTION)
    head = post(b"", headers=b"Transfer-Encoding: chunked\r\n").replace(b"Content-Length: 0\r\n", b"")
    async with serving(database, settings) as port:
        connection = await Connection.open(port)
        await connection.send(head + chunks)
        assert (await connection.reader.readuntil(b"}}}")).startswith(b"HTTP/1.1 200 ")
        await connection.leave()
