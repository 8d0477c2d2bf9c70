"""Documents that are asked for by an identifier: those that clients sent before, or those that alone are allowed."""

from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from graphql import GraphQLSyntaxError, parse

from api.http.bodies import BadRequest

MOST_DOCUMENTS = 1_000
LONGEST = 32_000
"""Characters of the longest text that is kept: all of them together stay below 128 MB."""
MOST_TOKENS = 5_000
_PREFIX = "sha256:"


class PersistedDocuments:
    """Texts by their identifiers, as long as this process runs; a client sends again what was forgotten.

    Where a list of allowed documents is given, nothing else is kept or executed.
    """

    def __init__(self, allowed: Mapping[str, str] | None = None) -> None:
        self.is_closed = allowed is not None
        self._allowed = dict(allowed or {})
        self._kept: OrderedDict[str, str] = OrderedDict()

    def find_text(self, query: str | None, document_id: str | None, extensions: Mapping[str, Any] | None) -> str | None:
        """Return the text that a request means, which is kept where it comes with its identifier.

        Raises:
            BadRequest: the identifier is unknown or of another text, or the text is not allowed.
        """
        identifier = document_id or _read_identifier(extensions)
        if identifier is None:
            return query if query is None or not self.is_closed else self._check(query)
        if query is None:
            return self._get(identifier)
        if identifier != identify(query):
            raise BadRequest(f"{identifier} is not the SHA-256 of the query.", code="PERSISTED_QUERY_HASH_MISMATCH")
        return self._check(query) if self.is_closed else self._keep(identifier, query)

    def _get(self, identifier: str) -> str:
        text = self._allowed.get(identifier) or self._allowed.get(identifier.removeprefix(_PREFIX))
        if text is None and identifier in self._kept:
            self._kept.move_to_end(identifier)
            text = self._kept[identifier]
        if text is None:
            # The message is the one that Apollo's clients look for; they send the text then.
            raise BadRequest("PersistedQueryNotFound", 404, code="PERSISTED_QUERY_NOT_FOUND", is_answered=True)
        return text

    def _check(self, query: str) -> str:
        if identify(query) not in self._allowed:
            raise BadRequest(
                "Only the documents on this service's list are executed.", 403, code="FORBIDDEN", is_answered=True
            )
        return query

    def _keep(self, identifier: str, query: str) -> str:
        if identifier not in self._kept and len(query) <= LONGEST and _is_document(query):
            self._kept[identifier] = query
            if len(self._kept) > MOST_DOCUMENTS:
                self._kept.popitem(last=False)
        return query


def identify(text: str) -> str:
    """Return the identifier of a text, as the draft on persisted documents has it."""
    return _PREFIX + sha256(text.encode()).hexdigest()


def _read_identifier(extensions: Mapping[str, Any] | None) -> str | None:
    """Return what the extension of Apollo's automatic persisted queries names, if it is there."""
    named = extensions.get("persistedQuery") if extensions else None
    if named is None:
        return None
    if not isinstance(named, dict) or named.get("version") != 1 or not isinstance(named.get("sha256Hash"), str):
        raise BadRequest("The extension persistedQuery is {version: 1, sha256Hash: text}.")
    return _PREFIX + str(named["sha256Hash"]).lower()


def _is_document(text: str) -> bool:
    try:
        parse(text, max_tokens=MOST_TOKENS, no_location=True)
    except (GraphQLSyntaxError, RecursionError):
        return False
    return True
