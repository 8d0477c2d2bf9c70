"""A selection compiled into functions over columns."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from types import NoneType
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    is_leaf_type,
)
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path
from strawberry.types.field import StrawberryField

from schema.bulk.batched import Batch
from schema.bulk.leaves import Complete, leaf_column
from schema.bulk.objects import Column, Objects, Unusual, gather, join

Details = list[Any]
"""The places of a query that select one field: graphql-core's FieldDetails."""

DEFINITION = "strawberry-definition"
"""Where Strawberry keeps its own definition of a type or field."""

OWN_DIRECTIVES = {"skip", "include"}
_LISTS = {list, tuple, Objects}

Build = Callable[[Sequence[Column], int], Column]


class NotBulk(Exception):
    """The selection has something that only graphql-core can do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plan is at work: the executor, what a resolver is told, and the path without positions in lists."""

    executor: Any
    info: Any
    path: Path


Now = Callable[[Place, Column], Column]
Later = Callable[[Place, Column], Awaitable[Column]]


@dataclass(frozen=True, slots=True)
class Plan:
    """Completes a column: of values of one type, or for objects those of one field.

    Either way raises Unusual, or whatever a value or a resolver raises.

    Attributes:
        now: gives the completed values; None where it has to wait for a resolver.
        later: gives them when they are there.
    """

    now: Now | None = None
    later: Later | None = None


def compile_plan(
    executor: Any, kind: GraphQLOutputType, details: Details, special: Mapping[str, Complete]
) -> Plan | None:
    """Return the plan for values of a type with what is selected of them, None where only graphql-core can do it.

    special: what completes the columns of scalars, by their names.
    """
    try:
        return _Compiler(executor, special).plan(kind, details)
    except (NotBulk, RecursionError):
        return None


class _Compiler:
    """Compiles selections for one executor."""

    def __init__(self, executor: Any, special: Mapping[str, Complete]) -> None:
        self._executor = executor
        self._special = special

    def plan(self, kind: GraphQLOutputType, details: Details) -> Plan:
        nullable = not isinstance(kind, GraphQLNonNull)
        inner = kind if nullable else cast("GraphQLNonNull[Any]", kind).of_type
        if is_leaf_type(inner):
            column = leaf_column(inner, self._special, nullable=nullable)
            return Plan(lambda _, values: column(values))
        plan = self._of_list(inner, details) if isinstance(inner, GraphQLList) else self._of_object(inner, details)
        return _around(plan, _without_nulls) if nullable else plan

    def _of_list(self, kind: GraphQLList[Any], details: Details) -> Plan:
        return _around(self.plan(kind.of_type, details), _joined)

    def _of_object(self, kind: Any, details: Details) -> Plan:
        if not isinstance(kind, GraphQLObjectType) or DEFINITION not in kind.extensions:
            raise NotBulk
        grouped, deferred, forbidden = self._executor.collect_subfields(kind, details)
        if deferred or forbidden:
            raise NotBulk
        fields = [self._field(kind, name, selected) for name, selected in grouped.items()]
        return _object(fields, _type_check(kind), _constructor(tuple(grouped)))

    def _field(self, parent: GraphQLObjectType, name: str, details: Details) -> Plan:
        _check_details(details)
        node = details[0].node
        if node.name.value == "__typename":
            return _typename(parent)
        defined = parent.fields[node.name.value]
        field = defined.extensions.get(DEFINITION)
        if type(field) is not StrawberryField or field.extensions:
            raise NotBulk
        plan = self.plan(defined.type, details)
        if field.metadata.get("batched"):
            return _batched(parent, defined, name, details, plan)
        if not field.is_basic_field or field.default_resolver is not getattr:
            raise NotBulk
        return _plain(field.python_name, plan)


def _check_details(details: Details) -> None:
    for each in details:
        own = all(directive.name.value in OWN_DIRECTIVES for directive in each.node.directives or ())
        if not own or each.defer_usage or each.fragment_variable_values:
            raise NotBulk


Split = Callable[[Column], tuple[Column, Callable[[Column], Column]]]
"""Gives the values inside those of a column, and what puts them back when they are completed."""


def _around(plan: Plan, split: Split) -> Plan:
    """Return the plan for values that the values of another plan are inside of."""
    if now := plan.now:

        def complete(place: Place, values: Column) -> Column:
            inside, put_back = split(values)
            return put_back(now(place, inside))

        return Plan(now=complete)
    later = cast("Later", plan.later)

    async def wait(place: Place, values: Column) -> Column:
        inside, put_back = split(values)
        return put_back(await later(place, inside))

    return Plan(later=wait)


