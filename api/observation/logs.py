"""Logs: one line a request, as JSON or for people; never values, query texts, headers or tokens."""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson

from api.observation.lines import Lines
from api.observation.work import Work
from api.settings import Settings

Say = Callable[[str], None]

POLLED = frozenset({"/health", "/ready", "/metrics"})
"""Asked every few seconds by machines: logged at debug only."""

_requests = logging.getLogger("backtest_graph.requests")
_said = logging.getLogger("backtest_graph.said")


def log_work(work: Work) -> None:
    """Log a request or operation that is finished."""
    level = logging.DEBUG if work.path in POLLED else logging.INFO
    if _requests.isEnabledFor(level):
        record = logging.LogRecord(_requests.name, level, "", 0, work.kind, None, None)
        record.fields = _fields(work)
        _requests.handle(record)


def _fields(work: Work) -> dict[str, Any]:
    tally = work.tally
    return {
        "request_id": work.request_id,
        "transport": work.transport,
        "method": work.method,
        "path": work.path,
        "status": work.status,
        "operation_type": work.type,
        "operation_name": work.name,
        "document": work.document,
        "duration_ms": round(work.seconds() * 1e3, 3),
        "cost": work.cost,
        "statements": tally.statements,
        "database_ms": round(tally.seconds * 1e3, 3),
        "bytes_out": work.bytes_out,
        "user": work.user,
        "outcome": work.outcome(),
        "codes": work.codes,
        "client_gone": work.is_gone,
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line. python-json-logger takes three times as long."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


class TextFormatter(logging.Formatter):
    """Lines for people."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the line without a trace."""
        fields: dict[str, Any] | None = getattr(record, "fields", None)
        if fields is None:
            return super().formatMessage(record)
        words = ("method", "path", "status", "operation_type", "operation_name", "outcome")
        shown = [str(fields[word]) for word in words if fields[word] not in {None, ""}]
        shown += [f"{fields['duration_ms']:.1f} ms", f"{fields['statements']} statements", fields["request_id"]]
        return f"{self.formatTime(record, self.datefmt)} {' '.join(shown + fields['codes'])}"


class _Handler(logging.Handler):
    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.write(self.format(record).encode(errors="backslashreplace") + b"\n")
        except Exception:  # noqa: BLE001 - logging has a way of its own to tell
            self.handleError(record)


@contextmanager
def logging_to_stderr(settings: Settings, say: Say = _said.info) -> Iterator[Say]:
    """Log to stderr as the settings have it, until the end; give a way to tell the user what happens.

    It is the one that is given on a terminal; elsewhere one that nobody can hold up, in the format of the log.
    """
    is_terminal = sys.stderr.isatty()
    is_json = settings.log_format == "json" or (settings.log_format == "auto" and not is_terminal)
    lines = Lines(sys.stderr.fileno())
    handler = _Handler(lines)
    handler.setFormatter(JsonFormatter() if is_json else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    _set_levels(settings.log_level.upper())
    try:
        yield _said.info if is_json else say if is_terminal else lambda line: lines.write(f"{line}\n".encode())
    finally:
        root.removeHandler(handler)
        lines.close()


def _set_levels(level: str) -> None:
    """Others than us tell what went wrong, and not what they do."""
    others = "DEBUG" if level == "DEBUG" else "ERROR" if level == "ERROR" else "WARNING"
    logging.getLogger("backtest_graph").setLevel(level)
    logging.getLogger("uvicorn").setLevel(others)
    _said.setLevel(logging.INFO)  # what is told without a log is told with one
