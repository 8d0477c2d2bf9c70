"""Learn from rows what random operations ask for: ids, words, numbers, and cursors of real pages."""

import random
from typing import Any

from graphql import GraphQLSchema
from sqlalchemy import text

from resolvers.store.database import Database
from tests.properties.operations.answers import Side
from tests.properties.operations.inputs import Inputs
from tests.properties.operations.knowledge import BROKEN, DAYS, MISSING, TIMES, WORDS, Knowledge, Place
from tests.properties.operations.literals import write_arguments
from tests.samples import real_documents

_ORDERS = 5
"""So many orders and filters have known cursors in each connection."""
_LIKELY = {"filter": 0.2, "orderBy": 0.6, "by": 0.6}
_WORDS = " FROM backtests UNION SELECT ".join(("symbol", "strategy", "engine", "exit_reason FROM trades"))
_NUMBERS = "sharpe_ratio FROM backtests UNION SELECT total_return FROM backtests UNION SELECT pnl FROM trades"
_NUMBERED = "backtest_id || ':' || number FROM trades WHERE number < 9 UNION SELECT optimization_id || ':' || number"
_LISTS = {
    "Backtest.trades": "{{ backtest(id: {id}) {{ page: trades{arguments} {{ edges {{ cursor }} }} }} }}",
    "Backtest.optimizations": "{{ backtest(id: {id}) {{ page: optimizations{arguments} {{ edges {{ cursor }} }} }} }}",
    "Backtest.walkForwardTests": "{{ backtest(id: {id}) {{ page: walkForwardTests{arguments} {{ edges {{ cursor }} }} }} }}",
    "Optimization.trials": "{{ node(id: {id}) {{ ... on Optimization {{ page: trials{arguments} {{ edges {{ cursor }} }} }} }} }}",
    "Query.backtests": "{{ page: backtests{arguments} {{ edges {{ cursor }} }} }}",
    "Query.ranking": "{{ page: ranking{arguments} {{ edges {{ cursor }} }} }}",
}


async def learn(side: Side, database: Database) -> Knowledge:
    """Return what is known of the rows of a database that a side answers from."""
    runs = await _ask(database, "id::text FROM backtests ORDER BY md5(id::text)")
    sweeps = await _ask(database, "id::text FROM optimizations ORDER BY 1")
    windows = await _ask(database, "id::text FROM walk_forward_tests ORDER BY 1")
    numbered = await _ask(database, f"{_NUMBERED} FROM optimization_trials ORDER BY 1")
    dice = random.Random(11)
    some = [dice.sample(each, min(len(each), 40)) for each in (runs, sweeps, windows, numbered)]
    known = Knowledge(
        ids=[*runs, *runs, MISSING],
        nodes=[*sum(some, []), MISSING, f"{MISSING[:-4]}8001:1", f"{MISSING[:-4]}8002:1"],
        words=[*WORDS, *await _ask(database, f"{_WORDS} ORDER BY 1")],
        tags=["demo", *await _ask(database, "DISTINCT unnest(tags) FROM backtests ORDER BY 1")],
        names=await _ask(
            database,
            "DISTINCT jsonb_object_keys(parameters) FROM backtests"
            " WHERE jsonb_typeof(parameters) = 'object' ORDER BY 1",
        ),
        numbers=[*BROKEN, *(each for each in await _ask(database, f"{_NUMBERS} ORDER BY 1") if each == each)],
        times=[*TIMES, "2026-09-20T00:00:00Z", "2026-09-22T02:53:20+00:00"],
        days=DAYS,
        documents=[each for kind in ("BACKTEST", "OPTIMIZATION", "WALK_FORWARD") for each in real_documents(kind)[:3]],
        types=sorted(side.schema._schema.type_map),
    )
    owners = {"Optimization.trials": sweeps}
    for place, query in _LISTS.items():
        known.places[place] = [
            await _walk(side, known, dice, place, query, owners.get(place, runs)) for _ in range(_ORDERS)
        ]
    return known


async def _ask(database: Database, columns: str) -> list[Any]:
    return [row[0] for row in await database.fetch(text(f"SELECT {columns}")) if row[0] is not None]


async def _walk(side: Side, known: Knowledge, dice: random.Random, place: str, query: str, owners: list[str]) -> Place:
    """Return an order and filter with its first cursors, of an owner that has some."""
    schema: GraphQLSchema = side.schema._schema
    kind, _, name = place.partition(".")
    inputs = Inputs(dice, known)
    definitions = schema.type_map[kind].fields[name].args  # type: ignore[attr-defined]
    arguments = {
        name: inputs._plain(each.type, f"{place}.{name}", 1)
        for name, each in definitions.items()
        if name in _LIKELY and dice.random() < _LIKELY[name]
    }
    for owner in dice.sample(owners, 8):
        first = dice.choice((4, 40))
        page = query.format(id=f'"{owner}"', arguments=write_arguments(arguments | {"first": first}))
        result = await side.schema.execute(page, context_value=side.context())
        found = ((result.data or {}).get("backtest") or (result.data or {}).get("node") or result.data or {}).get(
            "page"
        )
        if found and found["edges"]:
            return Place(arguments, [edge["cursor"] for edge in found["edges"]])
    return Place(arguments, [])
