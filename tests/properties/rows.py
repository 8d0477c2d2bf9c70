"""Rows with what is awkward: nulls, ties, zeros of both signs, tiny and huge numbers, words of many scripts.

They are plain dicts with the columns of the tables, so that a test can compute by itself what the service must answer.
"""

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, delete, text

from resolvers.store.database import Database
from resolvers.store.metrics import METRICS
from resolvers.store.tables import backtests, deflated_sharpe_ratios, metadata
from tests.random_runs import deflated_rows, random_computed

Row = dict[str, Any]

MICROSECONDS_OF_DAY = 86_400_000_000
FIGURES = (
    *(0.0, -0.0, 1.0, -1.0, 0.5, 10.0, 0.1 + 0.2, 0.3, 1e22, 2.0**53, 1e-308, -1e-308, 5e-324, -5e-324),
    *(1.7976931348623157e308, -1.7976931348623157e308),
)
COUNTS = (0, 0, 1, 2, 3, 10, -1, 2**31 - 1, -(2**31))
WORDS = (
    *("GOOG", "goog", "Goog", "GO", "100%", "100", "1000", "A_B", "AxB", "a_b", "A\\B", "a\\b", "\\", "%", "_", "%%"),
    *("ÄÖÜ", "äöü", "ΣΊΣΥΦΟΣ", "σίσυφος", "STRAẞE", "straße", "strasse", "ЖУК", "жук", "株式", "🚀", "𐐀", "𐐨"),
    *("é", "e\u0301", "", " ", " GOOG", "a\tb", "line\nbreak", "'; --", '"', "NULL", "null", "{a,b}", "$1", "\u2028"),
)
TAGS = ("a", "A", "b", "ä", "Ä", "株式", "", " ", "a,b", "{a}", '"', "'", "\\", "NULL", "null", "%", "🚀")
INSTANTS = (
    *(0, -1, 1, 1_700_000_000_000_000, 1_700_000_000_000_001, 1_699_999_999_999_999, 946_684_800_000_000),
    *(-62_135_596_800_000_000, 253_402_300_799_999_999),
)
DAYS = (date(1, 1, 1), date(1969, 12, 31), date(1970, 1, 1), date(2024, 2, 29), date(2024, 3, 1), date(9999, 12, 31))
KEYS = ("period", "risk", "risk.stop", "a.b.c", "a", "list", "", ".", "ü", "0", "b\\s", '"', "x,y", "{k}", "%", "stop")
VALUES: tuple[Any, ...] = (
    *(10, 10.0, "10", 10.5, 0, -0.0, 1, "1", True, False, None, "true", "", "ten", "TEN", "a%b", "ä", "Ä"),
    *(5e-324, -1e-308, 1.7976931348623157e308, 1e22, 10**19, 2**53, 2**53 + 1, 2**63, -(2**63), 0.1 + 0.2, 0.3),
    *(
        [],
        {},
        [10, "10", None, [1, 2]],
        {"stop": 10, "0": 10.0},
        {"stop": {"loss": "ten", "": True}},
        {"b": {"c": 0.3}},
    ),
)


class Rows(list[Row]):
    """Rows that hypothesis does not print whole when it reports a failure."""

    def __repr__(self) -> str:
        return f"<{len(self)} rows>"


def random_runs(count: int, *, seed: int = 1) -> Rows:
    """Return runs."""
    dice = random.Random(seed)
    return Rows(_run(dice) for _ in range(count))


def random_trades(runs: Sequence[Row], *, most: int, seed: int = 2) -> Rows:
    """Return from no to so many trades for each run."""
    dice = random.Random(seed)
    return Rows(
        _trade(dice, run["id"], number) for run in runs for number in range(1, dice.choice((0, 1, 3, most)) + 1)
    )


def random_optimizations(runs: Sequence[Row], *, seed: int = 3) -> Rows:
    """Return from no to three optimizations for each run."""
    dice = random.Random(seed)
    return Rows(_optimization(dice, run["id"]) for run in runs for _ in range(dice.randrange(4)))


