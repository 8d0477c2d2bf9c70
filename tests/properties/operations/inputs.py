"""Random values of input types, as literals or in variables, right ones mostly."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLNonNull,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from tests.properties.operations.knowledge import ALMOST, BAD_IDS, VALUES, WHOLE, Knowledge
from tests.properties.operations.literals import Variable, Word, fits_a_document, write_literal

DEEPEST = 5
KEPT = ("SaveBacktestInput.id", "SaveOptimizationInput.id", "WalkForwardTestInput.id")
"""Always said: an id that the service makes is never the same twice."""


@dataclass(slots=True)
class Declared:
    """A variable of an operation."""

    type: str
    draw: Callable[[], Any]
    default: str = ""


@dataclass(slots=True)
class Inputs:
    """Makes the values of one operation and keeps its variables.

    wrongness is the share of values that make no sense, from 0 to 1.
    """

    dice: random.Random
    knowledge: Knowledge
    wrongness: float = 0.0
    declared: dict[str, Declared] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)

    def chance(self, share: float) -> bool:
        """Return true in a share of calls."""
        return self.dice.random() < share

    def value(self, kind: GraphQLInputType, place: str, depth: int = 0) -> Any:
        """Return a value for a place such as Query.backtests.first: literal values with variables among them."""
        share = 0.2 if is_leaf_type(get_named_type(kind)) else 0.5
        if self.chance(share) and (depth == 0 or self.chance(0.3)):
            return self.variable(kind, place, depth)
        return self._value(kind, place, depth)

    def variable(self, kind: GraphQLInputType, place: str, depth: int = 0) -> Any:
        """Return a variable that can stand at a place: one that is there already, or a new one."""
        fitting = [name for name, each in self.declared.items() if each.type in {str(kind), f"{kind}!"}]
        if fitting and self.chance(0.3):
            return Variable(self.dice.choice(fitting))
        value = self._value(kind, place, depth, literal=False)
        name = f"v{len(self.declared) + 1}"
        declared = Declared(str(kind), lambda: self._value(kind, place, depth, literal=False))
        self.declared[name] = declared
        if self.chance(0.3):
            self._give_default(declared, name, kind, place, value)
        elif value is not None or is_non_null_type(kind) or self.chance(0.5):
            self.given[name] = value
        if value is not None and not is_non_null_type(kind) and not declared.default and self.chance(0.2):
            declared.type += "!"
        return Variable(name)

    def condition(self) -> Any:
        """Return what a directive depends on."""
        if self.chance(0.5):
            return self.chance(0.5)
        name = self.dice.choice(("yes", "no"))
        if name not in self.declared:
            self.declared[name] = Declared("Boolean!", lambda: self.chance(0.5), "true" if self.chance(0.3) else "")
            if not self.declared[name].default or self.chance(0.3):
                self.given[name] = name == "yes"
            if self.chance(0.03 * self.wrongness):
                self.given[name] = None
        return Variable(name)

    def other_variables(self) -> dict[str, Any]:
        """Return other values for the variables; some that have a default are left out."""
        named = {name: each for name, each in self.declared.items() if not each.default or self.chance(0.5)}
        return {name: each.draw() if self.chance(0.7) else self.given.get(name) for name, each in named.items()}

    def _give_default(self, declared: Declared, name: str, kind: GraphQLInputType, place: str, value: Any) -> None:
        default = self._value(cast("GraphQLInputType", get_nullable_type(kind)), place, DEEPEST, literal=False)
        if default is None or not fits_a_document(default):
            self.given[name] = value
            return
        declared.default = write_literal(default)
        if is_non_null_type(kind) and self.chance(0.5):
            declared.type = declared.type.removesuffix("!")
        if self.chance(0.5):
            self.given[name] = value

    def _value(self, kind: GraphQLInputType, place: str, depth: int, *, literal: bool = True) -> Any:
        """Return a value; one that is no literal holds no variables."""
        if is_non_null_type(kind):
            no_value = self.chance(self.wrongness * 0.03)
            return None if no_value else self._some(kind.of_type, place, depth, literal=literal)
        if place not in KEPT and self.chance((0.02 if depth == 0 else 0.002) + 0.05 * self.wrongness):
            return None
        return self._some(kind, place, depth, literal=literal)

    def _some(self, kind: Any, place: str, depth: int, *, literal: bool) -> Any:
        make = self.value if literal else self._plain
        if is_list_type(kind):
            if self.chance(0.05) and not is_list_type(get_nullable_type(kind.of_type)):
                return make(GraphQLNonNull(get_nullable_type(kind.of_type)), place, depth + 1)
            length = self.dice.choice((1, 1, 2, 3, 5)) if self.chance(0.9) else 0
            return [make(kind.of_type, place, depth + 1) for _ in range(length)]
        if isinstance(kind, GraphQLInputObjectType):
            if not literal and self.chance(0.05 * self.wrongness):
                return self.dice.choice(VALUES)
            return self._object(kind, depth, literal=literal)
        return self._leaf(kind, place, literal=literal)

    def _leaf(self, kind: GraphQLEnumType | GraphQLScalarType, place: str, *, literal: bool) -> Any:
        if isinstance(kind, GraphQLEnumType):
            return Word("NOTHING" if self.chance(0.03 * self.wrongness) else self.dice.choice(list(kind.values)))
        wrong = self.chance(self.wrongness * (0.3 if kind.name == "ID" else 0.05))
        value = self._wrong(kind) if wrong else self._scalar(kind, place)
        # A literal of JSON has names for keys; anything else goes by a variable.
        if literal and not fits_a_document(value):
            name = f"v{len(self.declared) + 1}"
            self.declared[name], self.given[name] = Declared(f"{kind}!", lambda: value), value
            return Variable(name)
        return value

    def _plain(self, kind: GraphQLInputType, place: str, depth: int) -> Any:
        return self._value(kind, place, depth, literal=False)

    def _object(self, kind: GraphQLInputObjectType, depth: int, *, literal: bool) -> dict[str, Any]:
        make = self.value if literal else self._plain
        made: dict[str, Any] = {}
        names = list(kind.fields)
        likely = min(0.9, 1.5 / len(names)) if depth < DEEPEST else 0.0
        chosen = [name for name in names if self.chance(likely)]
        if not chosen and depth < DEEPEST and self.chance(0.9):
            chosen = [self.dice.choice(names)]
        if kind.name == "SaveBacktestInput" and self.chance(0.7):
            chosen += ["startDate", "endDate"]
        if kind.name == "ParameterFilter" and not self.chance(self.wrongness):
            chosen = ["name", self.dice.choice(names[1:])]
        for name in names:
            each = kind.fields[name]
            place = f"{kind.name}.{name}"
            if name in chosen or is_required_input_field(each) or place in KEPT:
                made[name] = make(each.type, place, depth + 1)
        if not literal and self.chance(0.05 * self.wrongness):
            made["nothing"] = 1
        return made

    def _scalar(self, kind: GraphQLScalarType, place: str) -> Any:
        dice, known = self.dice, self.knowledge
        makers: dict[str, Callable[[], Any]] = {
            "ID": lambda: known.id(dice, place),
            "Int": lambda: _whole(dice, place),
            "Float": lambda: known.number(dice),
            "Boolean": lambda: self.chance(0.5),
            "DateTime": lambda: dice.choice(known.times),
            "Date": lambda: dice.choice(known.days),
            "JSON": lambda: _json(dice, known, place),
            "Floats": lambda: [dice.choice((None, 1, 0.5, float("inf"), dice.gauss(100, 20))) for _ in range(5)],
            "DateTimes": lambda: sorted(dice.choices(known.times, k=5)),
        }
        return makers.get(kind.name, lambda: known.text(dice, place))()

    def _wrong(self, kind: GraphQLScalarType) -> Any:
        if kind.name == "ID":
            return self.dice.choice(BAD_IDS)
        if self.chance(0.3):
            return self.dice.choice((*VALUES, *ALMOST))
        return {"Int": self.dice.choice((-1, 10**6)), "DateTime": "soon", "Date": "2024-02-30"}.get(kind.name, "no")


def _whole(dice: random.Random, place: str) -> int:
    if place.endswith(".maxPoints"):
        return dice.choice((4, 5, 17, 50))
    if place.endswith(".days"):
        return dice.choice((1, 7, 30, 36_500))
    if place.endswith((".minTrades", ".first", ".expectedCount")):
        return dice.choice((0, 1, 2, 10))
    return dice.choice(WHOLE)


def _json(dice: random.Random, known: Knowledge, place: str) -> Any:
    if place.endswith(".document") and dice.random() < 0.7:
        return dice.choice(known.documents)
    if place.endswith((".parameters", ".otherMetrics", ".optimalParameters")) and dice.random() < 0.9:
        return {dice.choice(known.names): dice.choice(VALUES) for _ in range(dice.randrange(3))}
    return dice.choice(VALUES)
