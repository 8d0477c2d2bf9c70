"""Which importer a document is for."""

from collections.abc import Mapping
from typing import Any, Protocol

from resolvers.importers import vectorbt_engine
from resolvers.importers.drafts import (
    BacktestDraft,
    DocumentError,
    Kind,
    OptimizationDraft,
    Path,
    Problem,
    WalkForwardDraft,
)
from resolvers.importers.quoting import quote

ROOT: Path = ("input", "document")
AUTO = "AUTO"


class Importer(Protocol):
    """What a module offers that reads the documents of one engine."""

    def identify(self, document: Any) -> Kind | None:
        """Return what kind of document of this engine it is, if it is one."""

    def extract_backtest(self, document: Any, *, root: Path) -> BacktestDraft:
        """Read a run; raises DocumentError."""

    def extract_optimization(self, document: Any, *, root: Path) -> OptimizationDraft:
        """Read a sweep; raises DocumentError."""

    def extract_walk_forward(self, document: Any, *, root: Path) -> WalkForwardDraft:
        """Read a walk-forward analysis; raises DocumentError."""


IMPORTERS: Mapping[str, Importer] = {"VECTORBT_ENGINE": vectorbt_engine}
"""By format, in the order they are asked."""

MUTATIONS: Mapping[Kind, str] = {
    "BACKTEST": "importBacktest",
    "OPTIMIZATION": "importOptimization",
    "WALK_FORWARD": "importWalkForward",
}
NAMES: Mapping[Kind, str] = {
    "BACKTEST": "a backtest",
    "OPTIMIZATION": "an optimization",
    "WALK_FORWARD": "a walk-forward analysis",
}


def identify(document: Any) -> tuple[str, Kind] | None:
    """Return the format and the kind of a document; None where no importer knows it."""
    for name, importer in IMPORTERS.items():
        kind = importer.identify(document)
        if kind is not None:
            return name, kind
    return None


def extract_backtest(document: Any, *, format: str = AUTO, root: Path = ROOT) -> BacktestDraft:  # noqa: A002 - the API's word
    """Read a run of whichever engine; raises DocumentError."""
    return _importer(document, format, "BACKTEST", root).extract_backtest(document, root=root)


def extract_optimization(document: Any, *, format: str = AUTO, root: Path = ROOT) -> OptimizationDraft:  # noqa: A002 - the API's word
    """Read a sweep of whichever engine; raises DocumentError."""
    return _importer(document, format, "OPTIMIZATION", root).extract_optimization(document, root=root)


def extract_walk_forward(document: Any, *, format: str = AUTO, root: Path = ROOT) -> WalkForwardDraft:  # noqa: A002 - the API's word
    """Read a walk-forward analysis of whichever engine, or a bare list of windows; raises DocumentError."""
    return _importer(document, format, "WALK_FORWARD", root).extract_walk_forward(document, root=root)


def _importer(document: Any, name: str, kind: Kind, root: Path) -> Importer:
    """Return the importer for a document that is of the right kind, or may be where its format was said."""
    if name != AUTO and name not in IMPORTERS:
        raise DocumentError(Problem(f"{quote(name)} is not a format; there are {', '.join(IMPORTERS)}.", root))
    _check_shape(document, kind, root)
    found = _identify_as(document, name)
    if found is None:
        raise DocumentError(Problem(f"This is not a document of a known format ({', '.join(IMPORTERS)}).", root))
    known, other = found
    if other is not None and other != kind:
        raise DocumentError(Problem(f"This is {NAMES[other]}: {MUTATIONS[other]} takes it.", root))
    return IMPORTERS[known]


def _identify_as(document: Any, name: str) -> tuple[str, Kind | None] | None:
    return identify(document) if name == AUTO else (name, IMPORTERS[name].identify(document))


def _check_shape(document: Any, kind: Kind, root: Path) -> None:
    if isinstance(document, Mapping) or (kind == "WALK_FORWARD" and isinstance(document, list | tuple)):
        return
    found = "text" if isinstance(document, str) else quote(document)
    raise DocumentError(Problem(f"A document is an object, not {found}.", root))
