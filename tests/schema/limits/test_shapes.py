"""A document's figures are those of the text with all fragments written out, found without writing them out."""

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, FragmentDefinitionNode, FragmentSpreadNode, get_introspection_query, parse
from hypothesis import given

from schema.limits.bounds import INTROSPECTION_DEPTH
from schema.limits.shapes import MOST, Shape, find_shapes
from tests.properties.profiles import examples
from tests.schema.limits.documents import documents


def shape_of(text: str) -> Shape:
    [shape] = find_shapes(parse(text)).operations
    return shape


def expand(node: Any, fragments: dict[str, Any], depth: int = 0) -> Iterator[tuple[Any, int]]:
    """Yield each selection below a node with its depth, those of fragments at each use."""
    for each in node.selection_set.selections if node.selection_set else ():
        below = depth + isinstance(each, FieldNode)
        yield each, below
        inside = fragments[each.name.value] if isinstance(each, FragmentSpreadNode) else each
        yield from expand(inside, fragments, below)


@examples(40)
@given(documents())
def test_the_figures_are_those_of_all_fragments_written_out(text: str) -> None:
    document = parse(text)
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    found = list(expand(document.definitions[0], fragments))
    shape = shape_of(text)
    assert shape.depth == max(depth for _, depth in found)
    assert shape.aliases == sum(isinstance(node, FieldNode) and node.alias is not None for node, _ in found)
    spread = [fragments[node.name.value] for node, _ in found if isinstance(node, FragmentSpreadNode)]
    assert shape.directives == sum(len(node.directives or ()) for node in [*spread, *(node for node, _ in found)])


def test_fragments_nested_into_millions_are_read_once_each() -> None:
    levels = 22
    parts = [
        f"fragment F{level} on A {{ a {{ ...F{level + 1} }} b: a {{ ...F{level + 1} }} }}" for level in range(levels)
    ]
    shapes = find_shapes(parse(f"{{ ...F0 }} {' '.join(parts)} fragment F{levels} on A {{ x: id @skip(if: true) }}"))
    [operation] = shapes.operations
    assert operation.directives == 2**levels
    assert operation.aliases == 2**levels + 2**levels - 1
    assert operation.depth == levels + 1
    assert sum(shape.visited for shape in shapes) == 4 * levels + 2


def test_thousands_of_fragments_in_a_row_are_read() -> None:
    length = 1_000
    parts = [f"fragment F{index} on A {{ a ...F{index + 1} ...F{index + 1} }}" for index in range(length)]
    shapes = find_shapes(parse(f"{{ ...F0 }} {' '.join(parts)} fragment F{length} on A {{ x: id }}"))
    assert shapes.operations[0].aliases == MOST
    assert next(iter(shapes.fragments)) == f"F{length}"
    assert sum(shape.visited for shape in shapes) == 3 * length + 2


def test_a_fragment_inside_itself_ends() -> None:
    shape = shape_of("{ ...A } fragment A on Q { a { ...B } } fragment B on Q { b: a { ...A ...B ...None } }")
    assert shape.aliases == 1
    assert shape.depth == 2


def test_a_name_is_counted_in_one_selection_with_its_inline_fragments() -> None:
    assert shape_of("{ a a ... { a ... on Q { a } } b { a } }").repetitions == 4
    assert shape_of("{ a b: a c: a }").repetitions == 1


def test_the_directives_of_operations_and_variables_count() -> None:
    assert shape_of("query($a: Int @x @y) @z { a @skip(if: true) ...F @a } fragment F on Q @b { a }").directives == 6


def test_questions_about_the_schema_have_a_depth_of_their_own() -> None:
    usual = shape_of(get_introspection_query(descriptions=True, input_value_deprecation=True))
    assert (usual.depth, usual.introspection) == (0, 15)
    assert usual.introspection < INTROSPECTION_DEPTH
    nested = shape_of(
        "{ a { b } ...S } fragment S on Query { __schema { types { ...T } } } fragment T on __Type { name }"
    )
    assert (nested.depth, nested.introspection) == (2, 3)
    assert shape_of("{ a { __typename } }").introspection == 0
