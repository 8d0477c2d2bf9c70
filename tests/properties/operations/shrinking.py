"""Make an operation smaller while it still does what makes it interesting."""

import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    NameNode,
    ObjectFieldNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    visit,
)
from graphql.language.ast import Node

from tests.properties.operations.operation import Operation

MOST = 500
"""Tries: a failing test ends."""
_EMPTY = re.compile(r"\(\s*(,\s*)*\)")


async def shrink(operation: Operation, fails: Callable[[Operation], Awaitable[Any]]) -> Operation:
    """Return the operation without what is not needed for `fails` to give something true."""
    tries, smaller = 0, True
    while smaller:
        smaller = False
        for query in _candidates(operation.query):
            tries += 1
            if tries > MOST:
                return operation
            if await fails(replace(operation, query=query)):
                operation, smaller = replace(operation, query=query), True
                break
    return operation


def _candidates(query: str) -> Iterator[str]:
    """Give a document with each one of its parts left out, the largest first."""
    spans: set[tuple[int, int]] = set()
    for node in _nodes(query):
        if isinstance(node, SelectionSetNode) and len(node.selections) > 1:
            spans.update(map(_span, node.selections))
        elif isinstance(node, ArgumentNode | DirectiveNode | ObjectFieldNode):
            spans.add(_span(node))
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        smaller = _tidy(query[:start] + query[end:])
        if smaller:
            yield smaller


def _tidy(query: str) -> str:
    """Return a document without what nothing uses any more; nothing where it is no document any more."""
    query = _EMPTY.sub("", query)
    try:
        nodes = _nodes(query)
    except GraphQLSyntaxError:
        return ""
    spread = {node.name.value for node in nodes if isinstance(node, FragmentSpreadNode)}
    used = [node.name.value for node in nodes if isinstance(node, VariableNode)]
    for node in nodes:
        unused = isinstance(node, FragmentDefinitionNode) and node.name.value not in spread
        # A variable stands once where it is declared.
        if unused or (isinstance(node, VariableDefinitionNode) and used.count(node.variable.name.value) == 1):
            start, end = _span(node)
            return _tidy(query[:start] + query[end:])
    return query


def _span(node: Node) -> tuple[int, int]:
    assert node.loc is not None
    return node.loc.start, node.loc.end


def _nodes(query: str) -> list[Any]:
    found: list[Any] = []

    class Nodes(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            if not isinstance(node, NameNode):
                found.append(node)

    visit(parse(query), Nodes())
    return found
