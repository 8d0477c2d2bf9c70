"""Spans, as a receiver of OTLP over HTTP gets them."""

import gzip
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.abc import MetaPathFinder
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from api.app import create_app
from api.observation.traces import TracesUnavailable, start_traces
from api.settings import Settings
from resolvers.store.database import Database
from tests.client import Client
from tests.operations import save

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Receiver(HTTPServer):
    """Takes what is sent to /v1/traces."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.spans: list[Span] = []
        self.services: set[str] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def take(self, sent: ExportTraceServiceRequest) -> None:
        for resource in sent.resource_spans:
            self.services |= {
                each.value.string_value for each in resource.resource.attributes if each.key == "service.name"
            }
            self.spans += [span for scope in resource.scope_spans for span in scope.spans]


class _Taking(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        assert self.path == "/v1/traces"
        assert isinstance(self.server, Receiver)
        self.server.take(ExportTraceServiceRequest.FromString(body))
        self.send_response(200)
        self.send_header("content-type", "application/x-protobuf")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


async def spans_of(database: Database, receiver: Receiver, query: str, headers: dict[str, str]) -> list[Span]:
    app = create_app(database, Settings(otlp_endpoint=receiver.url))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as http:
        await http.post("/graphql", json={"query": query}, headers=headers)
    app.state.traces.close()
    return receiver.spans


async def test_an_operation_is_a_span_in_the_trace_of_its_client_and_statements_are_spans_in_it(
    database: Database, receiver: Receiver, client: Client
) -> None:
    await save(client, symbol="SECRET")
    query = 'query Newest { backtests(filter: {symbol: {eq: "SECRET"}}) { totalCount nodes { id } } }'
    *statements, operation = await spans_of(database, receiver, query, {"traceparent": PARENT, "x-request-id": "mine"})
    assert receiver.services == {"backtest-graph"}
    assert (operation.name, operation.kind) == ("query", Span.SPAN_KIND_SERVER)
    assert operation.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert operation.parent_span_id.hex() == "b7ad6b7169203331"
    told = attributes(operation)
    assert len(told.pop("graphql.document.hash")) == 16
    assert told == {
        "graphql.operation.type": "query",
        "graphql.operation.name": "Newest",
        "backtest_graph.request_id": "mine",
    }
    assert statements
    for each in statements:
        assert (each.name, each.kind, each.trace_id) == ("SELECT", Span.SPAN_KIND_CLIENT, operation.trace_id)
        assert each.parent_span_id == operation.span_id
        assert operation.start_time_unix_nano <= each.end_time_unix_nano <= operation.end_time_unix_nano
        assert attributes(each)["db.system.name"] == "postgresql"
        assert "FROM backtests" in attributes(each)["db.query.text"]
    assert "SECRET" not in str(receiver.spans)


async def test_only_what_went_wrong_on_our_side_is_an_error(database: Database, receiver: Receiver, dsn: str) -> None:
    [refused] = await spans_of(database, receiver, "{ nothing }", {})
    assert refused.status.code == Status.STATUS_CODE_UNSET
    assert not refused.parent_span_id
    assert attributes(refused)["error.type"] == "BAD_USER_INPUT"
    bare = await Database.connect(dsn.replace("/backtest_graph?", "/postgres?"))  # without our tables
    *_, operation = await spans_of(bare, receiver, "{ backtests { totalCount } }", {})
    await bare.close()
    assert operation.status.code == Status.STATUS_CODE_ERROR
    assert attributes(operation)["error.type"] == "INTERNAL"


async def test_what_a_client_does_not_want_traced_is_not(database: Database, receiver: Receiver) -> None:
    query = "{ backtests { totalCount } }"
    assert await spans_of(database, receiver, query, {"traceparent": PARENT[:-1] + "0"}) == []


def test_without_an_endpoint_nothing_is_loaded() -> None:
    assert start_traces(Settings()) is None


class _Missing(MetaPathFinder):
    def find_spec(self, name: str, *_: Any) -> None:
        if name.startswith("opentelemetry"):
            raise ModuleNotFoundError(f"No module named {name!r}")


def test_without_the_packages_the_remedy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("opentelemetry", "api.observation.spans"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [_Missing(), *sys.meta_path])
    with pytest.raises(TracesUnavailable, match=r"install backtest-graph\[opentelemetry\]"):
        start_traces(Settings(otlp_endpoint="http://127.0.0.1:4318"))
