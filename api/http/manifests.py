"""The list of allowed documents: a folder of .graphql files and of the manifests that client tools write."""

from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLError, specified_rules

from api.http.persisted import identify
from schema.bulk.documents import know
from schema.schema import Schema

APOLLO = "apollo-persisted-query-manifest"


class BadDocuments(Exception):
    """The list of allowed documents cannot be used; the message names the file and the document at fault."""


def load_documents(folder: Path, schema: Schema) -> dict[str, str]:
    """Return the texts of a folder by their identifiers: those of the manifests, and the SHA-256 of each text.

    Raises:
        BadDocuments: a file cannot be read, a document is not valid, or one identifier stands for two texts.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        for name, text in _read(path).items():
            _validate(f"{path}: {name}" if name else str(path), text, schema)
            for identifier in filter(None, (name, identify(text), identify(text.strip()))):
                if found.setdefault(identifier, text).strip() != text.strip():
                    raise BadDocuments(f"{path}: {identifier} stands for another document, too.")
    if not found:
        raise BadDocuments(f"{folder}: no document is there, neither as .graphql nor in a manifest (.json).")
    return found


def _read(path: Path) -> dict[str, str]:
    """Return the texts of a file by the names that it gives them; "" where it gives none."""
    try:
        if path.suffix in {".graphql", ".gql"}:
            return {"": path.read_text(encoding="utf-8")}
        return _read_manifest(orjson.loads(path.read_bytes())) if path.suffix == ".json" else {}
    except (OSError, ValueError) as error:
        raise BadDocuments(f"{path}: {error}") from error


def _read_manifest(content: Any) -> dict[str, str]:
    """Return the texts of Apollo's manifest, or of an object of texts as Relay and GraphQL Code Generator write it."""
    if isinstance(content, dict) and content.get("format") == APOLLO:
        operations = content.get("operations")
        if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
            raise ValueError(f"A manifest of the format {APOLLO} has a list of operations.")
        content = {each.get("id"): each.get("body") for each in operations}
    if not isinstance(content, dict) or not all(isinstance(word, str) for each in content.items() for word in each):
        raise ValueError(f"It is neither an object of texts nor of the format {APOLLO}.")
    return content


def _validate(name: str, text: str, schema: Schema) -> None:
    try:
        errors = know(schema, text, tuple(specified_rules)).errors
    except GraphQLError as error:
        errors = [error]
    if errors:
        raise BadDocuments(f"{name}: {errors[0].message}")
