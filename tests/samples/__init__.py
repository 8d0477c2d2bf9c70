"""Documents of real engines."""

import gzip
from pathlib import Path
from typing import Any

import orjson

HERE = Path(__file__).parent


def real_documents(kind: str) -> list[Any]:
    """Return real documents of a kind: BACKTEST, OPTIMIZATION or WALK_FORWARD."""
    key = {"BACKTEST": "equity_curve", "OPTIMIZATION": "top_results", "WALK_FORWARD": "windows"}[kind]
    with gzip.open(HERE / "GOOG_reduced.jsonl.gz") as lines:
        return [document for document in map(orjson.loads, lines) if key in document]
