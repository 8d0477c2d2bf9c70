"""Conditions on runs and trades, from what a client says to SQL.

Conditions come as nested mappings with the GraphQL names in snake case and only what was said:
{"symbol": {"eq": "GOOG"}, "or": [{…}, {…}]}. Logic is two-valued: `not` gives exactly the rows that the condition
inside does not match, and a null never equals a value, so `ne` and `not_in` match it. Every operand is bound.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Double,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from resolvers.errors import BadUserInput
from resolvers.store.tables import backtests, trades

Conditions = Mapping[str, Any]
Column = ColumnElement[Any]
Condition = ColumnElement[bool]

EXACT = 2.0**53
"""From here on, several whole numbers are one float64."""
DEEPEST = 100
"""How many keys a path may have that the index on parameters is asked for; PostgreSQL could do more."""
_POSITION = re.compile(r"\s*[+-]?\d+", re.ASCII)
"""What PostgreSQL takes for a position in a list."""


def backtest_condition(conditions: Conditions) -> Condition:
    """Return the SQL for a BacktestFilter; an empty one matches everything."""
    return _all(_backtest_condition(name, operand) for name, operand in conditions.items())


def trade_condition(conditions: Conditions) -> Condition:
    """Return the SQL for a TradeFilter; an empty one matches everything."""
    return _all(_TRADE_CONDITIONS[name](operand) for name, operand in conditions.items())


def _backtest_condition(name: str, operand: Any) -> Condition:
    if name in _BACKTEST_CONDITIONS:
        return _BACKTEST_CONDITIONS[name](operand)
    return _compare(backtests.c[name], operand)


def _all(conditions: Any) -> Condition:
    return and_(true(), *conditions)


def _compare(column: Column, operand: Conditions) -> Condition:
    """Return the conditions of a comparison such as {"gte": 1, "lt": 2} on one column."""
    sensitive = operand.get("case_sensitive", True)
    asked = {operator: value for operator, value in operand.items() if operator != "case_sensitive"}
    fold: Callable[[Column], Column] = _as_it_is if sensitive else _lower
    return _all(_OPERATORS[operator](column, value, fold) for operator, value in asked.items())


def _as_it_is(text: Column) -> Column:
    return text


def _lower(text: Column) -> Column:
    """Return the text in lower case by the rules of the database, not only for ASCII."""
    return func.lower(text.collate("default"))


def _bound(column: Column, value: Any) -> Column:
    return literal(value, type_=column.type)


def _is_in(column: Column, values: Any, fold: Callable[[Column], Column]) -> Condition:
    if fold is _lower:
        given = func.unnest(literal(list(values), type_=ARRAY(Text))).column_valued("given")
        return _lower(column).in_(select(_lower(given)))
    return column == any_(bindparam(None, list(values), type_=ARRAY(column.type)))


_OPERATORS: Mapping[str, Callable[[Column, Any, Callable[[Column], Column]], Condition]] = {
    "eq": lambda column, value, fold: fold(column) == fold(_bound(column, value)),
    "ne": lambda column, value, fold: fold(column).is_distinct_from(fold(_bound(column, value))),
    "in": _is_in,
    "not_in": lambda column, values, fold: _is_in(column, values, fold).is_not(true()),
    "gt": lambda column, value, _: column > _bound(column, value),
    "gte": lambda column, value, _: column >= _bound(column, value),
    "lt": lambda column, value, _: column < _bound(column, value),
    "lte": lambda column, value, _: column <= _bound(column, value),
    "contains": lambda column, value, fold: func.strpos(fold(column), fold(literal(value, type_=Text()))) > 0,
    "starts_with": lambda column, value, fold: func.starts_with(fold(column), fold(literal(value, type_=Text()))),
    "is_null": lambda column, value, _: column.is_(None) if value else column.is_not(None),
}


def _tags(operand: Conditions) -> Condition:
    return _all(_TAGS[operator](literal(list(tags), type_=ARRAY(Text))) for operator, tags in operand.items())


_TAGS: Mapping[str, Callable[[Column], Condition]] = {
    "has_all": backtests.c.tags.contains,
    "has_any": backtests.c.tags.overlap,
    "has_none": lambda tags: not_(backtests.c.tags.overlap(tags)),
}


def _parameter(operand: Conditions) -> Condition:
    """Return the SQL for a ParameterFilter: one condition on one parameter, by its key or by a path with dots."""
    name = operand["name"]
    asked = {kind: value for kind, value in operand.items() if kind != "name"}
    if len(asked) != 1:
        raise BadUserInput(f"Say exactly one of number, string, boolean and exists of the parameter {name!r}.")
    value = _parameter_value(name)
    match asked.popitem():
        case "exists", wanted:
            return value.is_not(None) if wanted else value.is_(None)
        case "boolean", wanted:
            return value == literal(wanted, type_=JSONB)
        case "number", comparison:
            number = case((_is_a(value, "number"), cast(_scalar(value), Double)))
            return _all([_compare(number, comparison), _contained(name, comparison)])
        case _, comparison:
            text = case((_is_a(value, "string"), _scalar(value)))
            return _all([_compare(text, comparison), _contained(name, comparison)])


def _is_a(value: Column, kind: str) -> Condition:
    return func.jsonb_typeof(value) == literal_column(f"'{kind}'")


def _scalar(value: Column) -> Column:
    """Return a JSON value that is no object or list as text."""
    return value.op("#>>", return_type=Text())(literal_column("'{}'"))


def _parameter_value(name: str) -> Column:
    """Return the parameter of that very name, or else the one that a path with dots leads to."""
    value = backtests.c.parameters.op("->", return_type=JSONB())(literal(name, type_=Text()))
    if "." not in name:
        return value
    path = literal(name.split("."), type_=ARRAY(Text))
    return func.coalesce(value, backtests.c.parameters.op("#>")(path), type_=JSONB)


def _contained(name: str, comparison: Conditions) -> Condition:
    """Return what an equality implies and the index on parameters can find: the parameters contain the pair."""
    path = name.split(".")
    if not _is_found(path, comparison):
        return true()
    flat: Any = {name: comparison["eq"]}
    nested: Any = comparison["eq"]
    for key in reversed(path):
        nested = {key: nested}
    contains = [backtests.c.parameters.contains(literal(pair, type_=JSONB)) for pair in (flat, nested)]
    return contains[0] if flat == nested else or_(*contains)


def _is_found(path: Sequence[str], comparison: Conditions) -> bool:
    """Tell whether what equals the operand contains it as JSON, too: not a whole number that no float64 can tell."""
    operand, sensitive = comparison.get("eq"), comparison.get("case_sensitive", True)
    if operand is None or not sensitive or (isinstance(operand, float) and abs(operand) >= EXACT):
        return False
    return len(path) <= DEEPEST and not any(_POSITION.fullmatch(key) for key in path[1:])


def parse_ids(given: Any) -> Any:
    """Return an id, or a list of ids, as UUIDs; raises BadUserInput where one is malformed."""
    if isinstance(given, list):
        return [parse_id(each) for each in given]
    return parse_id(given)


def parse_id(given: str) -> UUID:
    """Return an id as a UUID; raises BadUserInput where it is not one in canonical form."""
    try:
        found = UUID(given)
    except ValueError:
        found = None
    if found is None or str(found) != given.lower():
        raise BadUserInput(f"{given[:60]!r} is not an id: ids are UUIDs such as 01890a5d-ac96-774b-bcce-b302099a8057.")
    return found


_BACKTEST_CONDITIONS: Mapping[str, Callable[[Any], Condition]] = {
    "and": lambda operand: _all(backtest_condition(each) for each in operand),
    "or": lambda operand: or_(false(), *(backtest_condition(each) for each in operand)),
    "not": lambda operand: backtest_condition(operand).is_not(true()),
    "metrics": lambda operand: _all(_compare(backtests.c[metric], asked) for metric, asked in operand.items()),
    "parameters": lambda operand: _all(_parameter(each) for each in operand),
    "tags": _tags,
    "id": lambda operand: _compare(backtests.c.id, {operator: parse_ids(ids) for operator, ids in operand.items()}),
}


_TRADE_CONDITIONS: Mapping[str, Callable[[Any], Condition]] = {
    "direction": lambda value: trades.c.direction == value,
    "is_open": lambda value: trades.c.exit_time.is_(None) if value else trades.c.exit_time.is_not(None),
    **{
        name: lambda operand, name=name: _compare(trades.c[name], operand)  # type: ignore[misc]
        for name in ("pnl", "pnl_percent", "entry_time", "exit_time", "exit_reason")
    },
}
