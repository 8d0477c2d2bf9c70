"""What the service must answer, in plain Python over plain dicts: filters, orders and pages as the API describes them.

Filters and orders are the JSON that a client sends; rows are dicts with the columns of the tables.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from resolvers.store.metrics import METRICS_BY_NAME
from tests.properties.rows import Row

Conditions = Mapping[str, Any]
Order = Sequence[Mapping[str, str]]

LUCK = ("probabilistic_sharpe", "deflated_sharpe")
MISSING: Any = object()


def matches(conditions: Conditions, row: Row) -> bool:
    """Tell whether a row meets a BacktestFilter or TradeFilter."""
    return all(_meets(name, operand, row) for name, operand in conditions.items())


def ordered(rows: Iterable[Row], order: Order, *, tie: str, otherwise: str) -> list[Row]:
    """Return rows in an order: nulls last, ties by a column that is different in all rows, in the last direction."""
    keys = keys_of(order, tie=tie, otherwise=otherwise)
    found = list(rows)
    for column, falls in reversed(keys):
        known = [row for row in found if row[column] is not None]
        known.sort(key=lambda row: row[column], reverse=falls)
        found = known + [row for row in found if row[column] is None]
    return found


def keys_of(order: Order, *, tie: str, otherwise: str) -> list[tuple[str, bool]]:
    """Return the columns of an order, each with whether it falls; otherwise is the direction where none is said."""
    keys: dict[str, bool] = {}
    for key in order:
        column = value_column(key["field"].lower(), key.get("basis"))
        keys.setdefault(column, key.get("direction", otherwise) == "DESC")
    return [*keys.items(), (tie, list(keys.values())[-1])]


def value_column(name: str, basis: str | None) -> str:
    """Return the column of a metric on a basis, or of what is no metric and so has no other one."""
    if name in LUCK:
        return f"{name}_ratio"
    return f"computed_{name}" if basis == "COMPUTED" and name in METRICS_BY_NAME else name


def is_ahead(one: Row, other: Row, keys: Sequence[tuple[str, bool]]) -> bool:
    """Tell whether one row comes before another in an order."""
    for column, falls in keys:
        mine, yours = one[column], other[column]
        if mine is None or yours is None:
            if (mine is None) != (yours is None):
                return yours is None
        elif mine != yours:
            return bool(mine > yours if falls else mine < yours)
    return False


@dataclass(frozen=True)
class Cut:
    """A page: its rows, and whether others are ahead of it and behind it."""

    rows: Sequence[Row]
    has_next: bool
    has_previous: bool


def cut(
    rows: Sequence[Row],
    keys: Sequence[tuple[str, bool]],
    *,
    first: int | None = None,
    after: Row | None = None,
    last: int | None = None,
    before: Row | None = None,
) -> Cut:
    """Return a page by the GraphQL Cursor Connections Specification; the cursors' rows need not be in the list."""
    behind = [after is None or is_ahead(after, row, keys) for row in rows]
    ahead = [before is None or is_ahead(row, before, keys) for row in rows]
    window = [row for row, is_behind, is_before in zip(rows, behind, ahead, strict=True) if is_behind and is_before]
    if last is not None:
        return Cut(window[max(0, len(window) - last) :], not all(ahead), len(window) > last)
    count = 20 if first is None else first
    return Cut(window[:count], len(window) > count, not all(behind))


def check_page(page: Any, ids: Sequence[str], expected: Cut, count: int) -> None:
    """Compare all that a connection says with what it must say: the ids of its rows, and how many there are in all."""
    cursors = [edge["cursor"] for edge in page["edges"]]
    assert [edge["node"]["id"] for edge in page["edges"]] == ids
    assert [node["id"] for node in page["nodes"]] == ids
    assert page["totalCount"] == count
    assert page["pageInfo"] == {
        "hasNextPage": expected.has_next,
        "hasPreviousPage": expected.has_previous,
        "startCursor": cursors[0] if cursors else None,
        "endCursor": cursors[-1] if cursors else None,
    }


