"""Requests of the measurements, and the client that sends them: one connection that is kept."""

import http.client
import time
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import orjson
from uuid_utils.compat import uuid7

from tests.benchmarks.payloads import ID

_SECONDS = 300
_IDLE_SECONDS = 3
"""uvicorn closes a connection where nothing comes for five seconds."""
_JSON = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True)
class Call:
    """One request; where the body has the placeholder ID, each sending puts an id of its own."""

    path: str
    body: bytes | None = None

    @property
    def method(self) -> str:
        """GET without a body."""
        return "GET" if self.body is None else "POST"

    def filled(self) -> tuple[bytes | None, list[str]]:
        """Return the body with new ids, and these ids."""
        if self.body is None or ID.encode() not in self.body:
            return self.body, []
        parts = self.body.split(ID.encode())
        ids = [str(uuid7()) for _ in parts[1:]]
        return b"".join([parts[0], *(id.encode() + part for id, part in zip(ids, parts[1:], strict=True))]), ids


def graphql(query: str, **variables: Any) -> Call:
    """Return the call that asks the service."""
    return Call("/graphql", orjson.dumps({"query": query, "variables": variables}, option=orjson.OPT_SERIALIZE_NUMPY))


class Client:
    """Sends calls over one connection that is kept; seconds is how long it waited for answers, ids what it made."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=_SECONDS)
        self._last = time.perf_counter()
        self.seconds = 0.0
        self.ids: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(self, call: Call) -> bytes:
        """Return the answer's body, with the placeholder for the ids that were made; all but 200 is an error."""
        body, ids = call.filled()
        if time.perf_counter() - self._last > _IDLE_SECONDS:
            self._connection.close()
        began = time.perf_counter()
        self._connection.request(call.method, call.path, body, _JSON)
        response = self._connection.getresponse()
        content = response.read()
        self._last = time.perf_counter()
        self.seconds += self._last - began
        self.ids += ids
        if response.status != http.client.OK:
            raise ValueError(f"{call.path} answers {response.status}: {content[:500]!r}")
        for id in ids:
            content = content.replace(id.encode(), ID.encode())
        return content


def read_data(content: bytes) -> Any:
    """Return the data of an answer; errors, also those of a payload, are errors here."""
    answer = orjson.loads(content)
    if answer.get("errors") or b'"path"' in content:
        raise ValueError(f"The answer has errors: {content[:1000]!r}")
    return answer["data"]
