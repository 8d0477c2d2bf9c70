"""A GraphQL client for tests: one HTTP POST, and the answer's data."""

from typing import Any

import httpx
import orjson


class Client:
    """Sends operations to the service; errors of a question fail the test unless they are asked for."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def ask(self, query: str, **variables: Any) -> Any:
        """Return the data of an answer without errors."""
        answer = await self.post(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def refuse(self, query: str, **variables: Any) -> list[dict[str, Any]]:
        """Return the errors of an answer that has some."""
        errors: list[dict[str, Any]] = (await self.post(query, **variables))["errors"]
        return errors

    async def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """Return the whole answer."""
        body = orjson.dumps({"query": query, "variables": variables}, option=orjson.OPT_SERIALIZE_NUMPY)
        response = await self.http.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert response.status_code < 500, response.text
        answer: dict[str, Any] = orjson.loads(response.content)
        return answer
