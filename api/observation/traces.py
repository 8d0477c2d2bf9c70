"""Whether operations are traced; what does it is loaded only where it is."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Protocol, cast

from api.observation.work import Work
from api.settings import Settings


class TracesUnavailable(Exception):
    """Traces are wanted, and what is needed for them is not installed."""


class Trace(Protocol):
    """Where the spans of a request belong."""

    def span(self, work: Work) -> AbstractContextManager[None]:
        """Span an operation; statements that its tally counts become spans in it."""


class Traces(Protocol):
    """The spans of this process."""

    def of_headers(self, headers: Sequence[tuple[bytes, bytes]]) -> Trace:
        """Return the trace that a client has begun, else a new one."""

    def close(self) -> None:
        """Send what has not been sent."""


def start_traces(settings: Settings) -> Traces | None:
    """Return what makes spans and sends them to the endpoint of the settings; None where there is none.

    Raises:
        TracesUnavailable: the packages are not installed.
    """
    if settings.otlp_endpoint is None:
        return None
    try:
        spans = import_module("api.observation.spans")
    except ModuleNotFoundError as error:
        raise TracesUnavailable(
            f"--otlp-endpoint needs OpenTelemetry ({error}): install backtest-graph[opentelemetry], "
            "or leave the endpoint out."
        ) from error
    return cast("Traces", spans.Spans(settings.otlp_endpoint))


def check_traces(settings: Settings) -> None:
    """Refuse an endpoint that nothing could be sent to; raises TracesUnavailable."""
    if settings.otlp_endpoint is not None and (traces := start_traces(settings)) is not None:
        traces.close()
