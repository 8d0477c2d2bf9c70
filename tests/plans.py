"""How PostgreSQL answers: the plan of each statement that is run."""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from resolvers.store.connections import Plan
from resolvers.store.database import Database, Row


class PlannedDatabase(Database):
    """A database that keeps the plan of the last reading statement, as it is made for it."""

    plan: dict[str, Any]

    async def _fetch(self, text: str, arguments: Sequence[object], plan: Plan) -> list[Row]:
        [[answer]] = await self._explain(text, arguments, plan)
        self.plan = orjson.loads(answer)[0]["Plan"]
        return await super()._fetch(text, arguments, plan)

    async def _explain(self, text: str, arguments: Sequence[object], plan: Plan) -> list[Row]:
        if plan is not Plan.ONCE:
            return await super()._fetch(f"EXPLAIN (FORMAT JSON) {text}", arguments, plan)
        async with self._lent(plan) as connection:
            await connection.execute(f"PREPARE asked AS {text}")
            # The plan is the same for any values.
            values = f"({', '.join(['NULL'] * len(arguments))})" if arguments else ""
            rows: list[Row] = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE asked{values}")
            await connection.execute("DEALLOCATE asked")
            return rows

    def nodes(self) -> set[str]:
        """Return the kinds of nodes in the plan."""
        return {node["Node Type"] for node in _walk(self.plan)}

    def indexes(self) -> set[str]:
        """Return the indexes that are used."""
        return {node["Index Name"] for node in _walk(self.plan) if "Index Name" in node}


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _walk(child)
