"""What a client says over a socket, by the protocol graphql-transport-ws."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.json_text import parse_json

PROTOCOL = "graphql-transport-ws"
KINDS = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})


class Malformed(Exception):
    """A message that the protocol does not know; the text says why, in at most 100 characters."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; id is empty where its kind has none."""

    kind: str
    id: str = ""
    payload: Mapping[str, Any] | None = None


def read_message(text: str | None) -> Message:
    """Return what a text says; None stands for bytes.

    Raises:
        Malformed: it is no message.
    """
    if text is None:
        raise Malformed("A message is a text.")
    given = _parse(text)
    kind = given.get("type")
    if not isinstance(kind, str) or kind not in KINDS:
        raise Malformed("A message has a type that clients send.")
    payload = given.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise Malformed(f"The payload of {kind} is an object.")
    if kind in {"subscribe", "complete"}:
        if kind == "subscribe":
            _check_request(payload)
        return Message(kind, _read_id(given, kind), payload)
    return Message(kind, payload=payload)


def _parse(text: str) -> dict[str, Any]:
    try:
        given = parse_json(text.encode(errors="surrogatepass"))
    except ValueError as error:
        raise Malformed("A message is JSON.") from error
    if not isinstance(given, dict):
        raise Malformed("A message is an object.")
    return given


def _read_id(given: Mapping[str, Any], kind: str) -> str:
    id = given.get("id")
    if not isinstance(id, str) or not id:
        raise Malformed(f"The id of {kind} is a text that is not empty.")
    return id


def _check_request(payload: Mapping[str, Any] | None) -> None:
    if payload is None:
        raise Malformed("The payload of subscribe is an object.")
    for name, kind, word in _PARTS:
        if not isinstance(payload.get(name), kind | None):
            raise Malformed(f"The {name} of subscribe is {word}.")
    if not any(payload.get(name) is not None for name in ("query", "documentId", "extensions")):
        raise Malformed("The payload of subscribe has a query.")


_PARTS = (
    ("query", str, "a text"),
    ("documentId", str, "a text"),
    ("operationName", str, "a text"),
    ("variables", dict, "an object"),
    ("extensions", dict, "an object"),
)
