"""Conditions on runs and trades as SQL, from the shape of a filter and its values, or the slot of them.

Logic is two-valued: `not` gives exactly the rows that the condition inside does not match, and a null never equals a
value, so `ne` and `not_in` match it. Every operand is bound.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    Text,
    and_,
    any_,
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

from resolvers.filters import Comparison, Conditions, Parameter, Shape, read_backtest_filter
from resolvers.metric_columns import column_of
from resolvers.store.tables import backtests, trades

Column = ColumnElement[Any]
Condition = ColumnElement[bool]


def backtest_condition(conditions: Conditions) -> Condition:
    """Return the SQL for a BacktestFilter; an empty one matches everything."""
    said = read_backtest_filter(conditions)
    return write_backtest_condition(said.shape, said.values)


def write_backtest_condition(shape: Shape, values: Any) -> Condition:
    """Return the SQL for the shape of a BacktestFilter with these values, or with the slot of them."""
    return _all(_write_backtest_condition(name, asked, values) for name, asked in shape)


def write_trade_condition(shape: Shape, values: Any) -> Condition:
    """Return the SQL for the shape of a TradeFilter with these values, or with the slot of them."""
    return _all(_write_trade_condition(name, asked, values) for name, asked in shape)


def _write_backtest_condition(name: str, asked: Any, values: Any) -> Condition:
    if name in _BACKTEST_CONDITIONS:
        return _BACKTEST_CONDITIONS[name](asked, values)
    return _compare(backtests.c[name], asked, values)


def _write_trade_condition(name: str, asked: Any, values: Any) -> Condition:
    if name == "direction":
        return trades.c.direction == literal(values[asked], type_=Text())
    if name == "is_open":
        return trades.c.exit_time.is_(None) if asked else trades.c.exit_time.is_not(None)
    return _compare(trades.c[name], asked, values)


def _all(conditions: Any) -> Condition:
    return and_(true(), *conditions)


def _compare(column: Column, comparison: Comparison, values: Any) -> Condition:
    """Return the conditions of a comparison such as {"gte": 1, "lt": 2} on one column."""
    fold: Callable[[Column], Column] = _as_it_is if comparison.is_case_sensitive else _lower
    nulls = [column.is_(None) if is_null else column.is_not(None) for is_null in comparison.nulls]
    return _all(
        [*nulls, *(_OPERATORS[operator](column, values[place], fold) for operator, place in comparison.operands)]
    )


def _as_it_is(text: Column) -> Column:
    return text


def _lower(text: Column) -> Column:
    """Return the text in lower case by the rules of the database, not only for ASCII."""
    return func.lower(text.collate("default"))


def _bound(column: Column, value: Any) -> Column:
    return literal(value, type_=column.type)


def _is_in(column: Column, values: Any, fold: Callable[[Column], Column]) -> Condition:
    if fold is _lower:
        given = func.unnest(literal(values, type_=ARRAY(Text))).column_valued("given")
        return _lower(column).in_(select(_lower(given)))
    return column == any_(literal(values, type_=ARRAY(column.type)))


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
}

_TAGS: Mapping[str, Callable[[Column], Condition]] = {
    "has_all": backtests.c.tags.contains,
    "has_any": backtests.c.tags.overlap,
    "has_none": lambda tags: not_(backtests.c.tags.overlap(tags)),
}


def _parameter(asked: Parameter, values: Any) -> Condition:
    """Return the SQL for a ParameterFilter: one condition on one parameter, by its key or by a path with dots."""
    value = _parameter_value(asked, values)
    match asked.kind, asked.asked:
        case "exists", wanted:
            return value.is_not(None) if wanted else value.is_(None)
        case "boolean", place:
            return value == literal(values[place], type_=JSONB)
        case "number", comparison:
            number = case((_is_a(value, "number"), cast(_scalar(value), Double)))
            return _all([_compare(number, comparison, values), _contained(asked, values)])
        case _, comparison:
            text = case((_is_a(value, "string"), _scalar(value)))
            return _all([_compare(text, comparison, values), _contained(asked, values)])


def _is_a(value: Column, kind: str) -> Condition:
    return func.jsonb_typeof(value) == literal_column(f"'{kind}'")


def _scalar(value: Column) -> Column:
    """Return a JSON value that is no object or list as text."""
    return value.op("#>>", return_type=Text())(literal_column("'{}'"))


def _parameter_value(asked: Parameter, values: Any) -> Column:
    """Return the parameter of that very name, or else the one that a path with dots leads to."""
    value = backtests.c.parameters.op("->", return_type=JSONB())(literal(values[asked.name], type_=Text()))
    if asked.path is None:
        return value
    path = literal(values[asked.path], type_=ARRAY(Text))
    return func.coalesce(value, backtests.c.parameters.op("#>")(path), type_=JSONB)


def _contained(asked: Parameter, values: Any) -> Condition:
    """Return what an equality implies and the index on parameters can find: the parameters contain a pair."""
    contains = [backtests.c.parameters.contains(literal(values[place], type_=JSONB)) for place in asked.pairs]
    return or_(*contains) if contains else true()


_BACKTEST_CONDITIONS: Mapping[str, Callable[[Any, Any], Condition]] = {
    "and": lambda asked, values: _all(write_backtest_condition(each, values) for each in asked),
    "or": lambda asked, values: or_(false(), *(write_backtest_condition(each, values) for each in asked)),
    "not": lambda asked, values: write_backtest_condition(asked, values).is_not(true()),
    "metrics": lambda asked, values: _all(_compare(column_of(name), each, values) for name, each in asked),
    "parameters": lambda asked, values: _all(_parameter(each, values) for each in asked),
    "tags": lambda asked, values: _all(
        _TAGS[operator](literal(values[place], type_=ARRAY(Text))) for operator, place in asked
    ),
}
