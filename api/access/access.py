"""Callers by what they show."""

import asyncio
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg

from api.access.jwts import Jwts
from api.access.kept import Kept
from api.access.keys import KeysAway
from api.access.lookups import Lookups
from api.access.rules import is_token_needed
from api.settings import Settings
from resolvers.callers import ANYBODY, Caller
from resolvers.errors import Unauthenticated
from resolvers.saving import now
from resolvers.store.database import Database, Unavailable
from resolvers.tokens import USE_NOTED_EVERY, Token, is_token, note_use

logger = logging.getLogger("backtest_graph.access")

KEPT_SECONDS = 10.0
"""How long a revoked token may still let somebody in."""
MOST_KEPT = 10_000
"""Callers, and as many refusals: some 5 MB of each."""
LONGEST = 16_000
"""Characters of what is shown; JWTs with many roles have some thousands."""

_NEEDED = "A token is needed: send the header Authorization: Bearer <token>."
_FORM = "What is shown has to be Bearer and a token."
_EXPIRED = "The token has expired."


@dataclass(slots=True)
class _Known:
    """A caller, and for one with a token of ours its id and when its last use was noted."""

    caller: Caller
    token: UUID | None = None
    noted_at: int = 0


class Access:
    """Tells who asks; whoever is not known is refused, also while the database or the provider is away."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.is_token_needed = is_token_needed(settings)
        self._database = database
        self._lookups = Lookups(database)
        self._jwts = Jwts(settings) if settings.jwt_issuer else None
        self._known: Kept[_Known] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)
        self._refused: Kept[str] = Kept(seconds=KEPT_SECONDS, most=MOST_KEPT)
        self._notes: set[asyncio.Task[None]] = set()

    async def find_caller(self, authorization: str | None) -> Caller:
        """Return who shows this: the value of the header Authorization, None where nothing is shown.

        Raises:
            Unauthenticated: it is needed and missing, or it is nothing that lets somebody in.
            Unavailable, KeysAway: the database, or the provider's keys, cannot be asked now.
        """
        if authorization is None:
            if self.is_token_needed:
                raise Unauthenticated(_NEEDED)
            return ANYBODY
        shown = _read_token(authorization)
        key = hashlib.sha256(shown.encode(errors="surrogatepass")).digest()
        known = self._known.find(key)
        if known is None:
            known = await self._recognise(shown, key)
        at = now()
        if known.caller.expires_at is not None and known.caller.expires_at <= at:
            raise Unauthenticated(_EXPIRED)
        if known.token is not None and at - known.noted_at >= USE_NOTED_EVERY:
            self._note(known, known.token, at)
        return known.caller

    async def wait_until_refused(self, authorization: str | None) -> None:
        """Return once a caller who was let in would be refused: revoked some seconds ago, or expired.

        For connections that stay: while the database is away, nobody is sent off.
        """
        while True:
            try:
                caller = await self.find_caller(authorization)
            except Unauthenticated:
                return
            except (Unavailable, KeysAway) as error:
                logger.warning("Nobody can be checked again: %s", error)
                caller = ANYBODY
            await asyncio.sleep(_until_next_look(caller))

    async def _recognise(self, shown: str, key: bytes) -> _Known:
        reason = self._refused.find(key)
        if reason is not None:
            raise Unauthenticated(reason)
        try:
            known = await self._ask(shown)
        except Unauthenticated as error:
            self._refused.keep(key, str(error))
            raise
        self._known.keep(key, known)
        return known

    async def _ask(self, shown: str) -> _Known:
        if is_token(shown):
            return _read_known(await self._lookups.find(shown))
        if self._jwts is None:
            raise Unauthenticated("The token is not known.")
        return _Known(await self._jwts.find_caller(shown))

    def _note(self, known: _Known, id: UUID, at: int) -> None:
        """Have the use of a token stored, which no request waits for."""
        known.noted_at = at
        note = asyncio.create_task(note_use(self._database, id, at))
        self._notes.add(note)
        note.add_done_callback(partial(_forget, self._notes))


def authorization_of(payload: Mapping[str, Any] | None, header: str | None) -> str | None:
    """Return what a socket's client shows: in the payload of connection_init, else in the header of its handshake.

    The payload is {"authorization": "Bearer <token>"} or {"token": "<token>"}.

    Raises:
        Unauthenticated: what the payload shows is no text.
    """
    if not payload:
        return header
    shown = payload.get("authorization", payload.get("Authorization"))
    token = payload.get("token")
    if not all(each is None or isinstance(each, str) for each in (shown, token)):
        raise Unauthenticated(_FORM)
    if shown is not None:
        return str(shown)
    return header if token is None else f"Bearer {token}"


def _read_token(authorization: str) -> str:
    scheme, _, shown = authorization.partition(" ")
    shown = shown.strip()
    if scheme.lower() != "bearer" or not shown or len(shown) > LONGEST:
        raise Unauthenticated(_FORM)
    return shown


def _read_known(token: Token | None) -> _Known:
    if token is None:
        raise Unauthenticated("The token is not known.")
    if token.revoked_at is not None:
        raise Unauthenticated("The token was revoked.")
    if not token.is_live(now()):
        raise Unauthenticated(_EXPIRED)
    return _Known(Caller(token.name, token.scopes, token.expires_at), token.id, token.last_used_at or 0)


def _until_next_look(caller: Caller) -> float:
    """Return seconds."""
    if caller.expires_at is None:
        return KEPT_SECONDS
    return min(KEPT_SECONDS, max(0.0, (caller.expires_at - now()) / 1e6) + 0.001)


def _forget(notes: set[asyncio.Task[None]], note: asyncio.Task[None]) -> None:
    notes.discard(note)
    if note.cancelled():
        return
    error = note.exception()
    if isinstance(error, (Unavailable, asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        logger.warning("The use of a token was not noted: %s", error)
    elif error is not None:
        logger.error("The use of a token was not noted", exc_info=error)
