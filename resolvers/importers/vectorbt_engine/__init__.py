"""The documents of the VectorBT engine, in its own words and in those of the legacy persistence layer."""

from collections.abc import Mapping
from typing import Any

from resolvers.importers.drafts import Kind
from resolvers.importers.vectorbt_engine.backtests import extract_backtest
from resolvers.importers.vectorbt_engine.optimizations import extract_optimization
from resolvers.importers.vectorbt_engine.walk_forward import extract_walk_forward
from resolvers.importers.vectorbt_engine.words import MARKS, WINDOW_MARKS

__all__ = ["extract_backtest", "extract_optimization", "extract_walk_forward", "identify"]


def identify(document: Any) -> Kind | None:
    """Return the kind most of whose words stand in a document, the rarer kind where two have as many."""
    if isinstance(document, list | tuple):
        return "WALK_FORWARD" if _are_windows(document) else None
    if not isinstance(document, Mapping):
        return None
    counts = {kind: sum(word in document for word in words) for kind, words in MARKS.items()}
    kind = max(counts, key=counts.__getitem__)
    return kind if counts[kind] else None


def _are_windows(rows: list[Any] | tuple[Any, ...]) -> bool:
    return any(isinstance(row, Mapping) and not WINDOW_MARKS.isdisjoint(row) for row in rows)
