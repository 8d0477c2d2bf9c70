"""The changes of one look, with the runs that are read back for those who listen."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from resolvers.backtests import load_backtests
from resolvers.changes import ChangeKind
from resolvers.live.looks import Change
from resolvers.page_statements import Columns
from resolvers.store.database import Database, Row

AHEAD = 100
"""So many runs are read by one statement, since who is told of one is about to be told of the next ones."""

Loading = asyncio.Task[list[Row | None]]


class Batch:
    """Reads runs back, once for all who are told of them and ask for the same columns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: dict[tuple[Columns, UUID], tuple[Loading, int]] = {}

    async def load(self, columns: Columns, ids: Sequence[UUID]) -> Row | None:
        """Return the first of these runs, None where it is gone; the others are likely to be asked for next."""
        key = columns, ids[0]
        if key not in self._found:
            self._start(columns, [id for id in dict.fromkeys(ids) if (columns, id) not in self._found])
        loading, place = self._found[key]
        try:
            return (await asyncio.shield(loading))[place]  # others wait for it, too
        except Exception:
            self._found = {key: each for key, each in self._found.items() if each[0] is not loading}
            raise

    def _start(self, columns: Columns, ids: Sequence[UUID]) -> None:
        loading = asyncio.get_running_loop().create_task(load_backtests(self._database, ids, columns=columns))
        loading.add_done_callback(_look_at)
        self._found.update(((columns, id), (loading, place)) for place, id in enumerate(ids))


def _look_at(loading: Loading) -> None:
    """Take note of how it ended, for all who waited may have left."""
    if not loading.cancelled():
        loading.exception()


@dataclass(frozen=True, slots=True)
class Event:
    """A change as it is told: one of those that a subscriber is told out of a batch."""

    batch: Batch
    changes: Sequence[Change]
    place: int

    @property
    def change(self) -> Change:
        """What is told."""
        return self.changes[self.place]

    async def load(self, columns: Columns) -> Row | None:
        """Return these columns of the run as it is now, None where it was deleted."""
        if self.change.kind is ChangeKind.DELETED:
            return None
        near = self.changes[self.place : self.place + AHEAD]
        return await self.batch.load(columns, [each.backtest_id for each in near if each.kind != ChangeKind.DELETED])
