"""Lines of the log: JSON for machines, text for people, and never in anybody's way."""

import logging
import os
import sys
import time
from typing import Any

import orjson
import pytest

from api.observation import lines as lines_module
from api.observation.lines import Lines
from api.observation.logs import JsonFormatter, TextFormatter, log_work, logging_to_stderr
from api.observation.work import Work
from api.settings import Settings


def work() -> Work:
    made = Work("request", "http", "abc")
    made.method, made.path, made.status, made.type, made.name = "POST", "/graphql", 200, "query", "One"
    return made


def read_lines(settings: Settings, monkeypatch: pytest.MonkeyPatch, act: Any) -> list[bytes]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as error, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", error)
        with logging_to_stderr(settings, lambda _: None) as say:
            act(say)
    with os.fdopen(reader, "rb") as file:
        return file.read().splitlines()


def log_some(say: Any) -> None:
    say("Listening")
    log_work(work())
    try:
        orjson.loads("lost")
    except ValueError:
        logging.getLogger("backtest_graph.errors").exception("An error")
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    logging.getLogger("uvicorn.error").info("Started")


@pytest.mark.parametrize("chosen", ["json", "auto"])
def test_every_line_is_an_object_where_nobody_looks(monkeypatch: pytest.MonkeyPatch, chosen: str) -> None:
    lines = [orjson.loads(line) for line in read_lines(Settings(log_format=chosen), monkeypatch, log_some)]
    assert [line["message"] for line in lines] == [
        "Listening", "request", "An error", "Invalid HTTP request received."
    ]  # fmt: skip
    assert [line["level"] for line in lines] == ["info", "info", "error", "warning"]
    assert lines[1].items() >= {"request_id": "abc", "operation_name": "One", "outcome": "ok"}.items()
    assert "JSONDecodeError" in lines[2]["trace"]
    assert all(line["time"].endswith("Z") for line in lines)


def test_text_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = read_lines(Settings(log_format="text"), monkeypatch, log_some)
    assert lines[0] == b"Listening"
    assert b"POST /graphql 200 query One ok" in lines[1]
    assert b"ERROR An error" in lines[2]
    assert any(line.startswith(b"orjson.JSONDecodeError") for line in lines)


def test_what_is_said_and_what_went_wrong_are_told_at_any_level(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [orjson.loads(line) for line in read_lines(Settings(log_level="error"), monkeypatch, log_some)]
    assert [line["message"] for line in lines] == ["Listening", "An error"]


def test_a_full_pipe_holds_nobody_up_and_what_is_dropped_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines_module, "MOST_LINES", 50)
    reader, writer = os.pipe()
    lines = Lines(writer)
    lines.write(b"x" * 100_000 + b"\n")  # more than a pipe holds: the thread waits in the middle of it
    time.sleep(0.2)
    for number in range(60):
        lines.write(b"%d\n" % number)
    with os.fdopen(reader, "rb") as file:
        assert file.readline() == b"x" * 100_000 + b"\n"
        assert [int(file.readline()) for _ in range(50)] == list(range(50))
        told = orjson.loads(file.readline())
        lines.close()
    os.close(writer)
    assert told["message"] == "10 lines were dropped: nobody read them."


def test_a_reader_that_is_gone_ends_nothing() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    lines = Lines(writer)
    for _ in range(3):
        lines.write(b"to nobody\n")
        time.sleep(0.1)
    lines.close()
    os.close(writer)
    assert not lines._thread.is_alive()


def test_a_log_without_a_request_is_formatted_as_usual() -> None:
    record = logging.LogRecord("backtest_graph.x", logging.INFO, "", 0, "%d runs", (3,), None)
    assert orjson.loads(JsonFormatter().format(record))["message"] == "3 runs"
    assert TextFormatter().format(record).endswith("INFO 3 runs")
