"""Callers by JWTs of an OpenID provider."""

from collections.abc import Mapping
from typing import Any

import jwt

from api.access.keys import ALGORITHMS, Key, Keys
from api.access.rules import read_scope_names
from api.settings import Settings
from resolvers.callers import Caller, Scope
from resolvers.errors import Unauthenticated

LEEWAY_SECONDS = 30
LATEST_SECONDS = 253_402_300_799
"""The end of the year 9999; who is let in for longer is so until then."""
LONGEST_NAME = 200
_REQUIRED = ("exp", "iss", "aud")

_REASONS: tuple[tuple[type[jwt.PyJWTError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidAudienceError, "The token is for another audience."),
    (jwt.InvalidIssuerError, "The token is from another issuer."),
    (jwt.MissingRequiredClaimError, f"The token lacks one of the claims {', '.join(_REQUIRED)}."),
)
_WRONG = "The token is not one that is taken here."


class Jwts:
    """Reads JWTs of the issuer that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._issuer, self._audience = settings.jwt_issuer or "", settings.jwt_audience or ""
        self._scope_claim, self._name_claim = settings.jwt_scope_claim, settings.jwt_name_claim
        self._scopes = read_scope_names(settings.jwt_scopes)
        self._keys = Keys(self._issuer, settings.jwt_keys)

    async def find_caller(self, text: str) -> Caller:
        """Return whom a JWT names, with the scopes that its claim stands for.

        Raises:
            Unauthenticated: it is not signed by the issuer, not for us, not valid now, or no JWT.
            KeysAway: the issuer's keys could not be read so far.
        """
        key = await self._keys.find(_read_kid(text))
        if key is None:
            raise Unauthenticated(_WRONG)
        return self._read(self._verify(text, key))

    def _verify(self, text: str, key: Key) -> Mapping[str, Any]:
        try:
            claims: dict[str, Any] = jwt.decode(
                text,
                key.public,
                algorithms=key.algorithms,
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": list(_REQUIRED), "enforce_minimum_key_length": True},
            )
        except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
            raise Unauthenticated(_reason(error)) from error
        return claims

    def _read(self, claims: Mapping[str, Any]) -> Caller:
        name = find_claim(claims, self._name_claim)
        if not isinstance(name, str) or not name:
            raise Unauthenticated(f"The token lacks the claim {self._name_claim}, which names its caller.")
        scopes: set[Scope] = set()
        for value in _words(find_claim(claims, self._scope_claim)):
            scopes |= self._scopes.get(value, frozenset())
        ends_at = min(int(claims["exp"]), LATEST_SECONDS) + LEEWAY_SECONDS
        return Caller(name[:LONGEST_NAME], frozenset(scopes), ends_at * 1_000_000)


def find_claim(claims: Mapping[str, Any], name: str) -> Any:
    """Return a claim by its name, or by a path with dots into nested ones; None where there is none."""
    if name in claims:  # names may be URLs, which have dots
        return claims[name]
    found: Any = claims
    for part in name.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    return found


def _words(claim: Any) -> list[str]:
    """Return the values of a claim that is a text of words, or a list of texts."""
    if isinstance(claim, str):
        return claim.split()
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list) else []


def _read_kid(text: str) -> str | None:
    try:
        header = jwt.get_unverified_header(text)
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Unauthenticated("The token is not known.") from error
    if header.get("alg") not in ALGORITHMS:
        raise Unauthenticated(_WRONG)
    kid: str | None = header.get("kid")
    return kid


def _reason(error: Exception) -> str:
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), _WRONG)
