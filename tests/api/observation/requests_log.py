"""The lines of the log that tell of requests."""

from typing import Any

import pytest


def lines_of(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """Return what was logged of requests and operations, in order."""
    records = [record for record in caplog.records if record.name == "backtest_graph.requests"]
    return [{"level": record.levelname, "message": record.getMessage(), **vars(record)["fields"]} for record in records]
