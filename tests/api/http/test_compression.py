"""Bodies are encoded as clients take it, both ways, and what is streamed goes on as it comes."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import httpx
import orjson
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from api.app import create_app
from api.graphiql.build import DIST, PAGE
from api.http.compression import LEAST, MOST_AT_ONCE, Compression
from api.http.encodings import ENCODERS, choose_encoding, decode
from api.settings import Settings
from resolvers.store.database import Database
from tests.client import Client
from tests.operations import RUN, SAVE

JSON = {"content-type": "application/json"}
COUNT = b'{"query": "{ backtests { totalCount } }"}'
BOTH = "gzip, deflate, br, zstd"


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        (BOTH, "zstd"),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("gzip;q=1.0, zstd;q=0.5", "gzip"),
        ("gzip;q=0.5,zstd; q=0.5", "zstd"),
        ("*", "zstd"),
        ("zstd;q=0, *", "gzip"),
        ("*;q=0", None),
        ("gzip;q=0.5, identity", None),
        ("identity", None),
        ("br", None),
        ("gzip;q=much", None),
        ("", None),
    ],
)
def test_the_encoding_is_the_one_a_client_likes_best(accepted: str, chosen: str | None) -> None:
    assert choose_encoding(accepted) == chosen


def app_with(content: bytes, media_type: str) -> httpx.AsyncClient:
    """Return a client of an application that answers with this."""

    async def whole(_request: Request) -> Response:
        return Response(content, media_type=media_type)

    async def parts(_request: Request) -> Response:
        async def each() -> AsyncIterator[bytes]:
            yield content
            yield content

        return StreamingResponse(each(), media_type=media_type)

    app = Starlette(routes=[Route("/whole", whole), Route("/parts", parts)], middleware=[Middleware(Compression)])
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def answer(content: bytes, media_type: str = "application/json", path: str = "/whole") -> httpx.Response:
    http = app_with(content, media_type)
    async with http, http.stream("GET", path, headers={"accept-encoding": BOTH}) as response:
        raw = b"".join([part async for part in response.aiter_raw()])
    response.extensions["raw"] = raw
    return response


@pytest.mark.parametrize("size", [LEAST, MOST_AT_ONCE + 1])
async def test_a_long_answer_is_compressed_and_says_so(size: int) -> None:
    content = b'{"a": 1}'.ljust(size)
    response = await answer(content)
    assert response.headers["content-encoding"] == "zstd"
    assert response.headers["vary"] == "Accept-Encoding"
    raw = response.extensions["raw"]
    assert int(response.headers["content-length"]) == len(raw) < size / 10
    assert decode(raw, "zstd", limit=size) == content


async def test_many_long_answers_at_once_do_not_mix() -> None:
    contents = [bytes([65 + number]) * (MOST_AT_ONCE + number) for number in range(8)]
    answers = await asyncio.gather(*(answer(content) for content in contents))
    assert [decode(each.extensions["raw"], "zstd", limit=10**6) for each in answers] == contents


@pytest.mark.parametrize(
    ("size", "media_type", "path"),
    [
        (LEAST - 1, "application/json", "/whole"),
        (9999, "image/png", "/whole"),
        (9999, "text/event-stream", "/whole"),
        (9999, "text/event-stream", "/parts"),
        (9999, "application/json", "/parts"),
    ],
)
async def test_what_is_short_or_streamed_or_a_picture_is_left_alone(size: int, media_type: str, path: str) -> None:
    response = await answer(b"x" * size, media_type, path)
    assert "content-encoding" not in response.headers
    assert response.extensions["raw"] == b"x" * size * (2 if path == "/parts" else 1)


async def test_each_part_of_a_stream_goes_out_before_the_next_one_is_made() -> None:
    sent: list[object] = []

    async def send(message: object) -> None:
        sent.append(message)

    async def app(_scope: object, _receive: object, forward: object) -> None:
        assert callable(forward)
        await forward(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        )
        assert len(sent) == 1
        for number in range(3):
            await forward({"type": "http.response.body", "body": b"data: 1\n\n" * 999, "more_body": True})
            assert len(sent) == number + 2

    async def receive() -> dict[str, object]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "headers": [(b"accept-encoding", b"zstd")]}
    await Compression(app)(scope, receive, send)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_request_may_be_compressed(client: Client, encoding: str) -> None:
    response = await client.http.post(
        "/graphql", content=ENCODERS[encoding](COUNT), headers=JSON | {"content-encoding": encoding}
    )
    assert response.json() == {"data": {"backtests": {"totalCount": 0}}}


async def test_a_compressed_save_is_stored_whole(client: Client) -> None:
    trade = {"entryTime": "2024-01-02", "entryPrice": 1.5, "exitTime": "2024-01-03", "pnl": 0.25}
    body = orjson.dumps({"query": SAVE, "variables": {"input": RUN | {"trades": [trade] * 500}}})
    answer = await client.http.post(
        "/graphql", content=gzip.compress(body), headers=JSON | {"content-encoding": "gzip"}
    )
    assert answer.json()["data"]["saveBacktest"]["errors"] == []


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
async def test_a_damaged_or_unknown_encoding_is_refused(client: Client, encoding: str) -> None:
    whole = ENCODERS[encoding](COUNT)
    for content in (b"", b"xx", whole[:-1], whole + b"x"):
        response = await client.http.post("/graphql", content=content, headers=JSON | {"content-encoding": encoding})
        assert response.status_code == 400
        assert f"The body is not {encoding}" in response.json()["errors"][0]["message"]
    response = await client.http.post("/graphql", content=whole, headers=JSON | {"content-encoding": "br"})
    assert (response.status_code, response.headers["accept-encoding"]) == (415, "zstd, gzip")


@pytest.mark.parametrize("encoding", ["", "gzip", "zstd"])
async def test_a_request_that_is_too_long_is_a_413_however_it_is_sent(database: Database, encoding: str) -> None:
    transport = httpx.ASGITransport(create_app(database, Settings(most_body_megabytes=1)))
    query = b'{"query": "{ __typename }%s"}'
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        for spaces, status in ((1_000_000, 200), (2**20, 413), (40_000_000, 413)):
            body = query % (b" " * spaces)
            content = ENCODERS[encoding](body) if encoding else body

            async def stream(content: bytes = content) -> AsyncIterator[bytes]:
                for start in range(0, len(content), 1_000_000):
                    yield content[start : start + 1_000_000]

            for sent in (content, stream()):
                headers = JSON | ({"content-encoding": encoding} if encoding else {})
                assert (await http.post("/graphql", content=sent, headers=headers)).status_code == status


@pytest.mark.skipif(not PAGE.is_file(), reason="GraphiQL was not built here (api/graphiql/dist)")
@pytest.mark.parametrize("encoding", ["zstd", "gzip", ""])
async def test_graphiqls_files_are_compressed(client: Client, encoding: str) -> None:
    file = max((DIST / "graphql" / "assets").glob("index-*.js"))
    url, content = f"/graphql/assets/{file.name}", file.read_bytes()
    async with client.http.stream("GET", url, headers={"accept-encoding": encoding or "identity"}) as response:
        raw = b"".join([part async for part in response.aiter_raw()])
    assert response.headers.get("content-encoding", "") == encoding
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["vary"] == "Accept-Encoding"
    assert "javascript" in response.headers["content-type"]
    assert (decode(raw, encoding, limit=10**7) if encoding else raw) == content
