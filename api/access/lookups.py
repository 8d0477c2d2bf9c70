"""Tokens looked up together."""

import asyncio

import asyncpg

from resolvers.store.database import Database, Unavailable
from resolvers.tokens import Token, find_tokens

PAUSE_SECONDS = 0.02
"""Between two statements: whoever tries tokens has the database do no more than this, however many they try."""

_Waiting = dict[str, "asyncio.Future[Token | None]"]


class Lookups:
    """Looks up at once all that is asked for while the last lookup runs."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: _Waiting = {}
        self._work: asyncio.Task[None] | None = None

    async def find(self, text: str) -> Token | None:
        """Return the token with this text, live or not, None where there is none.

        Raises:
            Unavailable: the database does not answer.
        """
        found = self._waiting.get(text)
        if found is None:
            found = self._waiting[text] = asyncio.get_running_loop().create_future()
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._look())
        return await asyncio.shield(found)  # others may wait for it, too

    async def _look(self) -> None:
        while self._waiting:
            waiting, self._waiting = self._waiting, {}
            await self._answer(waiting)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _answer(self, waiting: _Waiting) -> None:
        try:
            found = await find_tokens(self._database, list(waiting))
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
            _fail(waiting, Unavailable(f"The database does not answer: {type(error).__name__}."))
        except Exception as error:  # noqa: BLE001 - it is for those who wait
            _fail(waiting, error)
        else:
            for future, token in zip(waiting.values(), found, strict=True):
                future.set_result(token)


def _fail(waiting: _Waiting, error: Exception) -> None:
    for future in waiting.values():
        future.set_exception(error)
