"""What operations cost: each a number, or a function of the variables."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    value_from_ast_untyped,
)

from schema.limits.shapes import find_shapes
from schema.limits.sizes import Given, Size
from schema.limits.weights import is_list, weight_of

MOST = 10**12
"""Costs are not counted further."""


Cost = int | Callable[[Given], int]
Parent = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


class Selected(NamedTuple):
    """The cost of a selection: of what counts once, and of what counts for each of the objects given around it."""

    once: Cost = 0
    each: Cost = 0


class Costs:
    """The costs of a document's operations by their names; None is the only one, or the first."""

    def __init__(self, operations: Mapping[str | None, tuple[Cost, dict[str, Any]]]) -> None:
        self._operations = operations

    def of(self, name: str | None, variables: Mapping[str, Any] | None) -> int:
        """Return the cost of an operation with these variables."""
        cost, defaults = self._operations.get(name) or self._operations[None]
        if isinstance(cost, int):
            return cost
        found = cost({**defaults, **variables} if variables else defaults.copy())
        return min(MOST, found)


def find_costs(schema: GraphQLSchema, document: DocumentNode) -> Costs:
    """Return the costs of a valid document."""
    reader = _Reader(schema, document)
    found: dict[str | None, tuple[Cost, dict[str, Any]]] = {}
    for node in document.definitions:
        if isinstance(node, OperationDefinitionNode):
            found[node.name.value if node.name else None] = reader.read(node), _defaults(node)
    found.setdefault(None, next(iter(found.values())))
    return Costs(found)


class _Reader:
    """Reads each definition of a document once."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._fragments: dict[str, Selected] = {}
        for name, shape in find_shapes(document).fragments.items():
            node = cast("FragmentDefinitionNode", shape.node)
            read = self._selection(node.selection_set, self._named(node))
            self._fragments[name] = Selected(_shared(read.once), _shared(read.each))

    def read(self, node: OperationDefinitionNode) -> Cost:
        """Return the cost of an operation."""
        root = cast("Parent", self._schema.get_root_type(node.operation))
        cost = _sum(self._selection(node.selection_set, root))
        return min(MOST, cost) if isinstance(cost, int) else cost

    def _selection(self, selection: SelectionSetNode, parent: Parent) -> Selected:
        parts = [self._part(node, parent) for node in selection.selections]
        return Selected(_sum(part.once for part in parts), _sum(part.each for part in parts))

    def _part(self, node: SelectionNode, parent: Parent) -> Selected:
        if isinstance(node, FieldNode):
            return self._field(node, parent)
        if isinstance(node, FragmentSpreadNode):
            return self._fragments[node.name.value]
        inline = cast("InlineFragmentNode", node)
        return self._selection(inline.selection_set, self._named(inline) if inline.type_condition else parent)

    def _field(self, node: FieldNode, parent: Parent) -> Selected:
        field = cast("GraphQLField", self._schema.get_field(parent, node.name.value))
        weight, kind = weight_of(parent, node.name.value, field), get_named_type(field.type)
        inside = self._selection(node.selection_set, cast("Parent", kind)) if node.selection_set else Selected()
        if is_list(field):
            inside = Selected(each=_sum((1, inside.once, inside.each)))
        each = _product(weight.size.read(node), _sum((weight.each, inside.each)))
        cost = _sum((weight.once, inside.once, each))
        return Selected(each=cost) if weight.is_each else Selected(once=cost)

    def _named(self, node: Any) -> "Parent":
        return cast("Parent", self._schema.type_map[node.type_condition.name.value])


def _defaults(node: OperationDefinitionNode) -> dict[str, Any]:
    """Return the values of the variables that have one by default."""
    return {
        each.variable.name.value: value_from_ast_untyped(each.default_value)
        for each in node.variable_definitions or ()
        if each.default_value is not None
    }


def _sum(costs: Iterable[Cost]) -> Cost:
    """Return what several things cost together; a number, if all are."""
    fixed, moving = 0, []
    for cost in costs:
        if isinstance(cost, int):
            fixed += cost
        else:
            moving.append(cost)
    fixed = min(fixed, MOST)
    if not moving:
        return fixed
    if len(moving) == 1:
        [one] = moving
        return one if fixed == 0 else lambda given: fixed + one(given)
    return lambda given: fixed + sum(cost(given) for cost in moving)


def _product(size: Size, cost: Cost) -> Cost:
    """Return what so many things cost that each cost the same."""
    if isinstance(size, int):
        if isinstance(cost, int):
            return size * cost
        return 0 if size == 0 else cost if size == 1 else lambda given: size * cost(given)
    if isinstance(cost, int):
        return 0 if cost == 0 else lambda given: size(given) * cost
    return lambda given: size(given) * cost(given)


def _shared(cost: Cost) -> Cost:
    """Return a cost that is found once for a request, wherever its fragment is spread."""
    if isinstance(cost, int):
        return cost

    def find(given: Given) -> int:
        if find not in given:
            given[find] = min(MOST, cost(given))
        found: int = given[find]
        return found

    return find
