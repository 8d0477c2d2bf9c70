"""Learn from rows what random operations ask for: ids, words, numbers, and cursors of real pages."""

import random
from itertools import chain
from math import isnan
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
_WORDS = "unnest(ARRAY[symbol, strategy, engine, study]) FROM backtests UNION SELECT exit_reason FROM trades"
_NUMBERS = "sharpe_ratio FROM backtests UNION SELECT total_return FROM backtests UNION SELECT pnl FROM trades"
_NUMBERED = "backtest_id || ':' || number FROM trades WHERE number < 9 UNION SELECT optimization_id || ':' || number"
_OWNERS = {
    "Backtest": "{{ backtest(id: {id}) {{ {page} }} }}",
    "Optimization": "{{ node(id: {id}) {{ ... on Optimization {{ {page} }} }} }}",
    "Query": "{{ {page} }}",
}
_LISTS = (
    *("Backtest.trades", "Backtest.optimizations", "Backtest.walkForwardTests", "Optimization.trials"),
    *("Query.backtests", "Query.ranking"),
)


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
        nodes=[*chain.from_iterable(some), MISSING, f"{MISSING[:-4]}8001:1", f"{MISSING[:-4]}8002:1"],
        words=[*WORDS, *await _ask(database, f"{_WORDS} ORDER BY 1")],
        tags=["demo", *await _ask(database, "DISTINCT unnest(tags) FROM backtests ORDER BY 1")],
        names=await _ask(
            database,
            "DISTINCT jsonb_object_keys(parameters) FROM backtests"
            " WHERE jsonb_typeof(parameters) = 'object' ORDER BY 1",
        ),
        numbers=[*BROKEN, *(each for each in await _ask(database, f"{_NUMBERS} ORDER BY 1") if not isnan(each))],
        times=[*TIMES, "2026-09-20T00:00:00Z", "2026-09-22T02:53:20+00:00"],
        days=DAYS,
        documents=[each for kind in ("BACKTEST", "OPTIMIZATION", "WALK_FORWARD") for each in real_documents(kind)[:3]],
        types=sorted(side.schema._schema.type_map),
    )
    for place in _LISTS:
        owners = sweeps if place.startswith("Optimization") else runs
        known.places[place] = [await _walk(side, known, dice, place, owners) for _ in range(_ORDERS)]
    return known


async def _ask(database: Database, columns: str) -> list[Any]:
    return [row[0] for row in await database.fetch(text(f"SELECT {columns}")) if row[0] is not None]


async def _walk(side: Side, known: Knowledge, dice: random.Random, place: str, owners: list[str]) -> Place:
    """Return an order and filter with its first cursors, of an owner that has some."""
    schema: GraphQLSchema = side.schema._schema
    kind, _, name = place.partition(".")
    inputs = Inputs(dice, known)
    definitions = schema.type_map[kind].fields[name].args  # type: ignore[attr-defined]
    arguments = {
        argument: inputs._plain(each.type, f"{place}.{argument}", 1)
        for argument, each in definitions.items()
        if argument in _LIKELY and dice.random() < _LIKELY[argument]
    }
    for owner in dice.sample(owners, 8):
        page = f"page: {name}{write_arguments(arguments | {'first': dice.choice((4, 40))})} {{ edges {{ cursor }} }}"
        query = _OWNERS[kind].format(id=f'"{owner}"', page=page)
        result = await side.schema.execute(query, context_value=side.context())
        data = result.data or {}
        found = (data if kind == "Query" else next(iter(data.values()), None) or {}).get("page")
        if found and found["edges"]:
            return Place(arguments, [edge["cursor"] for edge in found["edges"]])
    return Place(arguments, [])
