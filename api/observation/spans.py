"""Spans of operations and of their statements, sent by OTLP over HTTP; needs the extra `opentelemetry`."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from api.observation.work import Work
from resolvers.store.tallies import Tally, tally

END_SECONDS = 2.0
"""How long the end of the process waits for the receiver."""
_TRACE_HEADERS = (b"traceparent", b"tracestate")
_propagator = TraceContextTextMapPropagator()


class Spans:
    """Makes spans and sends them; OTEL_* variables that say more about either are read by the SDK itself."""

    def __init__(self, endpoint: str) -> None:
        resource = Resource.create()
        if str(resource.attributes.get(SERVICE_NAME, "unknown_service")).startswith("unknown_service"):
            resource = resource.merge(Resource({SERVICE_NAME: "backtest-graph"}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/').removesuffix('/v1/traces')}/v1/traces")
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("backtest-graph")

    def of_headers(self, headers: Sequence[tuple[bytes, bytes]]) -> "_Trace":
        """Return the trace that a client has begun, else a new one."""
        found = {name.decode(): value.decode("latin-1") for name, value in headers if name in _TRACE_HEADERS}
        return _Trace(self._tracer, _propagator.extract(found, Context()))

    def close(self) -> None:
        """Send what has not been sent, for two seconds at the most."""
        sending = Thread(target=self._provider.shutdown, daemon=True)
        sending.start()
        sending.join(END_SECONDS)


class _Trace:
    def __init__(self, tracer: Tracer, parent: Context) -> None:
        self._tracer = tracer
        self._parent = parent

    @contextmanager
    def span(self, work: Work) -> Iterator[None]:
        """Span an operation; its name is known once its text is read."""
        span = self._tracer.start_span("GraphQL Operation", self._parent, SpanKind.SERVER)
        if span.is_recording():
            work.tally = _TracedTally(self._tracer, span)
            tally.set(work.tally)
        try:
            yield
        finally:
            _describe(span, work)
            span.end()


def _describe(span: Span, work: Work) -> None:
    """Say what an operation was, as the semantic conventions have it; never its text, which may hold values."""
    span.update_name(work.type or "GraphQL Operation")
    found = {
        "graphql.operation.type": work.type,
        "graphql.operation.name": work.name,
        "graphql.document.hash": work.document,
        "backtest_graph.request_id": work.request_id,
        "error.type": work.codes[0] if work.codes else None,
    }
    span.set_attributes({name: value for name, value in found.items() if value})
    if work.outcome() == "error":
        span.set_status(StatusCode.ERROR)


class _TracedTally(Tally):
    """Makes a span of each statement; its text has parameters in the place of values."""

    __slots__ = ("_parent", "_tracer")

    def __init__(self, tracer: Tracer, parent: Span) -> None:
        super().__init__()
        self._tracer = tracer
        self._parent = set_span_in_context(parent, Context())

    def add(self, text: str, seconds: float) -> None:
        """Count a statement that has just ended."""
        super().add(text, seconds)
        end, word = time.time_ns(), text.split(maxsplit=1)[0]
        attributes = {"db.system.name": "postgresql", "db.operation.name": word, "db.query.text": text}
        begin = end - int(seconds * 1e9)
        self._tracer.start_span(word, self._parent, SpanKind.CLIENT, attributes, start_time=begin).end(end)
