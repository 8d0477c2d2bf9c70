"""Columns of input objects and lists, compiled from their GraphQL types."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass
from itertools import accumulate, chain, pairwise
from operator import itemgetter
from types import NoneType
from typing import Any

from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    is_leaf_type,
    is_required_input_field,
)
from graphql.utilities.coerce_input_value import coerce_default_value
from strawberry.relay import GlobalID
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryContainer, StrawberryMaybe, StrawberryObjectDefinition
from strawberry.types.field import StrawberryField

from schema.coercion.columns import Columns, Table
from schema.coercion.leaves import Coerce, Column, Unusual, compile_leaf

AS_COLUMNS = "as columns"
"""Key of a Strawberry field's metadata: its list of objects comes as Columns."""
DEEPEST = 50
"""Levels of objects; graphql-core, which allows more, takes what is deeper."""


class Coercers:
    """What coerces columns of the input types of one schema, each compiled when it is first needed."""

    def __init__(self) -> None:
        self._objects: dict[GraphQLInputObjectType, _Objects | None] = {}
        self._variables: dict[str, Coerce] = {}

    def of_variable(self, kind: GraphQLInputType) -> Coerce:
        """Return what coerces a column of a type as a variable names it."""
        name = str(kind)
        if name not in self._variables:
            self._variables[name] = self.compile(kind)
        return self._variables[name]

    def compile(self, kind: GraphQLInputType, *, as_columns: bool = False) -> Coerce:
        """Return what coerces a column of a type."""
        nullable = not isinstance(kind, GraphQLNonNull)
        inner: Any = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        if isinstance(inner, GraphQLList):
            return _past_nulls(self._list(inner.of_type, as_columns=as_columns), list, nullable=nullable)
        if isinstance(inner, GraphQLInputObjectType):
            return _past_nulls(
                lambda column, depth: self.table(inner, column, depth).objects(), dict, nullable=nullable
            )
        return compile_leaf(inner, nullable=nullable)

    def table(self, kind: GraphQLInputObjectType, column: Column, depth: int) -> Table[Any]:
        """Coerce a column of dicts to a table of an input type."""
        if kind not in self._objects:
            self._objects[kind] = _Objects.of(kind)
        objects = self._objects[kind]
        if objects is None or depth > DEEPEST:
            raise Unusual
        return objects.table(self, column, depth)

    def _list(self, item: GraphQLInputType, *, as_columns: bool) -> Coerce:
        inner: Any = item.of_type if isinstance(item, GraphQLNonNull) else None
        if as_columns and isinstance(inner, GraphQLInputObjectType):
            return self._list_of_columns(inner)
        coerce_items = self.compile(item)

        def coerce(column: Column, depth: int) -> Column:
            values = coerce_items(list(chain.from_iterable(column)), depth)
            return [values[start:stop] for start, stop in _bounds(column)]

        return coerce

    def _list_of_columns(self, kind: GraphQLInputObjectType) -> Coerce:
        def coerce(column: Column, depth: int) -> Column:
            items = list(chain.from_iterable(column))
            if not set(map(type, items)) <= {dict}:
                raise Unusual
            table = self.table(kind, items, depth)
            return [Columns(table, start, stop) for start, stop in _bounds(column)]

        return coerce


@dataclass(slots=True)
class _Field:
    """One field of an input type; `absent` is its value where it was left out, MISSING where it must be given."""

    python_name: str
    kind: GraphQLInputType
    absent: Any
    as_columns: bool
    coerce: Coerce | None = None


class _Objects:
    """One input type."""

    def __init__(self, kind: type, fields: Mapping[str, _Field]) -> None:
        self.kind = kind
        self.fields = fields
        self.required = {name for name, field in fields.items() if field.absent is MISSING}
        self.absent = {field.python_name: field.absent for field in fields.values() if field.absent is not MISSING}

    @classmethod
    def of(cls, kind: GraphQLInputObjectType) -> "_Objects | None":
        """Return what is known of a type, None for one with anything that is not plain."""
        definition = kind.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(definition, StrawberryObjectDefinition) or not _is_plain(kind, definition):
            return None
        fields = {name: field for name, each in kind.fields.items() if (field := _read_field(each))}
        if len(fields) < len(kind.fields):
            return None
        definition.from_input = _take
        return cls(definition.origin, fields)

    def table(self, coercers: Coercers, column: Column, depth: int) -> Table[Any]:
        """Return the table of a column of dicts."""
        alike = _take_apart(column)
        raw = _take_apart_with_gaps(column) if alike is None else alike
        if not raw.keys() <= self.fields.keys() or (column and not raw.keys() >= self.required):
            raise Unusual
        given = {}
        for name, values in raw.items():
            field = self.fields[name]
            if field.coerce is None:
                field.coerce = coercers.compile(field.kind, as_columns=field.as_columns)
            given[field.python_name] = (
                field.coerce(values, depth + 1) if alike else _past_gaps(field, field.coerce, values, depth + 1)
            )
        return Table(self.kind, len(column), given, self.absent)


