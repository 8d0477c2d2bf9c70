"""Families: what counts as trials of one another."""

from dataclasses import dataclass
from uuid import UUID, uuid5

import orjson

FAMILIES = UUID("d2c1a1f4-5a0e-5f0b-9d6e-6d1b7a3c9e42")
"""Namespace of the keys of families."""


@dataclass(frozen=True, slots=True)
class Family:
    """A study, or else one strategy on one symbol: the runs among which the best is chosen."""

    strategy: str
    symbol: str
    study: str | None = None

    @property
    def key(self) -> UUID:
        """The key its trials are counted under; a study's does not depend on strategy and symbol."""
        words = [self.study] if self.study is not None else [self.strategy, self.symbol]
        return uuid5(FAMILIES, orjson.dumps(words).decode())
