"""What random operations know of the rows, so that most of them find something."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

MISSING = "01890a5d-ac96-774b-bcce-b302099a8057"
BAD_IDS = ("", "x", MISSING, MISSING[:-1], f"{MISSING}:1", f"{MISSING}:", f"{MISSING}:x", "株")
WORDS = ("", "a", "A", "GOOG", "%", "_", "ä", "株式", "🚀", 'quote " \\ ', "line\nbreak", "\u2028")
WHOLE = (0, 1, 2, 3, 5, 10, -1, 2**31 - 1, -(2**31))
BROKEN = (0.0, -0.0, 0.5, 1.0, -1.0, 0.1 + 0.2, 1e22, 1e-308, -5e-324, 1.7976931348623157e308, float("inf"))
TIMES = (
    "2024-01-31T09:30:00Z",
    "2024-01-31",
    "2005-06-01T00:00:00.5+02:00",
    "2012-12-31 23:59",
    "0001-01-01T00:00:00Z",
)
DAYS = ("2024-01-31", "2004-08-19", "2013-03-01", "1970-01-01", "2024-02-29")
VALUES: tuple[Any, ...] = (None, True, 0, -1.5, "text", [], {}, [1, "a", None], {"a": {"b": [1.5]}}, 2**53 + 1)

ALMOST: tuple[Any, ...] = (3.0, "3", "1.5", 1, False, 2**31, 1e400, -1e400, "true", 0.5, " ", ["a"], 1_700_000_000_000)
"""Values that some types take and others do not."""


@dataclass(slots=True)
class Place:
    """Arguments of a connection without its page, and the cursors of the first rows they give."""

    arguments: dict[str, Any]
    cursors: list[str]


@dataclass(slots=True)
class Knowledge:
    """Values that the rows have, by what they are for."""

    ids: Sequence[str] = (MISSING,)
    """Of runs."""
    nodes: Sequence[str] = (MISSING,)
    """Of anything."""
    words: Sequence[str] = WORDS
    tags: Sequence[str] = WORDS
    names: Sequence[str] = ("a", "b")
    """Of parameters."""
    numbers: Sequence[float] = BROKEN
    times: Sequence[str] = TIMES
    days: Sequence[str] = DAYS
    documents: Sequence[Any] = VALUES
    types: Sequence[str] = ("Query", "String", "Nothing")
    places: dict[str, list[Place]] = field(default_factory=dict)
    """By the connection: Query.backtests."""

    def text(self, dice: random.Random, place: str) -> str:
        """Return a text that makes sense at a place, such as TagsFilter.hasAny."""
        if place.startswith("TagsFilter.") or place.endswith(".tags"):
            return dice.choice(self.tags)
        if place == "ParameterFilter.name":
            return dice.choice(self.names)
        if place == "Query.__type.name":
            return dice.choice(self.types)
        word = dice.choice(self.words)
        return word[: dice.randrange(1, 4)] if place.endswith((".contains", ".startsWith")) else word

    def id(self, dice: random.Random, place: str) -> str:
        """Return an id that something has, now and then in capitals; a new one where something is saved under it."""
        saved = place.endswith(("BacktestInput.id", "OptimizationInput.id", "WalkForwardTestInput.id"))
        if saved and place.startswith(("Save", "Import", "Walk")) and dice.random() < 0.9:
            return f"{MISSING[:-12]}{dice.getrandbits(48):012x}"
        if place == "DeleteBacktestInput.id" and dice.random() < 0.7:
            return MISSING
        id = dice.choice(self.nodes if place == "Query.node.id" else self.ids)
        return id.upper() if dice.random() < 0.03 else id

    def number(self, dice: random.Random) -> float:
        """Return a number that a row has, or any."""
        kind = dice.random()
        if kind < 0.2:
            return dice.choice(WHOLE)
        return dice.choice(self.numbers) if kind < 0.8 else dice.gauss(0, 2)
