"""Filters, taken apart: the shape, which decides the SQL, and the operands, which are bound.

They come as nested mappings with the GraphQL names in snake case and only what was said:
{"symbol": {"eq": "GOOG"}, "or": [{…}, {…}]}. The shape names fields and operators in their nesting and says by its
number which operand goes where, so that a filter with other operands has the same shape.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from resolvers.errors import BadUserInput
from resolvers.metric_columns import DEFLATED, REPORTED, choose_column
from resolvers.store.connections import Plan

Conditions = Mapping[str, Any]
Shape = tuple[tuple[str, Any], ...]
"""Names, each with what is asked of it; a number is the place of an operand among the values."""

EXACT = 2.0**53
"""From here on, several whole numbers are one float64."""
DEEPEST = 100
"""How many keys a path may have that the index on parameters is asked for; PostgreSQL could do more."""
_POSITION = re.compile(r"\s*[+-]?\d+", re.ASCII)
"""What PostgreSQL takes for a position in a list."""


class Comparison(NamedTuple):
    """Conditions on one value: operators with the places of their operands, and what is asked about null."""

    operands: tuple[tuple[str, int], ...]
    nulls: tuple[bool, ...]
    is_case_sensitive: bool


class Parameter(NamedTuple):
    """A condition on one parameter."""

    kind: str
    asked: Any
    """A Comparison, the place of a boolean, or whether the parameter is to exist."""
    name: int
    path: int | None
    """Place of the keys that a name with dots leads through."""
    pairs: tuple[int, ...]
    """Places of what the parameters contain if the condition is met, where the index on them can tell."""


@dataclass(frozen=True, slots=True)
class Said:
    """A filter taken apart."""

    shape: Shape
    values: Sequence[Any]
    metrics: Collection[str] = ()
    """The columns of metrics that it asks about."""

    @property
    def is_deflated(self) -> bool:
        """Whether it asks about the deflated Sharpe ratio."""
        return DEFLATED in self.metrics

    def plan(self, indexed: Collection[str]) -> Plan:
        """Return when to plan, where an index answers without a condition and with an equality on one of these columns.

        Only then is there nothing to choose: which of two indexes is better depends on how many runs have a value.
        """
        if not self.shape:
            return Plan.ONCE
        (name, asked), *others = self.shape
        return Plan.EACH_TIME if others or name not in indexed or not _is_equality(asked) else Plan.ONCE


def read_backtest_filter(conditions: Conditions) -> Said:
    """Take a BacktestFilter apart.

    Raises:
        BadUserInput: an id is malformed, a parameter asked nothing, or a metric has no value on the basis.
    """
    reader = _Reader()
    return Said(reader.runs(conditions), reader.values, reader.metrics)


def read_trade_filter(conditions: Conditions) -> Said:
    """Take a TradeFilter apart."""
    reader = _Reader()
    return Said(reader.trades(conditions), reader.values)


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


@dataclass(slots=True)
class _Reader:
    """Collects the operands of a filter in the order in which they are said, and the columns of metrics."""

    values: list[Any] = field(default_factory=list)
    metrics: set[str] = field(default_factory=set)

    def runs(self, conditions: Conditions) -> Shape:
        return tuple((name, self._run(name, asked)) for name, asked in conditions.items())

    def trades(self, conditions: Conditions) -> Shape:
        return tuple((name, self._trade(name, asked)) for name, asked in conditions.items())

    def _run(self, name: str, asked: Any) -> Any:
        if name in {"and", "or"}:
            return tuple(self.runs(each) for each in asked)
        match name:
            case "not":
                return self.runs(asked)
            case "metrics":
                return self._metrics(asked)
            case "parameters":
                return tuple(self._parameter(each) for each in asked)
            case "tags":
                return tuple((operator, self._place(tags)) for operator, tags in asked.items())
            case _:
                return self._comparison(_with_parsed_ids(asked) if name == "id" else asked)

    def _trade(self, name: str, asked: Any) -> Any:
        match name:
            case "is_open":
                return bool(asked)
            case "direction":
                return self._place(asked)
            case _:
                return self._comparison(asked)

    def _metrics(self, asked: Conditions) -> Shape:
        basis = asked.get("basis", REPORTED)
        said = {choose_column(name, basis): each for name, each in asked.items() if name != "basis"}
        self.metrics.update(said)
        return tuple((column, self._comparison(each)) for column, each in said.items())

    def _comparison(self, asked: Conditions) -> Comparison:
        operands = [
            (operator, self._place(value))
            for operator, value in asked.items()
            if operator not in {"case_sensitive", "is_null"}
        ]
        nulls = (bool(asked["is_null"]),) if "is_null" in asked else ()
        return Comparison(tuple(operands), nulls, asked.get("case_sensitive", True))

    def _parameter(self, operand: Conditions) -> Parameter:
        name = operand["name"]
        asked = {kind: value for kind, value in operand.items() if kind != "name"}
        if len(asked) != 1:
            raise BadUserInput(f"Say exactly one of number, string, boolean and exists of the parameter {name!r}.")
        kind, wanted = asked.popitem()
        path = name.split(".")
        places = self._place(name), self._place(path) if len(path) > 1 else None
        match kind:
            case "exists":
                return Parameter(kind, bool(wanted), *places, pairs=())
            case "boolean":
                return Parameter(kind, self._place(wanted), *places, pairs=())
            case _:
                return Parameter(kind, self._comparison(wanted), *places, pairs=self._pairs(name, path, wanted))

    def _pairs(self, name: str, path: Sequence[str], comparison: Conditions) -> tuple[int, ...]:
        """Return the places of the pairs one of which the parameters contain if they equal the operand."""
        if not _is_found(path, comparison):
            return ()
        nested: Any = comparison["eq"]
        for key in reversed(path):
            nested = {key: nested}
        pairs = [{name: comparison["eq"]}, nested] if len(path) > 1 else [nested]
        return tuple(map(self._place, pairs))

    def _place(self, value: Any) -> int:
        self.values.append(value)
        return len(self.values) - 1


def _with_parsed_ids(comparison: Conditions) -> Conditions:
    return {operator: parse_ids(ids) for operator, ids in comparison.items()}


def _is_found(path: Sequence[str], comparison: Conditions) -> bool:
    """Tell whether what equals the operand contains it as JSON, too: not a whole number that no float64 can tell."""
    operand, sensitive = comparison.get("eq"), comparison.get("case_sensitive", True)
    if operand is None or not sensitive or (isinstance(operand, float) and abs(operand) >= EXACT):
        return False
    return len(path) <= DEEPEST and not any(_POSITION.fullmatch(key) for key in path[1:])


def _is_equality(asked: Comparison) -> bool:
    return asked.is_case_sensitive and not asked.nulls and {"eq"}.issuperset(dict(asked.operands))
