"""Make, find and revoke the tokens of callers.

A token is `bgt_`, the id of its row, and a secret of 256 bits; the table keeps the SHA-256 of the secret. A slow hash
would add nothing: nobody guesses 256 bits.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from uuid_utils.compat import uuid7

from resolvers.backtests import is_one_of
from resolvers.callers import Scope
from resolvers.errors import BadUserInput, NotFound
from resolvers.saving import now
from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row
from resolvers.store.statements import Slot, shaped
from resolvers.store.tables import tokens

LONGEST_NAME = 100
USE_NOTED_EVERY = 60_000_000
"""Microseconds: the last use of a token is written no more often than that."""

_SECRET_BYTES = 32
_TOKEN = re.compile(r"bgt_([0-9a-f]{32})_([\w-]{43})", re.ASCII)
_CREATING = 0x6267_745F
"""Key of the advisory lock under which names are taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What is known of a token; instants are in microseconds since 1970, None for what did not happen or never will."""

    id: UUID
    name: str
    scopes: frozenset[Scope]
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None

    def is_live(self, at: int) -> bool:
        """Tell whether it lets somebody in at this instant."""
        return self.revoked_at is None and (self.expires_at is None or at < self.expires_at)


async def create_token(
    database: Database, *, name: str, scopes: Iterable[Scope], expires_at: int | None = None
) -> tuple[Token, str]:
    """Return a new token and its text, which is not stored and cannot be had again.

    Raises:
        BadUserInput: the name is empty, too long or that of a live token, or there is no scope.
    """
    name, given = name.strip(), frozenset(scopes)
    _check(name, given)
    id, secret = uuid7(), secrets.token_urlsafe(_SECRET_BYTES)
    row = {
        "id": id,
        "name": name,
        "secret_hash": _hash(secret),
        "scopes": sorted(given),
        "created_at": now(),
        "expires_at": expires_at,
    }
    async with database.transaction() as transaction:
        await transaction.fetch(select(func.pg_advisory_xact_lock(_CREATING)))
        if await transaction.fetch(select(tokens.c.id).where(tokens.c.name == name, _is_live())):
            raise BadUserInput(f"There is a live token with the name {name}: revoke it first, or take another name.")
        [stored] = await transaction.fetch(insert(tokens).values(row).returning(*_SHOWN))
    return _read(stored), f"bgt_{id.hex}_{secret}"


async def list_tokens(database: Database) -> list[Token]:
    """Return all tokens, the newest first."""
    rows = await database.fetch(select(*_SHOWN).order_by(tokens.c.created_at.desc(), tokens.c.id.desc()))
    return [_read(row) for row in rows]


async def revoke_token(database: Database, name_or_id: str) -> Token:
    """Return the token that lets nobody in any more, by its id or the name of a live one.

    Raises:
        NotFound: there is none, or it is revoked already.
    """
    is_meant = tokens.c.name == name_or_id.strip()
    if id := _parse_id(name_or_id):
        is_meant = or_(is_meant, tokens.c.id == id)
    statement = update(tokens).where(is_meant, tokens.c.revoked_at.is_(None)).values(revoked_at=now())
    async with database.transaction() as transaction:
        rows = await transaction.fetch(statement.returning(*_SHOWN))
    if not rows:
        raise NotFound(f"There is no token {name_or_id} that could be revoked.")
    return _read(max(rows, key=lambda row: row["created_at"]))  # expired ones may have had the same name


async def find_tokens(database: Database, texts: Sequence[str]) -> list[Token | None]:
    """Return the tokens with these texts, whether they are live or not, None for a text that is none: one statement."""
    parsed = [_TOKEN.fullmatch(text) for text in texts]
    ids = [UUID(match[1]) for match in parsed if match]
    rows = await database.fetch(_with_secrets(ids=ids), plan=Plan.ONCE) if ids else []
    found: Mapping[UUID, Row] = {row["id"]: row for row in rows}
    return [_compare(found.get(UUID(match[1])), match[2]) if match else None for match in parsed]


def is_token(text: str) -> bool:
    """Tell whether a text has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


async def note_use(database: Database, id: UUID, at: int) -> None:
    """Store when a token was used, unless a use of the last minute is stored."""
    is_old = or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at <= at - USE_NOTED_EVERY)
    async with database.transaction() as transaction:
        await transaction.fetch(update(tokens).where(tokens.c.id == id, is_old).values(last_used_at=at))


_SHOWN = [column for column in tokens.c if column is not tokens.c.secret_hash]


@shaped
def _with_secrets(*, ids: Slot) -> Select[Any]:
    """Select tokens by their ids."""
    return select(*tokens.c).where(is_one_of(tokens.c.id, ids))


def _check(name: str, scopes: frozenset[Scope]) -> None:
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise BadUserInput(f"A token needs a name of 1 to {LONGEST_NAME} printable characters.")
    if not scopes:
        raise BadUserInput("A token needs a scope.")


def _is_live() -> ColumnElement[bool]:
    return tokens.c.revoked_at.is_(None) & or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now())


def _parse_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _compare(row: Row | None, secret: str) -> Token | None:
    if row is None or not hmac.compare_digest(row["secret_hash"], _hash(secret)):
        return None
    return _read(row)


def _read(row: Row) -> Token:
    values = {column.name: row[column.name] for column in _SHOWN}
    return Token(**values | {"scopes": frozenset(scope for scope in Scope if scope in row["scopes"])})