def _without_nulls(values: Column) -> tuple[Column, Callable[[Column], Column]]:
    known = values if type(values) is Objects else [value for value in values if value is not None]
    if len(known) == len(values):
        return values, lambda done: done

    def put_back(done: Column) -> Column:
        rest = iter(done)
        return [None if value is None else next(rest) for value in values]

    return known, put_back


def _joined(lists: Column) -> tuple[Column, Callable[[Column], Column]]:
    """Join lists to one column: to objects of one kind where they are that."""
    kinds = set(map(type, lists))
    if not kinds <= _LISTS:
        raise Unusual
    if len(lists) == 1:
        return lists[0], lambda done: [list(done)]
    items = join(lists) if kinds == {Objects} else list(chain(*lists))

    def put_back(done: Column) -> Column:
        rest = iter(done)
        return [list(islice(rest, len(each))) for each in lists]

    return items, put_back


def _object(fields: Sequence[Plan], check: Callable[[Column, Place], None], build: Build) -> Plan:
    """Return the plan for objects with these fields."""
    at_once = [field.now for field in fields]
    if None not in at_once:

        def complete(place: Place, values: Column) -> Column:
            objects = gather(values)
            check(objects, place)
            return build([now(place, objects) for now in cast("list[Now]", at_once)], len(objects))

        return Plan(now=complete)

    async def wait(place: Place, values: Column) -> Column:
        objects = gather(values)
        check(objects, place)
        columns = [now(place, objects) if now else () for now in at_once]
        done = iter(await _all([later(place, objects) for field in fields if (later := field.later)]))
        return build(
            [column if now else next(done) for now, column in zip(at_once, columns, strict=True)], len(objects)
        )

    return Plan(later=wait)


def _typename(parent: GraphQLObjectType) -> Plan:
    return Plan(lambda _, objects: [parent.name] * len(objects))


def _plain(name: str, plan: Plan) -> Plan:
    """Return the plan for a field that is an attribute of the objects."""

    def read(objects: Column) -> Column:
        if type(objects) is Objects:
            return objects.column(name) if objects.sources else ()
        return [getattr(each, name) for each in objects]

    if now := plan.now:
        return Plan(now=lambda place, objects: now(place, read(objects)))
    later = cast("Later", plan.later)

    async def wait(place: Place, objects: Column) -> Column:
        return await later(place, read(objects))

    return Plan(later=wait)


def _batched(parent: GraphQLObjectType, field: GraphQLField, name: str, details: Details, plan: Plan) -> Plan:
    """Return the plan for a field whose resolver takes all objects."""
    nodes = [each.node for each in details]

    async def wait(place: Place, objects: Column) -> Column:
        if not objects:
            return ()
        executor, path = place.executor, Path(place.path, name, parent.name)
        info = executor.build_resolve_info(field, nodes, parent, path)
        arguments = get_argument_values(field, nodes[0], executor.variable_values)
        resolve = cast("Callable[..., Awaitable[Column]]", field.resolve)
        values = await resolve(Batch(objects), info, **arguments)
        if len(values) != len(objects):
            raise Unusual
        inner = Place(executor, info, path)
        return plan.now(inner, values) if plan.now else await cast("Later", plan.later)(inner, values)

    return Plan(later=wait)


async def _all(waiting: Sequence[Awaitable[Column]]) -> Sequence[Column]:
    """Wait for all, those that fail too, and return what they give."""
    if len(waiting) == 1:
        return [await waiting[0]]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    for each in done:
        if isinstance(each, BaseException):
            raise each
    return cast("Sequence[Column]", done)


def _type_check(kind: GraphQLObjectType) -> Callable[[Column, Place], None]:
    """Return what raises Unusual for objects that graphql-core would not take for this type, or not as they are."""
    origin = kind.extensions[DEFINITION].origin
    is_type_of: Any = kind.is_type_of

    def check(objects: Column, place: Place) -> None:
        if type(objects) is Objects:
            if objects and is_type_of and not issubclass(objects.kind, origin):
                raise Unusual
            return
        for found in set(map(type, objects)):
            if found is NoneType or issubclass(found, Exception) or hasattr(found, "__await__"):
                raise Unusual
        if is_type_of and not all(is_type_of(each, place.info) is True for each in objects):
            raise Unusual

    return check


@lru_cache(1000)
def _constructor(names: tuple[str, ...]) -> Build:
    """Return a function from columns and their length to the objects of an answer: a dict with these names for each."""
    if not names:
        return lambda _, length: [{} for _ in range(length)]
    cells = [f"v{index}" for index in range(len(names))]
    pairs = ", ".join(f"{name!r}: {cell}" for name, cell in zip(names, cells, strict=True))
    text = f"lambda columns, _: [{{{pairs}}} for {', '.join(cells)}, in zip(*columns, strict=True)]"
    return cast("Build", eval(text))  # noqa: S307 - of GraphQL names, which are words
