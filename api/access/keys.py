"""The keys that a provider signs with, kept and looked for again."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import jwt
import orjson

from resolvers.errors import QuestionError

logger = logging.getLogger("backtest_graph.access")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""All asymmetric: a public key is never taken for a shared secret."""
KINDS = frozenset({"RSA", "EC", "OKP"})

FRESH_SECONDS = 600.0
"""After this the keys are read again, so that a withdrawn one is forgotten; where that fails, they stay in use."""
LOOK_AGAIN_SECONDS = 10.0
"""Between two looks for a key that is not known, whoever asks for it."""
FETCH_SECONDS = 5.0
MOST_BYTES = 2**20


class KeysAway(QuestionError):
    """The provider's keys cannot be read, so nobody is known by a JWT right now."""

    code = "UNAVAILABLE"


class NoKeys(Exception):
    """There are no keys where they should be."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the algorithms that it may be used with."""

    public: Any
    algorithms: tuple[str, ...]


class Keys:
    """The keys of an issuer, from a file or a URL, or from where its configuration says."""

    def __init__(self, issuer: str, source: str | None) -> None:
        self._read = partial(read_keys, issuer, source)
        self._keys: Mapping[str | None, Key] = {}
        self._read_at = self._looked_at = float("-inf")
        self._looking: asyncio.Task[None] | None = None

    async def find(self, kid: str | None) -> Key | None:
        """Return the key with an id; without an id the only key there is. None where it is not known.

        Raises:
            KeysAway: none could be read so far.
        """
        key, at = self._find(kid), monotonic()
        if key is None and (self._is_looking() or at - self._looked_at >= LOOK_AGAIN_SECONDS):
            await asyncio.shield(self._look())
            key = self._find(kid)
        elif at - self._read_at >= FRESH_SECONDS and at - self._looked_at >= LOOK_AGAIN_SECONDS:
            self._look()
        if not self._keys:
            raise KeysAway("The keys of the provider cannot be read now.")
        return key

    def _find(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    def _is_looking(self) -> bool:
        return self._looking is not None and not self._looking.done()

    def _look(self) -> "asyncio.Task[None]":
        """Return the one task that reads the keys."""
        if self._looking is None or self._looking.done():
            self._looked_at = monotonic()
            self._looking = asyncio.create_task(self._load())
        return self._looking

    async def _load(self) -> None:
        try:
            self._keys = await asyncio.wait_for(asyncio.to_thread(self._read), 2 * FETCH_SECONDS)
            self._read_at = monotonic()
        except (NoKeys, TimeoutError) as error:
            logger.warning("The keys of the provider cannot be read: %s", error or "it takes too long")


def read_keys(issuer: str, source: str | None) -> Mapping[str | None, Key]:
    """Return the keys by their ids; blocks.

    Raises:
        NoKeys: they cannot be read, or none of them can be used.
    """
    try:
        if source is None:
            source = _find_address(issuer)
        text = _fetch(source) if _is_url(source) else Path(source).read_bytes()
        listed = orjson.loads(text)["keys"]
        keys = {each.get("kid"): key for each in listed if _is_usable(each) and (key := _read_key(each))}
    except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError, jwt.PyJWTError) as error:
        raise NoKeys(f"{source or issuer}: {type(error).__name__}: {error}") from error
    if not keys:
        raise NoKeys(f"{source} has no key for signatures.")
    return keys


def _find_address(issuer: str) -> str:
    configuration = orjson.loads(_fetch(f"{issuer.rstrip('/')}/.well-known/openid-configuration"))
    if configuration["issuer"] != issuer:
        raise NoKeys(
            f"{issuer} calls itself {configuration['issuer']}: --jwt-issuer has to be the same, letter by letter."
        )
    address = str(configuration["jwks_uri"])
    if not _is_url(address):
        raise NoKeys(f"{issuer} names {address}, which is no address of the web.")
    return address


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _fetch(url: str) -> bytes:
    try:
        with urlopen(url, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - it is http or https, and the operator's own
            content: bytes = answer.read(MOST_BYTES + 1)
    except HTTPError as error:
        error.close()
        raise
    if len(content) > MOST_BYTES:
        raise NoKeys(f"{url} answers with more than {MOST_BYTES:,} bytes.")
    return content


def _is_usable(given: Mapping[str, Any]) -> bool:
    return (
        given.get("kty") in KINDS and given.get("use", "sig") == "sig" and given.get("alg", ALGORITHMS[0]) in ALGORITHMS
    )


def _read_key(given: Mapping[str, Any]) -> Key | None:
    """Return a key; None for one of a kind that cannot be read here, which keeps nobody from using the others."""
    algorithms = (str(given["alg"]),) if "alg" in given else ALGORITHMS
    try:
        return Key(jwt.PyJWK(dict(given)).key, algorithms)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        logger.warning("A key of the provider cannot be used: %s: %s", type(error).__name__, error)
        return None
