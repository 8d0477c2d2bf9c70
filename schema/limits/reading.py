"""Texts as documents within limits."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    Node,
    OverlappingFieldsCanBeMergedRule,
    ValidationContext,
    parse,
    validate,
)
from graphql.language.parser import MAX_NESTING_DEPTH
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.limits.bounds import (
    INTROSPECTION_DEPTH,
    MOST_COMPARISONS,
    MOST_ERRORS,
    MOST_OPERATIONS,
    MOST_REPETITIONS,
    Limits,
)
from schema.limits.refusing import refuse
from schema.limits.shapes import Shape, Shapes, find_shapes

Rules = tuple[Any, ...]

_SUGGESTION = re.compile(r" Did you mean [^?]*\?")
_ABORTED = "Validation aborted."


class BoundedMerging(OverlappingFieldsCanBeMergedRule):
    """Compares fields as graphql-core does, and gives up at our bound."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self.rule_context.remaining_complexity_budget = MOST_COMPARISONS


def read_document(
    schema: GraphQLSchema, text: str, limits: Limits, rules: Rules, options: dict[str, Any]
) -> tuple[DocumentNode, list[GraphQLError]]:
    """Return a text's document and what is wrong with it under rules of validation.

    Raises:
        GraphQLError: it goes beyond a limit, or is no document.
    """
    if len(text) > limits.characters:
        raise refuse(
            f"The query has {len(text):,} characters; at most {limits.characters:,} are taken.",
            figure=len(text),
            limit=limits.characters,
        )
    document = _parse(text, limits, options)
    refusal = next(_refusals(find_shapes(document), limits), None)
    if refusal is not None:
        raise refusal
    return document, _validate(schema, document, limits, rules)


def hide_suggestions(error: GraphQLError) -> None:
    """Take names of the schema out of an error's message, in place."""
    error.message = _SUGGESTION.sub("", error.message)


def _parse(text: str, limits: Limits, options: dict[str, Any]) -> DocumentNode:
    try:
        return parse(text, **options | {"max_tokens": limits.tokens})
    except GraphQLSyntaxError as error:
        if f"more than {limits.tokens} tokens" in error.message:
            raise refuse(
                f"The query has more than {limits.tokens:,} tokens, and no more are taken.", limit=limits.tokens
            ) from error
        if "nested too deeply" in error.message:
            raise refuse(
                f"The query nests brackets more than {MAX_NESTING_DEPTH} deep, and no more are taken.",
                limit=MAX_NESTING_DEPTH,
            ) from error
        raise


def _refusals(shapes: Shapes, limits: Limits) -> Iterator[GraphQLError]:
    """Yield why a document is not taken."""
    if len(shapes.operations) > MOST_OPERATIONS:
        yield _beyond("The query has {} operations", len(shapes.operations), MOST_OPERATIONS)
    for shape in shapes:
        yield from _refusals_of_one(shape, limits)


def _refusals_of_one(shape: Shape, limits: Limits) -> Iterator[GraphQLError]:
    if shape.introspection and not limits.introspection:
        yield GraphQLError("Introspection is switched off here.", shape.node, extensions={"code": "FORBIDDEN"})
    repeated = f"The query names `{shape.repeated[:100]}` {{}} times in one selection"
    for said, figure, limit in (
        ("The query nests {} levels deep", shape.depth, limits.depth),
        ("The query nests {} levels deep in the schema", shape.introspection, INTROSPECTION_DEPTH),
        ("The query has {} aliases", shape.aliases, limits.aliases),
        ("The query has {} directives", shape.directives, limits.directives),
        (repeated, shape.repetitions, MOST_REPETITIONS),
    ):
        if figure > limit:
            yield _beyond(said, figure, limit, shape.node)


def _beyond(said: str, figure: int, limit: int, node: Node | None = None) -> GraphQLError:
    return refuse(f"{said.format(f'{figure:,}')}; at most {limit:,} are taken.", figure=figure, limit=limit, node=node)


def _validate(schema: GraphQLSchema, document: DocumentNode, limits: Limits, rules: Rules) -> list[GraphQLError]:
    errors = validate(schema, document, _bounded(rules), MOST_ERRORS, hide_suggestions=not limits.introspection)
    if errors and errors[-1].message == _ABORTED:
        raise refuse("The query's fields and fragments are too many to be compared.", limit=MOST_COMPARISONS)
    return errors


@lru_cache(8)
def _bounded(rules: Rules) -> Rules:
    """Return rules with our bound, and those that Strawberry adds."""
    own = (BoundedMerging if rule is OverlappingFieldsCanBeMergedRule else rule for rule in rules)
    return (*own, MaybeNullValidationRule, OneOfInputValidationRule)
