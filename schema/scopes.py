"""What a caller has to be allowed for each root field; a field that does not say it has the schema refused.

@strawberry.field(description="…", metadata=READS)
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from strawberry.types.field import StrawberryField

from resolvers.callers import Caller, Scope
from resolvers.errors import Forbidden
from schema.bulk.documents import Known, Memory

_KEY = "scope"
READS: Mapping[str, Scope] = {_KEY: Scope.READ}
WRITES: Mapping[str, Scope] = {_KEY: Scope.WRITE}
DELETES: Mapping[str, Scope] = {_KEY: Scope.DELETE}

Declared = Mapping[str, Mapping[str, Scope]]
"""The scope of each field of each root type, by their names."""


class Undeclared(TypeError):
    """A root field does not say which scope it needs."""


@dataclass(frozen=True, slots=True)
class Needed:
    """The scopes that an operation needs, and its root fields with theirs."""

    scopes: frozenset[Scope]
    fields: tuple[tuple[FieldNode, Scope], ...]


def read_scopes(schema: GraphQLSchema) -> Declared:
    """Return the scopes of all root fields.

    Raises:
        Undeclared: one has none.
    """
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    return {
        root.name: {name: _scope_of(f"{root.name}.{name}", field) for name, field in root.fields.items()}
        for root in roots
        if root is not None
    }


def refuse_scopes(
    schema: GraphQLSchema, declared: Declared, known: Known, operation_name: str | None, memory: Memory, caller: Caller
) -> list[GraphQLError]:
    """Return an error for each root field of a valid operation that needs a scope which the caller lacks.

    Directives change nothing: what is asked for under @include(if: false) has to be allowed, too.
    """
    needed: Needed | None = memory.get(Needed)
    if needed is None:
        needed = memory[Needed] = _find_needed(schema, declared, known.document, operation_name)
    if needed.scopes <= caller.scopes or Scope.ADMIN in caller.scopes:
        return []
    return [_error(field, scope) for field, scope in needed.fields if scope not in caller.scopes]


def _scope_of(name: str, field: GraphQLField) -> Scope:
    definition = field.extensions.get("strawberry-definition")
    scope = definition.metadata.get(_KEY) if isinstance(definition, StrawberryField) else None
    if not isinstance(scope, Scope):
        raise Undeclared(f"{name} has to say which scope it needs: metadata=READS, WRITES or DELETES.")
    return scope


def _find_needed(schema: GraphQLSchema, declared: Declared, document: DocumentNode, name: str | None) -> Needed:
    definitions = document.definitions
    operations = [each for each in definitions if isinstance(each, OperationDefinitionNode)]
    operation = next(each for each in operations if name is None or (each.name and each.name.value == name))
    root = schema.get_root_type(operation.operation)
    scopes = declared[root.name] if root else {}
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    asked = _root_fields(operation.selection_set, fragments, set())
    fields = [(each, scopes[each.name.value]) for each in asked if not each.name.value.startswith("__")]
    return Needed(frozenset(scope for _, scope in fields), tuple(fields))


def _root_fields(
    selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode], seen: set[str]
) -> Iterator[FieldNode]:
    """Yield the fields of a root, each fragment looked into once, however often it is spread."""
    for each in selections.selections:
        if isinstance(each, FieldNode):
            yield each
        elif isinstance(each, InlineFragmentNode):
            yield from _root_fields(each.selection_set, fragments, seen)
        elif (fragment := each.name.value) not in seen:  # type: ignore[attr-defined]  # the third kind is a spread
            seen.add(fragment)
            yield from _root_fields(fragments[fragment].selection_set, fragments, seen)


def _error(field: FieldNode, scope: Scope) -> GraphQLError:
    name, key = field.name.value, (field.alias or field.name).value
    reason = Forbidden(f"{name} needs the scope {scope}.")
    return GraphQLError(str(reason), [field], path=[key], original_error=reason)