def _take_apart(column: Column) -> dict[Any, list[Any]] | None:
    """Return a list for each name of dicts which all have the same names; None for others."""
    if len(set(map(len, column))) != 1:
        return None
    try:
        return {name: list(map(itemgetter(name), column)) for name in column[0]}
    except KeyError:
        return None


def _take_apart_with_gaps(column: Column) -> dict[Any, list[Any]]:
    """Return a list for each name that any of the dicts has, with MISSING where a dict has it not."""
    names: set[Any] = set().union(*column)
    return {name: [row.get(name, MISSING) for row in column] for name in names}


def _is_plain(kind: GraphQLInputObjectType, definition: StrawberryObjectDefinition) -> bool:
    """Tell whether an input type is a Strawberry class that is made from its fields and nothing else."""
    return (
        definition.from_input in (None, _take)
        and definition.concrete_of is None
        and not kind.is_one_of
        and kind.out_type is GraphQLInputObjectType.out_type
    )


def _read_field(field: GraphQLInputField) -> _Field | None:
    """Return what is known of a field, None where it is not plain."""
    defined: StrawberryField = field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF]
    if _has_wrapper(defined.type) or defined.default_factory is not MISSING:
        return None
    if is_required_input_field(field):
        absent: Any = MISSING
    else:
        absent = coerce_default_value(field)
        if absent is Undefined:
            absent = None if defined.default_value is MISSING else defined.default_value
        elif absent is not None and not is_leaf_type(getattr(field.type, "of_type", field.type)):
            return None  # each request needs an object or list of its own
    return _Field(defined.python_name, field.type, absent, bool(defined.metadata.get(AS_COLUMNS)))


def _has_wrapper(kind: object) -> bool:
    """Tell whether Strawberry wraps the values of a type: Some(…) or a GlobalID."""
    while isinstance(kind, StrawberryContainer):
        if isinstance(kind, StrawberryMaybe):
            return True
        kind = kind.of_type
    return kind is GlobalID


def _take(kind: type, value: Any, context: InputContext) -> Any:
    """Take an object that is made already; make one in Strawberry's own way from what graphql-core coerced."""
    if isinstance(value, kind):
        return value
    definition: StrawberryObjectDefinition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    given: dict[str, Any] = {
        field.python_name: None
        for field in definition.fields
        if field.default_value is MISSING and field.default_factory is MISSING
    }
    for field in definition.fields:
        name = context.config.name_converter.from_field(field)
        if name in value:
            given[field.python_name] = context.convert(
                value[name], field.resolve_type(type_definition=definition), name
            )
    return kind(**given)


def _past_nulls(coerce: Coerce, kind: type, *, nullable: bool) -> Coerce:
    """Coerce what is not null; all of it must be of one Python type."""

    def coerce_others(column: Column, depth: int) -> Column:
        kinds = set(map(type, column))
        if kinds <= {kind}:
            return coerce(column, depth)
        if not nullable or not kinds <= {kind, NoneType}:
            raise Unusual
        return _scattered(column, None, coerce([value for value in column if value is not None], depth), None)

    return coerce_others


def _past_gaps(field: _Field, coerce: Coerce, column: Column, depth: int) -> Column:
    """Coerce the values that were given; the others are what the field is where it is left out."""
    given = [value for value in column if value is not MISSING]
    if field.absent is MISSING and len(given) < len(column):
        raise Unusual
    return _scattered(column, MISSING, coerce(given, depth), field.absent)


def _scattered(column: Column, gap: object, values: Iterable[Any], instead: object) -> list[Any]:
    following = iter(values)
    return [instead if value is gap else next(following) for value in column]


def _bounds(lists: Sequence[Sequence[Any]]) -> Iterable[tuple[int, int]]:
    """Return where each list starts and ends once all follow each other."""
    return pairwise(accumulate(map(len, lists), initial=0))
