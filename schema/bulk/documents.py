"""What is known of a query's text: its document, its errors, and what else follows from it for every request."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, VariableNode, Visitor, parse, visit
from strawberry.extensions import SchemaExtension
from strawberry.schema.schema import validate_document

MOST_DOCUMENTS = 500
LONGEST = 8_000
"""Characters of the longest text that is kept."""
MOST_CHARACTERS = 500_000
"""Of all texts that are kept: a character of a dense one takes 130 bytes, so that all stay below some 70 MB."""
MOST_MEMORIES = 16

Rules = tuple[Any, ...]
Options = tuple[tuple[str, Any], ...]
Key = tuple[Any, str, Rules, Options]
Memory = dict[Any, Any]
"""What was found out of one operation of a document, under keys of those who found it."""


class Known:
    """A document with its errors, and a memory for each way its directives can turn out.

    facts: what was found out of the document itself, under keys of those who found it.
    """

    def __init__(self, document: DocumentNode, errors: list[GraphQLError]) -> None:
        self.document = document
        self.errors = errors
        self.facts: Memory = {}
        self._operations = sum(isinstance(each, OperationDefinitionNode) for each in document.definitions)
        self._switches = _switches(document)
        self._memories: dict[tuple[Any, ...], Memory] = {}

    def memory(self, operation_name: str | None, variables: Mapping[str, Any] | None) -> Memory:
        """Return the memory of an operation; it holds for equal values of the variables that directives look at."""
        key = (operation_name, *(_switch(variables or {}, name) for name in self._switches))
        found = self._memories.get(key)
        if found is None:
            found = {}
            if len(self._memories) < MOST_MEMORIES:
                self._memories[key] = found
        return found

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """Return the operation of a name, or the first one where none is given; None where there is no such."""
        for each in self.document.definitions:
            if isinstance(each, OperationDefinitionNode) and (not name or (each.name and each.name.value == name)):
                return each
        return None

    def errors_of(self, operation_name: str | None) -> list[GraphQLError]:
        """Return what is wrong with a request for an operation of the document; a request has to say which it means."""
        if self._operations > 1 and not operation_name:
            return [GraphQLError("Must provide operation name if query contains multiple operations.")]
        return self.errors


class Kept:
    """What is known of the texts that were used last: as many as fit."""

    def __init__(self) -> None:
        self._known: OrderedDict[Key, Known] = OrderedDict()
        self._characters = 0

    def find(self, key: Key) -> Known | None:
        """Return what is known of a text, which is used now."""
        found = self._known.get(key)
        if found is not None:
            self._known.move_to_end(key)
        return found

    def put(self, key: Key, known: Known) -> None:
        """Keep what is known of a text, in the place of those that were not used for longest."""
        if key not in self._known:
            self._characters += len(key[1])
        self._known[key] = known
        while len(self._known) > MOST_DOCUMENTS or self._characters > MOST_CHARACTERS:
            (_, text, *_), _ = self._known.popitem(last=False)
            self._characters -= len(text)


_kept = Kept()
_by_document: WeakValueDictionary[int, Known] = WeakValueDictionary()


def memory_of(document: DocumentNode, operation_name: str | None, variables: Mapping[str, Any] | None) -> Memory:
    """Return the memory of an operation of a document; a new one for a document that is not kept."""
    known = _by_document.get(id(document))
    return {} if known is None else known.memory(operation_name, variables)


class Refusing:
    """A schema that has reasons of its own to refuse texts and operations; here are those that any schema has."""

    def read(self, text: str, rules: Rules, options: dict[str, Any]) -> tuple[DocumentNode, list[GraphQLError]]:
        """Return a text's document and what is wrong with it.

        Raises:
            GraphQLError: it is no document.
        """
        document = parse(text, **options)
        return document, validate_document(self._schema, document, rules)  # type: ignore[attr-defined]  # Strawberry's

    def see(self, known: Known, operation_name: str | None, context: Any) -> None:
        """Take notice of the document of a request, before anything is executed."""

    def refusals(
        self,
        known: Known,
        operation_name: str | None,
        variables: Mapping[str, Any] | None,  # noqa: ARG002 - for those who look at them
        context: Any,  # noqa: ARG002
    ) -> list[GraphQLError]:
        """Return why an operation is not executed; nothing of it is, where there is a reason."""
        return known.errors_of(operation_name)


class Documents(SchemaExtension):
    """Parses and validates each text once, and refuses to guess which of several operations is meant."""

    def on_parse(self) -> Iterator[None]:
        """Take the document and its errors from those that are kept."""
        asked = self.execution_context
        if asked.query:
            known = know(asked.schema, asked.query, asked.validation_rules, tuple(asked.parse_options.items()))
            asked.graphql_document = known.document
            name = asked._provided_operation_name  # noqa: SLF001 - its public name guesses
            refusing = asked.schema if isinstance(asked.schema, Refusing) else Refusing()
            refusing.see(known, name, asked.context)
            asked.pre_execution_errors = refusing.refusals(known, name, asked.variables, asked.context)
        yield


def know(schema: Any, text: str, rules: Rules, options: Options = ()) -> Known:
    """Return what is known of a text under these rules of validation and options of the parser.

    Raises:
        GraphQLError: it is no document, or one that the schema refuses.
    """
    found = find(schema, text, rules, options)
    return keep(learn(schema, text, rules, options), schema, text, rules, options) if found is None else found


def find(schema: Any, text: str, rules: Rules, options: Options = ()) -> Known | None:
    """Return what is kept of a text."""
    return _kept.find((schema, text, rules, options))


def learn(schema: Any, text: str, rules: Rules, options: Options = ()) -> Known:
    """Return what is to be known of a text; raises as `know` does."""
    read = schema.read if isinstance(schema, Refusing) else partial(Refusing.read, schema)
    return Known(*read(text, rules, dict(options)))


def keep(known: Known, schema: Any, text: str, rules: Rules, options: Options = ()) -> Known:
    """Keep what is known of a text that can be executed; others would take the place of those that can."""
    if len(text) <= LONGEST and not known.errors:
        _by_document[id(known.document)] = known
        _kept.put((schema, text, rules, options), known)
    return known


def _switches(document: DocumentNode) -> tuple[str, ...]:
    """Return the variables that the document's directives look at."""
    found: dict[str, None] = {}

    class Switches(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            values = (argument.value for argument in node.arguments or ())
            found.update((value.name.value, None) for value in values if isinstance(value, VariableNode))

    visit(document, Switches())
    return tuple(found)


def _switch(variables: Mapping[str, Any], name: str) -> object:
    """Return what tells the values apart that a condition can have; of others there is only an error."""
    value = variables.get(name, ...)
    return value if value is None or isinstance(value, bool) else value is ...
