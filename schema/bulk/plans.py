"""A selection compiled into functions over columns."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from types import NoneType
from typing import Any, cast

from graphql import (
    GraphQLField,
    GraphQLLeafType,
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
from schema.bulk.leaves import Complete, Unusual, leaf_column
from schema.bulk.objects import Column, Objects, gather

Details = list[Any]
"""The places of a query that select one field: graphql-core's FieldDetails."""

DEFINITION = "strawberry-definition"
"""Where Strawberry keeps its own definition of a type or field."""

OWN_DIRECTIVES = {"skip", "include"}
_LISTS = {list, tuple, Objects}


class NotBulk(Exception):
    """The selection has something that only graphql-core can do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plan is at work: the executor, what a resolver is told, and the path without positions in lists."""

    executor: Any
    info: Any
    path: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """Completes a column: of values of one type, or for objects those of one field.

    Attributes:
        complete: gives the completed values. Raises Unusual, or whatever a value or a resolver raises.
        waits: whether it may have to wait; else the coroutine ends without.
    """

    complete: Callable[[Place, Column], Coroutine[Any, Any, Column]]
    waits: bool = False


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
            return _of_leaf(self._leaf(inner, nullable=nullable))
        plan = self._of_list(inner, details) if isinstance(inner, GraphQLList) else self._of_object(inner, details)
        return _nullable(plan) if nullable else plan

    def _leaf(self, kind: GraphQLLeafType, *, nullable: bool) -> Callable[[Column], Column]:
        return leaf_column(kind, self._special, nullable=nullable)

    def _of_list(self, kind: GraphQLList[Any], details: Details) -> Plan:
        items = self.plan(kind.of_type, details)

        async def complete(place: Place, values: Column) -> Column:
            if not set(map(type, values)) <= _LISTS:
                raise Unusual
            rest = iter(await items.complete(place, _join(values)))
            return [list(islice(rest, len(each))) for each in values]

        return Plan(complete, items.waits)

    def _of_object(self, kind: Any, details: Details) -> Plan:
        if not isinstance(kind, GraphQLObjectType) or DEFINITION not in kind.extensions:
            raise NotBulk
        grouped, deferred, forbidden = self._executor.collect_subfields(kind, details)
        if deferred or forbidden:
            raise NotBulk
        fields = [self._field(kind, name, selected) for name, selected in grouped.items()]
        build = _constructor(tuple(grouped))
        check = _type_check(kind)
        waiting = [index for index, field in enumerate(fields) if field.waits]

        async def complete(place: Place, values: Column) -> Column:
            objects = gather(values)
            check(objects, place)
            columns = [() if field.waits else await field.complete(place, objects) for field in fields]
            for index, column in zip(
                waiting, await _all([fields[each].complete(place, objects) for each in waiting]), strict=True
            ):
                columns[index] = column
            return build(columns) if columns else [{} for _ in objects]

        return Plan(complete, bool(waiting))

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


def _of_leaf(column: Callable[[Column], Column]) -> Plan:
    async def complete(_place: Place, values: Column) -> Column:
        return column(values)

    return Plan(complete)


def _nullable(plan: Plan) -> Plan:
    async def complete(place: Place, values: Column) -> Column:
        known = values if isinstance(values, Objects) else [value for value in values if value is not None]
        done = await plan.complete(place, known)
        if len(known) == len(values):
            return done
        rest = iter(done)
        return [None if value is None else next(rest) for value in values]

    return Plan(complete, plan.waits)


def _join(lists: Sequence[Any]) -> Column:
    """Return the items of all lists, as one column of objects where they are of one kind."""
    if len(lists) == 1:
        return cast("Column", lists[0])
    if not all(isinstance(each, Objects) for each in lists):
        return list(chain.from_iterable(lists))
    kinds = {each.kind for each in lists if len(each)}
    if len(kinds) > 1:
        raise Unusual
    return Objects(kinds.pop() if kinds else None, list(chain.from_iterable(each.sources for each in lists)))


def _typename(parent: GraphQLObjectType) -> Plan:
    async def complete(_place: Place, objects: Column) -> Column:
        return [parent.name] * len(objects)

    return Plan(complete, waits=False)


def _plain(name: str, plan: Plan) -> Plan:
    async def complete(place: Place, objects: Column) -> Column:
        if isinstance(objects, Objects):
            return await plan.complete(place, objects.column(name) if objects else ())
        return await plan.complete(place, [getattr(each, name) for each in objects])

    return Plan(complete, plan.waits)


def _batched(parent: GraphQLObjectType, field: GraphQLField, name: str, details: Details, plan: Plan) -> Plan:
    nodes = [each.node for each in details]

    async def complete(place: Place, objects: Column) -> Column:
        if not objects:
            return ()
        executor, path = place.executor, Path(place.path, name, parent.name)
        info = executor.build_resolve_info(field, nodes, parent, path)
        arguments = get_argument_values(field, nodes[0], executor.variable_values)
        resolve = cast("Callable[..., Awaitable[Column]]", field.resolve)
        values = await resolve(Batch(objects), info, **arguments)
        if len(values) != len(objects):
            raise Unusual
        return await plan.complete(Place(executor, info, path), values)

    return Plan(complete, waits=True)


async def _all(waiting: Sequence[Awaitable[Column]]) -> Sequence[Column]:
    """Wait for all, those that fail too, and return what they give."""
    if len(waiting) <= 1:
        return [await each for each in waiting]
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
        if isinstance(objects, Objects):
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
def _constructor(names: tuple[str, ...]) -> Callable[[Sequence[Column]], Column]:
    """Return a function from columns to the objects of an answer, a dict with these names for each row."""
    if not names:
        return lambda _: []
    cells = [f"v{index}" for index in range(len(names))]
    pairs = ", ".join(f"{name!r}: {cell}" for name, cell in zip(names, cells, strict=True))
    text = f"lambda columns: [{{{pairs}}} for {', '.join(cells)}, in zip(*columns, strict=True)]"
    return cast("Callable[[Sequence[Column]], Column]", eval(text))  # noqa: S307 - of GraphQL names, which are words
