"""Random values of variables: sound ones, and the same with a few things changed that may or may not be allowed."""

import math
import random
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from strawberry.utils.str_converters import to_camel_case

from resolvers.store.metrics import METRICS

Dice = random.Random

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53 + 1, 10**30, -(10**400), 0.5, -0.0, 5.0, 1e999, -math.inf, math.nan),
    *("", "x", "LONG", "long", "SHORT", "COMPLETED", "NaN", "1.5", "inf", "nul\x00l", "half \ud800", "日本"),
    *("2024-01-02", "2024-01-02T09:30:00Z", "2024-01-02 09:30:00.123456+02:00", "02/01/2024", "31/12/2024", "now"),
    *("2024-02-30", "2024-01-02T25:00:00Z", "0000-01-01", "2 Jan 2024", "01890a5d-ac96-774b-bcce-b302099a8057"),
    *([], {}, [None], [1, "x"], ["2024-01-01"], [[]], {"a": 1}, {"values": [1]}, {"eq": "x"}, [{}], {"": None}),
)
TIMES: tuple[Callable[[int], str], ...] = (
    lambda day: f"2024-01-{day:02}T09:30:00Z",
    lambda day: f"2024-01-{day:02}",
    lambda day: f"2024-01-{day:02} 09:30:00.5+01:00",
    lambda day: f"{day}/01/2024",
)


def changed(dice: Dice, value: Any) -> Any:
    """Return a copy with up to three places changed."""
    changed = deepcopy(value)
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        changed = _change(dice, changed)
    return changed


def _change(dice: Dice, value: Any) -> Any:
    """Change the value itself, or something inside it."""
    if dice.random() < 0.08 or not isinstance(value, dict | list) or not value:
        return dice.choice((dice.choice(ODD), [value], deepcopy(value)))
    if isinstance(value, list):
        place = dice.randrange(len(value))
        value[place] = _change(dice, value[place])
        return value
    name = dice.choice(list(value))
    what = dice.random()
    if what < 0.1:
        del value[name]
    elif what < 0.2:
        value[dice.choice(("unknown", name.upper(), "id"))] = dice.choice(ODD)
    else:
        value[name] = _change(dice, value[name])
    return value


def run(dice: Dice) -> dict[str, Any]:
    """Return a run with some of its fields."""
    days = sorted(dice.sample(range(1, 28), dice.randrange(1, 6)))
    time = dice.choice(TIMES)
    curve = {"times": [time(day) for day in days], "values": [_number(dice) for _ in days]}
    every = {
        "id": dice.choice(("01890a5d-ac96-774b-bcce-b302099a8057", None)),
        "symbol": "GOOG",
        "strategy": "sma_cross",
        "startDate": "2024-01-01",
        "endDate": "2024-01-31",
        "initialCapital": dice.choice((10_000, 25_000.5)),
        "fees": _number(dice),
        "parameters": {"fast": 10, "risk": {"stop": 0.05}, "on": True, "none": None, "list": [1, 2.5]},
        "metrics": {to_camel_case(metric.name): _figure(dice, metric.name) for metric in dice.sample(METRICS, 8)},
        "otherMetrics": {"expectancy": 1.5},
        "equityCurve": curve,
        "drawdownCurve": {"values": [-abs(_number(dice) or 0) for _ in days]},
        "trades": [trade(dice) for _ in range(dice.randrange(4))],
        "status": dice.choice(("COMPLETED", "FAILED")),
        "notes": "a\nnote",
        "tags": ["one", "two"],
        "createdAt": time(5),
    }
    return {"symbol": "GOOG", "strategy": "x", **_some(dice, every)}


def trade(dice: Dice) -> dict[str, Any]:
    """Return a trade with some of its fields."""
    time = dice.choice(TIMES)
    names = ("exitPrice", "size", "pnl", "pnlPercent", "mae", "mfe", "durationDays", "feesPaid", "slippageCost")
    every = {
        "direction": dice.choice(("LONG", "SHORT")),
        "exitTime": dice.choice((time(8), time(9), None)),
        "exitReason": dice.choice(("stop", None)),
        "otherMetrics": dice.choice(({}, {"leverage": 3}, None)),
        **{name: abs(_number(dice) or 0) for name in names},
    }
    return {"entryTime": time(dice.randrange(1, 8)), "entryPrice": dice.choice((1, 100.5)), **_some(dice, every)}


def optimization(dice: Dice) -> dict[str, Any]:
    """Return an optimization."""
    trial = {"objectiveValue": 1, "totalReturn": 0.5, "maxDrawdown": -0.1, "winRate": 0.5, "totalTrades": 3, "rank": 1}
    trials = [{"parameters": {"fast": fast}, **_some(dice, trial)} for fast in range(dice.randrange(4))]
    every = {"objective": "sharpe_ratio", "combinationsTested": 100, "id": None}
    return {"backtestId": dice.choice(("x", 5)), "trials": trials, **_some(dice, every)}


def windows(dice: Dice) -> dict[str, Any]:
    """Return walk-forward windows."""
    every = {
        "windowSizeMonths": 12,
        "trainingStart": "2023-01-01",
        "trainingEnd": "2023-12-31T23:00:00-02:00",
        "optimalParameters": {"fast": 10},
        "outOfSampleReturn": 1,
        "outOfSampleTrades": 5.0,
        "isProfitable": True,
    }
    tests = [
        {"testPeriodStart": "2024-01-01", "testPeriodEnd": "2024-03-31", **_some(dice, every)}
        for _ in range(dice.randrange(4))
    ]
    return {"backtestId": "x", "tests": tests}


def conditions(dice: Dice) -> dict[str, Any]:
    """Return a filter."""
    every: dict[str, Any] = {
        "id": {"in": ["01890a5d-ac96-774b-bcce-b302099a8057", 7]},
        "symbol": {"eq": "GOOG", "caseSensitive": False},
        "strategy": {"in": ["a", "b"]},
        "status": {"in": ["COMPLETED", "FAILED"], "eq": "COMPLETED"},
        "startDate": {"gte": "2024-01-01"},
        "createdAt": {"lt": "2024-01-01T00:00:00Z"},
        "metrics": {"sharpeRatio": {"gt": 1, "isNull": False}, "totalTrades": {"in": [1, 2]}},
        "parameters": [{"name": "fast", "number": {"eq": 10}}],
        "tags": {"hasAll": ["one"]},
        "or": [{"symbol": {"eq": "A"}}, {"not": {"symbol": {"ne": None}}}],
    }
    return _some(dice, every)


def document(dice: Dice) -> dict[str, Any]:
    """Return an engine's document with what is said of it."""
    every = {"tags": ["one"], "notes": "x", "createdAt": "2024-01-01", "executionTimeSeconds": 1, "format": "AUTO"}
    return {"document": {"anything": [1, None, {"a": "b"}]}, **_some(dice, every)}


def _some(dice: Dice, every: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in every.items() if dice.random() < 0.6}


def _number(dice: Dice) -> float | None:
    return dice.choice((dice.gauss(0, 10), dice.randrange(-5, 5), None, math.nan if dice.random() < 0.2 else 1.5))


def _figure(dice: Dice, name: str) -> float | int | None:
    return dice.choice((2, 0.25)) if not name.endswith("trades") else dice.choice((3, None))
