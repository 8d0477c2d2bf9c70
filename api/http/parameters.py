"""The parameters of a GraphQL request, from JSON or a URL, and the operation they ask for."""

import json
import re
from typing import Any

from starlette.datastructures import QueryParams

from api.http.bodies import BadRequest
from api.json_text import parse_json
from api.operations import Operation
from api.service import Service

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def parse_parameters(text: bytes, what: str = "The body") -> Any:
    """Return the value of JSON text.

    Raises:
        BadRequest: it is no JSON, or holds what is no text; the message says where.
    """
    try:
        return parse_json(text)
    except ValueError as error:
        path = _find_surrogate(text)
        if path is not None:
            place = ".".join(map(str, path)) or what
            raise BadRequest(f"{place} holds half of a surrogate pair, which no text can hold.") from error
        raise BadRequest(f"{what} is not JSON: {error}") from error


def parse_url(given: QueryParams) -> dict[str, Any]:
    """Return the parameters of a URL, an empty one as if it were not there; raises BadRequest."""
    parameters: dict[str, Any] = {name: value for name, value in given.items() if value}
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = parse_parameters(
                parameters[name].encode(errors="surrogatepass"), f"The parameter {name}"
            )
    return parameters


def read_operation(parameters: Any, service: Service) -> Operation:
    """Return what a request asks for, whichever way its parameters came in.

    Raises:
        BadRequest: they make no request, or name a document that is unknown or not allowed.
    """
    if not isinstance(parameters, dict):
        raise BadRequest(
            "A request is one operation: batches of several are not taken."
            if isinstance(parameters, list)
            else "A request is an object with a query."
        )
    query, variables, name = parameters.get("query"), parameters.get("variables"), parameters.get("operationName")
    document_id, extensions = parameters.get("documentId"), parameters.get("extensions")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("The variables are an object.")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest("The extensions are an object.")
    for key, value in (("query", query), ("operationName", name), ("documentId", document_id)):
        if value is not None and not isinstance(value, str):
            raise BadRequest(f"The {key} is a text.")
    if document_id or extensions or service.documents.is_closed:
        query = service.documents.find_text(query or None, document_id or None, extensions)
    if not query or not query.strip():
        raise BadRequest("A request needs a query, which is a text.")
    return Operation(query, variables, name or None)


def _find_surrogate(text: bytes) -> tuple[str | int, ...] | None:
    """Return the path of the first text that cannot be written, None where there is none."""
    if not _SURROGATE.search(text):
        return None
    try:
        return _find_unwritable(json.loads(text.decode("utf-8-sig")), ())
    except (ValueError, RecursionError):
        return None


def _find_unwritable(value: Any, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    if isinstance(value, str):
        return None if value == value.encode(errors="replace").decode() else path
    pairs: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        if isinstance(key, str) and _find_unwritable(key, path) is not None:
            return path
        found = _find_unwritable(each, (*path, key))
        if found is not None:
            return found
    return None
