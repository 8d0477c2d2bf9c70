"""What a document has, found in one walk: each definition is read once, however often it is spread."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from graphql import (
    DefinitionNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

MOST = 10**9
"""Figures are not counted further."""
_ROOTS = frozenset({"__schema", "__type"})


class Level(NamedTuple):
    """How deep a selection lies: in fields, and in fields of introspection."""

    fields: int = 0
    introspection: int = 0

    def below(self, name: str, *, is_introspection: bool) -> "Level":
        """Return the level of a field in the selection."""
        if is_introspection or self.introspection or name in _ROOTS:
            return Level(self.fields, self.introspection + 1)
        return Level(self.fields + 1)


class Spread(NamedTuple):
    """The use of a fragment."""

    name: str
    level: Level


@dataclass(slots=True)
class Shape:
    """What a definition has; first its own, then with the fragments that it spreads."""

    node: DefinitionNode
    depth: int = 0
    introspection: int = 0
    """How deep it asks for the schema; 0 where it does not."""
    aliases: int = 0
    directives: int = 0
    repetitions: int = 0
    """The most fields with one response name in one selection of its own."""
    repeated: str = ""
    visited: int = 0
    """How many selections were looked at."""
    spreads: list[Spread] = field(default_factory=list)

    def add(self, other: "Shape", level: Level) -> None:
        """Add what a fragment has that is spread at a level."""
        self.depth = max(self.depth, level.fields + other.depth)
        if other.introspection:
            self.introspection = max(self.introspection, level.introspection + other.introspection)
        self.aliases = min(MOST, self.aliases + other.aliases)
        self.directives = min(MOST, self.directives + other.directives)


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of a document; fragments by their names, each after those that it spreads."""

    operations: list[Shape]
    fragments: dict[str, Shape]

    def __iter__(self) -> Iterator[Shape]:
        """Yield all of them, operations first."""
        yield from self.operations
        yield from self.fragments.values()


def find_shapes(document: DocumentNode) -> Shapes:
    """Return the shapes of a document, valid or not; a fragment that spreads itself adds nothing there."""
    operations = [_walk(node) for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    fragments = {
        node.name.value: _walk(node) for node in document.definitions if isinstance(node, FragmentDefinitionNode)
    }
    ordered: dict[str, Shape] = {}
    for name in fragments:
        _complete(name, fragments, ordered)
    for operation in operations:
        _add_fragments(operation, ordered)
    return Shapes(operations, ordered)


def _complete(root: str, fragments: dict[str, Shape], done: dict[str, Shape]) -> None:
    """Complete a fragment after those that it spreads; without recursion, since thousands can hang on each other."""
    if root in done:
        return
    path, open_names = [(root, iter(fragments[root].spreads))], {root}
    while path:
        name, spreads = path[-1]
        following = next((one.name for one in spreads if one.name in fragments and one.name not in done), None)
        if following is None:
            path.pop()
            open_names.discard(name)
            _add_fragments(fragments[name], done)
            done[name] = fragments[name]
        elif following not in open_names:
            path.append((following, iter(fragments[following].spreads)))
            open_names.add(following)


def _add_fragments(shape: Shape, fragments: dict[str, Shape]) -> None:
    for spread in shape.spreads:
        if spread.name in fragments:
            shape.add(fragments[spread.name], spread.level)


def _walk(node: OperationDefinitionNode | FragmentDefinitionNode) -> Shape:
    """Return the own shape of a definition."""
    shape = Shape(node, directives=_count_directives(node))
    is_introspection = isinstance(node, FragmentDefinitionNode) and node.type_condition.name.value.startswith("__")
    stack: list[tuple[SelectionSetNode, Level, dict[str, int]]] = [(node.selection_set, Level(), {})]
    while stack:
        selections, level, names = stack.pop()
        for each in selections.selections:
            shape.visited += 1
            shape.directives += len(each.directives or ())
            inside = _visit(shape, each, level, names, is_introspection=is_introspection)
            if inside is not None:
                stack.append(inside)
    return shape


def _visit(
    shape: Shape, node: SelectionNode, level: Level, names: dict[str, int], *, is_introspection: bool
) -> tuple[SelectionSetNode, Level, dict[str, int]] | None:
    """Add a selection to a shape and return the one inside it."""
    if isinstance(node, FragmentSpreadNode):
        shape.spreads.append(Spread(node.name.value, level))
        return None
    inside: SelectionSetNode | None = getattr(node, "selection_set", None)
    if isinstance(node, FieldNode):
        level, names = _visit_field(shape, node, level, names, is_introspection=is_introspection), {}
    return None if inside is None else (inside, level, names)


def _visit_field(
    shape: Shape, node: FieldNode, level: Level, names: dict[str, int], *, is_introspection: bool
) -> Level:
    level = level.below(node.name.value, is_introspection=is_introspection)
    shape.depth = max(shape.depth, level.fields)
    shape.introspection = max(shape.introspection, level.introspection)
    shape.aliases += node.alias is not None
    name = (node.alias or node.name).value
    names[name] = names.get(name, 0) + 1
    if names[name] > shape.repetitions:
        shape.repetitions, shape.repeated = names[name], name
    return level


def _count_directives(node: Any) -> int:
    variables = getattr(node, "variable_definitions", None) or ()
    return len(node.directives or ()) + sum(len(each.directives or ()) for each in variables)
