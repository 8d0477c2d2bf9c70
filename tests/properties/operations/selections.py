"""Random selections of fields: nested, merged, aliased, in fragments, with directives."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    SchemaMetaFieldDef,
    TypeMetaFieldDef,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_leaf_type,
    is_list_type,
    is_required_argument,
)
from graphql.type.definition import get_nullable_type

from tests.properties.operations.inputs import Inputs
from tests.properties.operations.knowledge import Place
from tests.properties.operations.literals import write_arguments

ALIASES = ("a", "b", "A", "_", "_1", "id", "name", "nodes", "edges", "data", "errors", "self", "class", "__class__")
LENGTHS = {
    "Query.backtestAggregates": 8,
    "Query.leaders": 8,
    "__Schema.types": 90,
    "__Type.fields": 12,
    "__Type.enumValues": 8,
}
COSTS = {"SourceDocument.content": 200, "Series.times": 20, "Series.values": 20, "AlignedSeries.times": 300}
"""In leaves: what is long."""
LIKELY = ("backtest", "backtests", "node")
"""Roots that lead to most of a graph."""
_PAGE = {"first", "last", "after", "before"}
DEEPEST = 9
PAGE = 20


@dataclass(frozen=True, slots=True)
class Fragment:
    """A named fragment, and how many leaves a single use has about."""

    name: str
    type: GraphQLNamedType
    text: str
    leaves: int


@dataclass(frozen=True, slots=True)
class Asked:
    """A field that was asked for before, to be asked for again in the same way."""

    head: str
    page: int


@dataclass(slots=True)
class Selections:
    """Writes the selections of one operation, of about so many parts and so many leaves in the answer."""

    schema: GraphQLSchema
    inputs: Inputs
    parts: int
    leaves: int
    fragments: list[Fragment] = field(default_factory=list)
    meanings: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    """What each response name stands for in this document: field, arguments and type."""
    asked: dict[str, list[Asked]] = field(default_factory=dict)

    def selection(self, kind: Any, *, parents: int = 1, page: int = 1, depth: int = 0) -> str:
        """Return a selection on a type, for about so many parents, each with so many rows where it is a page."""
        dice = self.inputs.dice
        parts: list[str] = []
        for _ in range(dice.choice((1, 2, 2, 3, 4, 6, 10))):
            if parts and (self.leaves < parents or not self.parts):
                break
            parts.append(self._part(kind, parents, page, depth))
        if dice.random() < 0.1 and not isinstance(kind, GraphQLUnionType):
            parts += self._all_leaves(kind, parents)
        return "{ " + " ".join(parts) + " }"

    def _part(self, kind: Any, parents: int, page: int, depth: int) -> str:
        chance = self.inputs.chance
        self.parts = max(0, self.parts - 1)
        if chance(0.07) or not (fields := self._fields(kind, parents, page, depth)):
            return (
                self._inside(kind, parents, page, depth) if chance(0.3) and depth < DEEPEST else self._typename(parents)
            )
        if chance(0.7 if is_abstract_type(kind) else 0.12):
            return self._inside(kind, parents, page, depth)
        return self._field(kind, self.inputs.dice.choice(fields), parents, page, depth)

    def _typename(self, parents: int) -> str:
        self.leaves -= parents
        alias = self._response_name("__typename", "", "String!")
        return f"{alias}__typename{self.directives()}"

    def _fields(self, kind: Any, parents: int, page: int, depth: int) -> list[str]:
        """Return the names of the fields that the leaves that are left allow."""
        if isinstance(kind, GraphQLUnionType):
            return []
        names = [name for name in kind.fields if self._cost(kind, name, parents, page) <= max(self.leaves, parents)]
        if depth >= DEEPEST:
            return [name for name in names if is_leaf_type(get_named_type(kind.fields[name].type))]
        if kind is self.schema.query_type:
            names += [*LIKELY, *LIKELY, *LIKELY] if "node" in names else []
            names += ["__schema", "__type"] if self.inputs.chance(0.1) else []
        return names

    def _cost(self, kind: Any, name: str, parents: int, page: int) -> int:
        return COSTS.get(f"{kind.name}.{name}", 1) * self._length(kind, name, page) * parents

    def _length(self, kind: Any, name: str, page: int) -> int:
        listed = name in kind.fields and is_list_type(get_nullable_type(kind.fields[name].type))
        if listed and name in {"edges", "nodes"}:
            return page
        return LENGTHS.get(f"{kind.name}.{name}", 3) if listed else 1

    def _field(self, kind: Any, name: str, parents: int, page: int, depth: int) -> str:
        definition = self._definition(kind, name)
        place = f"{kind.name}.{name}"
        again = self.asked.get(place, [])
        if again and self.inputs.chance(0.4):
            asked = self.inputs.dice.choice(again)
        else:
            asked = self._ask(kind, name, definition, parents)
            self.asked.setdefault(place, []).append(asked)
        count = parents * self._length(kind, name, page)
        below = get_named_type(definition.type)
        text = asked.head + self.directives("FIELD")
        if is_composite_type(below):
            return f"{text} {self.selection(below, parents=max(1, count), page=asked.page, depth=depth + 1)}"
        self.leaves -= self._cost(kind, name, parents, page)
        return text

    def _definition(self, kind: Any, name: str) -> GraphQLField:
        meta = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}
        found: GraphQLField = meta[name] if name in meta else kind.fields[name]
        return found

    def _ask(self, kind: Any, name: str, definition: GraphQLField, parents: int) -> Asked:
        arguments, page = self._arguments(f"{kind.name}.{name}", definition, parents)
        written = write_arguments(arguments)
        alias = self._response_name(name, written, str(definition.type))
        return Asked(f"{alias}{name}{written}", page)

    def _arguments(self, place: str, definition: GraphQLField, parents: int) -> tuple[dict[str, Any], int]:
        """Return arguments, and how many rows the page that they ask for has at most."""
        dice = self.inputs.dice
        if "after" not in definition.args:
            return self._some(place, definition, definition.args), 1
        known = self.inputs.knowledge.places.get(place)
        if known and dice.random() < 0.5:
            start: Place = dice.choice(known)
            page = self._page(definition, parents, start.cursors)
            return start.arguments | page, self._size(page)
        arguments = self._some(place, definition, set(definition.args) - _PAGE)
        page = self._page(definition, parents, [])
        return arguments | page, self._size(page)

    def _some(self, place: str, definition: GraphQLField, names: Collection[str]) -> dict[str, Any]:
        """Return some of the arguments of these names, and those that must be there."""
        return {
            name: self.inputs.value(each.type, f"{place}.{name}")
            for name, each in definition.args.items()
            if name in names and (is_required_argument(each) or self.inputs.chance(0.25))
        }

    def _page(self, definition: GraphQLField, parents: int, cursors: list[str]) -> dict[str, Any]:
        inputs, dice = self.inputs, self.inputs.dice
        backward = "last" in definition.args and dice.random() < 0.4
        page: dict[str, Any] = {}
        sizes = [size for size in (0, 1, 2, 3, 5, 9, 30, 90) if size * parents <= self.leaves] or [1]
        if PAGE * parents > self.leaves or dice.random() < 0.8:
            page["last" if backward else "first"] = dice.choice(sizes)
        if cursors and dice.random() < 0.8:
            page["before" if backward and dice.random() < 0.9 else "after"] = dice.choice(cursors)
        page = {name: value for name, value in page.items() if name in definition.args}
        if dice.random() < 0.4 * inputs.wrongness:
            wrong = {"first": dice.choice((-1, 10**6)), "last": dice.choice((-1, 2)), "after": "no", "before": ""}
            page |= {name: wrong[name] for name in dice.sample(sorted(wrong), 2) if name in definition.args}
        return page

    def _size(self, page: dict[str, Any]) -> int:
        size: int = min(page.get("first", PAGE), page.get("last", PAGE))
        return max(1, size)

    def _response_name(self, name: str, arguments: str, kind: str) -> str:
        """Return an alias with its colon, or nothing: a response name has one meaning in the whole document."""
        dice, meaning = self.inputs.dice, (name, arguments, kind)
        chosen = dice.choice(ALIASES) if dice.random() < 0.1 else name
        while self.meanings.setdefault(chosen, meaning) != meaning:
            chosen = f"{name}_{dice.randrange(100)}"
        return "" if chosen == name else f"{chosen}: "

    def _all_leaves(self, kind: Any, parents: int) -> list[str]:
        names = [name for name, each in kind.fields.items() if is_leaf_type(get_named_type(each.type))]
        names = [name for name in names if not kind.fields[name].args and f"{kind.name}.{name}" not in COSTS]
        if len(names) * parents > self.leaves:
            return []
        self.leaves -= len(names) * parents
        return [self._response_name(name, "", str(kind.fields[name].type)) + name for name in names]

    def _inside(self, kind: Any, parents: int, page: int, depth: int) -> str:
        """Return a selection inside a fragment, named or not."""
        dice = self.inputs.dice
        fitting = [each for each in self.fragments if self._overlap(each.type, kind)]
        fitting = [each for each in fitting if each.leaves * parents <= self.leaves]
        if fitting and dice.random() < 0.4:
            fragment = dice.choice(fitting)
            self.leaves -= fragment.leaves * parents
            return f"...{fragment.name}{self.directives('FRAGMENT_SPREAD')}"
        inner = dice.choice(self._narrower(kind))
        before = self.leaves
        text = self.selection(inner, parents=parents, page=page, depth=depth + 1)
        if dice.random() < 0.5:
            condition = "" if inner is kind and dice.random() < 0.5 else f" on {inner.name}"
            return f"...{condition}{self.directives('INLINE_FRAGMENT')} {text}"
        name = f"{dice.choice(('Part', 'f', 'On'))}{len(self.fragments)}"
        self.fragments.append(Fragment(name, inner, text, max(1, (before - self.leaves) // parents)))
        return f"...{name}{self.directives('FRAGMENT_SPREAD')}"

    def _narrower(self, kind: Any) -> list[Any]:
        """Return the types that a fragment can be on where a type is expected."""
        if isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            possible = list(self.schema.get_possible_types(kind))
            return [kind, *possible, *possible]
        if isinstance(kind, GraphQLObjectType) and self.inputs.chance(0.02 * self.inputs.wrongness):
            return [self.schema.query_type]
        return [kind, *kind.interfaces]

    def _overlap(self, one: Any, other: Any) -> bool:
        """Tell whether a fragment on a type can stand where another is expected; page sizes of its rows hold there."""
        return not set(self._possible(one)).isdisjoint(self._possible(other))

    def _possible(self, kind: Any) -> list[Any]:
        return list(self.schema.get_possible_types(kind)) if is_abstract_type(kind) else [kind]

    def directives(self, location: str = "FIELD") -> str:
        """Return now and then a directive or two."""
        inputs = self.inputs
        built_in = [name for name in ("skip", "include") if inputs.chance(0.04)]
        texts = [f" @{name}{write_arguments({'if': inputs.condition()})}" for name in built_in]
        own = [each for each in self.schema.directives if location in {place.name for place in each.locations}]
        own = [each for each in own if each.name not in {"skip", "include"}]
        if own and inputs.chance(0.1):
            chosen = inputs.dice.choice(own)
            arguments = {name: inputs.value(each.type, f"@{chosen.name}.{name}") for name, each in chosen.args.items()}
            texts.append(f" @{chosen.name}{write_arguments(arguments)}")
        return "".join(texts)
