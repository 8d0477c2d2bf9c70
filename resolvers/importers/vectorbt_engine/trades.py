"""The trades of a run, column by column."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from resolvers.importers.drafts import NO_TIME, Instants, Path, TradesDraft
from resolvers.importers.numbers import Numbers
from resolvers.importers.quoting import quote
from resolvers.importers.reading import Field, Layout, Reader, Record, as_is, as_text, is_given

NUMBERS = (
    "entry_price", "exit_price", "size", "pnl", "pnl_percent", "mae", "mfe",
    "duration_days", "duration_hours", "fees_paid", "slippage_cost",
)  # fmt: skip

TRADE_WORDS: Mapping[str, Field] = {
    "direction": Field(("direction",), as_is),
    "entry_time": Field(("entry_date", "entry_time"), as_is),
    "exit_time": Field(("exit_date", "exit_time"), as_is),
    **{column: Field((column,), as_is) for column in NUMBERS},
    "size": Field(("size", "position_size"), as_is),
    "pnl_percent": Field(("return", "pnl_percent"), as_is),
    "exit_reason": Field(("exit_reason",), as_text),
}
TRADE = Layout(TRADE_WORDS, known=frozenset({"duration"}))

NO_EXIT = frozenset({"", "nat", "nan", "none", "null"})
"""How a missing time is written as text."""

DIRECTIONS: Mapping[str, str | int] = {"long": "LONG", "short": "SHORT", "1": 1, "+1": 1, "-1": -1, "0": 0}
SIGNS = {1: "LONG", -1: "SHORT"}
CODES = {0: "LONG", 1: "SHORT"}
"""As the engine's own records count them."""


@dataclass(slots=True)
class Trades:
    """The trades and the words their columns stand under."""

    draft: TradesDraft
    words: Mapping[str, str]


@dataclass(slots=True)
class Rows:
    """The rows that are objects, each with its path."""

    reader: Reader
    paths: Sequence[Path]
    records: Sequence[Record]

    def column(self, column: str) -> list[Any]:
        """Return the values of one column, None where a row has none."""
        return [record.values.get(column) for record in self.records]

    def place(self, column: str) -> Callable[[int], Path]:
        """Return where each value of a column stands."""
        first = TRADE_WORDS[column].words[0]
        return lambda index: (*self.paths[index], self.records[index].words.get(column, first))


def read_trades(reader: Reader, given: Sequence[Any] | None, path: Path) -> Trades | None:
    """Read the trades; None where no list was given."""
    if given is None:
        return None
    rows = _rows(reader, given, path)
    words: dict[str, str] = {}
    for record in reversed(rows.records):
        words.update(record.words)
    draft = TradesDraft(
        directions=_directions(rows, path),
        entry_times=_entry_times(rows),
        exit_times=_exit_times(rows),
        numbers=_numbers(rows, words),
        exit_reasons=rows.column("exit_reason"),
        other_metrics=[_other_metrics(record) for record in rows.records],
    )
    return Trades(draft, words)


def _rows(reader: Reader, given: Sequence[Any], path: Path) -> Rows:
    paths: list[Path] = []
    records: list[Record] = []
    for index, row in enumerate(given):
        place = (*path, str(index))
        if isinstance(row, Mapping):
            paths.append(place)
            records.append(TRADE.read(reader, row, place, path))
        else:
            reader.refuse(f"{quote(row)} is not a trade.", place)
    return Rows(reader, paths, records)


def _other_metrics(record: Record) -> Mapping[str, Any] | None:
    if not is_given(record.rest.get("duration")):
        record.rest.pop("duration", None)
    return record.rest or None


def _numbers(rows: Rows, words: Mapping[str, str]) -> dict[str, Numbers]:
    for index, price in enumerate(rows.column("entry_price")):
        if price is None:
            rows.reader.refuse("A trade needs its entry price.", rows.place("entry_price")(index))
    return {
        column: rows.reader.numbers(rows.column(column), rows.place(column)) for column in NUMBERS if column in words
    }


def _entry_times(rows: Rows) -> Instants:
    return rows.reader.times(rows.column("entry_time"), rows.place("entry_time"))


def _exit_times(rows: Rows) -> Instants:
    given = rows.column("exit_time")
    places = rows.place("exit_time")
    closed = [index for index, value in enumerate(given) if not _is_open(value)]
    times = np.full(len(given), NO_TIME)
    times[closed] = rows.reader.times([given[index] for index in closed], lambda index: places(closed[index]))
    return times


def _is_open(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in NO_EXIT
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - true of NaN alone


def _directions(rows: Rows, path: Path) -> list[str]:
    """Read the directions; those that are numbers are signs, or else the codes of the engine's own records."""
    read = [_direction(value) for value in rows.column("direction")]
    numbers = {value for value in read if isinstance(value, int)}
    meaning = CODES if 0 in numbers and -1 not in numbers else SIGNS
    if numbers and -1 not in numbers:
        said = ", ".join(f"{number} for {meaning[number].lower()}" for number in sorted(numbers))
        rows.reader.warn("ASSUMED", f"The directions are numbers; {said} is assumed.", (*path, "0", "direction"))
    places = rows.place("direction")
    return [_named(rows, value, meaning, places(index)) for index, value in enumerate(read)]


def _direction(value: Any) -> str | int | tuple[Any]:
    """Return a direction, a number that stands for one, or the value in a tuple where it is neither."""
    if value is None:
        return "LONG"
    if isinstance(value, str):
        return DIRECTIONS.get(value.strip().lower(), (value,))
    known = isinstance(value, int | float) and not isinstance(value, bool) and value in {-1, 0, 1}
    return int(value) if known else (value,)


def _named(rows: Rows, value: Any, meaning: Mapping[int, str], path: Path) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and value in meaning:
        return meaning[value]
    rows.reader.refuse(f"{quote(value[0] if isinstance(value, tuple) else value)} is neither long nor short.", path)
    return "LONG"