def random_trials(optimizations: Sequence[Row], *, most: int, seed: int = 4) -> Rows:
    """Return from no to so many trials for each optimization."""
    dice = random.Random(seed)
    return Rows(
        _trial(dice, owner, number) for owner in optimizations for number in range(1, dice.choice((0, 1, 5, most)) + 1)
    )


async def store(database: Database, rows: dict[Table, Sequence[Row]]) -> None:
    """Make these rows the only ones."""
    async with database.transaction() as transaction:
        await transaction.fetch(delete(backtests))
        for table in metadata.sorted_tables:
            names = [column.name for column in table.c]
            if rows.get(table):
                await transaction.copy(table, names, [[row.get(name) for name in names] for row in rows[table]])
        ratios = deflated_rows(rows.get(backtests, ()))
        await transaction.copy(deflated_sharpe_ratios, deflated_sharpe_ratios.c.keys(), ratios)
    await database.fetch(text("ANALYZE"))


def _run(dice: random.Random) -> Row:
    start, end = sorted((_day(dice), _day(dice)))
    return {
        "id": UUID(int=dice.getrandbits(128)),
        "created_at": _instant(dice),
        "updated_at": 0,
        "symbol": dice.choice(WORDS),
        "strategy": dice.choice(WORDS),
        "status": dice.choice(("COMPLETED", "IN_PROGRESS", "FAILED")),
        "start_date": start,
        "end_date": end,
        "initial_capital": 10_000.0,
        "parameters": {key: dice.choice(VALUES) for key in dice.sample(KEYS, dice.randrange(6))},
        "other_metrics": {},
        "tags": dice.sample(TAGS, dice.randrange(5)),
        "notes": dice.choice((None, *WORDS)),
        "engine": dice.choice((None, *WORDS)),
        "data_points": 0,
        "content_hash": b"",
        **random_computed(dice, _figure),
        "study": dice.choice((None, *WORDS)),
        **{metric.name: dice.choice(COUNTS) if metric.is_count else _figure(dice) for metric in METRICS},
    }


def _trade(dice: random.Random, backtest_id: UUID, number: int) -> Row:
    return {
        "backtest_id": backtest_id,
        "number": number,
        "direction": dice.choice(("LONG", "SHORT")),
        "entry_time": _instant(dice),
        "entry_price": 1.0,
        "exit_time": dice.choice((None, _instant(dice))),
        "pnl": _figure(dice),
        "pnl_percent": _figure(dice),
        "duration_days": _figure(dice),
        "exit_reason": dice.choice((None, *WORDS)),
        "other_metrics": {},
    }


def _optimization(dice: random.Random, backtest_id: UUID) -> Row:
    return {
        "backtest_id": backtest_id,
        "id": UUID(int=dice.getrandbits(128)),
        "created_at": _instant(dice),
        "objective": "sharpe_ratio",
        "combinations_tested": 1,
        "parameter_names": [],
        "other_metrics": {},
        "content_hash": b"",
    }


def _trial(dice: random.Random, owner: Row, number: int) -> Row:
    return {
        "backtest_id": owner["backtest_id"],
        "optimization_id": owner["id"],
        "number": number,
        "rank": dice.randrange(1, 6),
        "parameters": {},
        "objective_value": _figure(dice),
        "total_return": _figure(dice),
        "sharpe_ratio": _figure(dice),
        "max_drawdown": _figure(dice),
        "other_metrics": {},
    }


def _figure(dice: random.Random) -> float | None:
    kind = dice.random()
    if kind < 0.2:
        return None
    return dice.choice(FIGURES) if kind < 0.7 else dice.gauss(0, 2)


def _instant(dice: random.Random) -> int:
    if dice.random() < 0.5:
        return dice.choice(INSTANTS)
    return 1_700_000_000_000_000 + dice.randrange(-500, 500) * MICROSECONDS_OF_DAY + dice.randrange(2)


def _day(dice: random.Random) -> date:
    return dice.choice(DAYS) if dice.random() < 0.3 else date(2020, 1, 1) + timedelta(days=dice.randrange(1500))