def _meets(name: str, operand: Any, row: Row) -> bool:
    if name in _CONDITIONS:
        return _CONDITIONS[name](operand, row)
    return _compare(row[_snake(name)], operand, _READERS.get(name, _as_it_is))


def _compare(value: Any, operand: Conditions, read: Callable[[Any], Any] = lambda given: given) -> bool:
    fold = _as_it_is if operand.get("caseSensitive", True) else _lower
    asked = {operator: _each(read, given) for operator, given in operand.items() if operator != "caseSensitive"}
    return all(_OPERATORS[operator](fold(value), _each(fold, given)) for operator, given in asked.items())


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, given: value is not None and value == given,
    "ne": lambda value, given: value is None or value != given,
    "in": lambda value, given: value is not None and value in given,
    "notIn": lambda value, given: value is None or value not in given,
    "gt": lambda value, given: value is not None and value > given,
    "gte": lambda value, given: value is not None and value >= given,
    "lt": lambda value, given: value is not None and value < given,
    "lte": lambda value, given: value is not None and value <= given,
    "contains": lambda value, given: value is not None and given in value,
    "startsWith": lambda value, given: value is not None and value.startswith(given),
    "isNull": lambda value, given: (value is None) is given,
}


def _tags(operand: Conditions, row: Row) -> bool:
    tags = set(row["tags"])
    return (
        set(operand.get("hasAll", ())) <= tags
        and ("hasAny" not in operand or bool(tags & set(operand["hasAny"])))
        and not tags & set(operand.get("hasNone", ()))
    )


def _parameter(operand: Conditions, row: Row) -> bool:
    value = _look_up(row["parameters"], operand["name"])
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    ((kind, asked),) = ((kind, asked) for kind, asked in operand.items() if kind != "name")
    if kind == "exists":
        return (value is not MISSING) is asked
    if kind == "boolean":
        return value is asked
    if kind == "number":
        return _compare(float(value) if is_number else None, asked)
    return _compare(value if isinstance(value, str) else None, asked)


def _look_up(parameters: Any, name: str) -> Any:
    """Return the parameter of that very name, or else what the path leads to."""
    if name in parameters:
        return parameters[name]
    found = parameters if "." in name else {}
    for key in name.split("."):
        found = _step(found, key)
    return found


def _step(value: Any, key: str) -> Any:
    if isinstance(value, dict):
        return value.get(key, MISSING)
    if isinstance(value, list) and re.fullmatch(r"[ ]*[+-]?[0-9]+", key) and -len(value) <= int(key) < len(value):
        return value[int(key)]
    return MISSING


_CONDITIONS: Mapping[str, Callable[[Any, Row], bool]] = {
    "and": lambda operand, row: all(matches(each, row) for each in operand),
    "or": lambda operand, row: any(matches(each, row) for each in operand),
    "not": lambda operand, row: not matches(operand, row),
    "metrics": lambda operand, row: all(
        _compare(row[value_column(_snake(name), operand.get("basis"))], asked)
        for name, asked in operand.items()
        if name != "basis"
    ),
    "parameters": lambda operand, row: all(_parameter(each, row) for each in operand),
    "tags": _tags,
    "direction": lambda operand, row: row["direction"] == operand,
    "isOpen": lambda operand, row: (row["exit_time"] is None) is operand,
}


def _instant(written: str) -> int:
    return (datetime.fromisoformat(written) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "id": UUID,
    "createdAt": _instant,
    "entryTime": _instant,
    "exitTime": _instant,
    "startDate": date.fromisoformat,
    "endDate": date.fromisoformat,
}


def _each(function: Callable[[Any], Any], given: Any) -> Any:
    return [function(each) for each in given] if isinstance(given, list) else function(given)


def _as_it_is(value: Any) -> Any:
    return value


def _lower(value: Any) -> Any:
    """Return a text in lower case, letter by letter: no rule for the end of a word."""
    return "".join(letter.lower() for letter in value) if isinstance(value, str) else value


def _snake(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()
