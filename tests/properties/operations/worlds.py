"""Random small schemas with objects to ask for: every kind of field, and values that fit or do not."""

import asyncio
import inspect
import random
import types
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Union

import strawberry
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import FieldExtension, SchemaExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from schema.bulk import Batches, Documents, batched
from tests.properties.operations.answers import Side
from tests.properties.operations.values import LEAVES, Later, Odd, Raise, Stream, Walk, write_odd

OBJECTS = 4
"""Of each type."""


class OddParents(BasePermission):
    message = "Only odd parents are shown."

    def has_permission(self, source: Any, *_: Any, **__: Any) -> bool:
        return bool(source.position % 2)


class LateOddParents(BasePermission):
    message = "Only odd parents are shown, later."

    async def has_permission(self, source: Any, *_: Any, **__: Any) -> bool:
        await asyncio.sleep(0)
        return bool(source.position % 2)


class Marked(FieldExtension):
    """Marks texts, to show that it ran."""

    def resolve(self, next_: Any, source: Any, info: strawberry.Info, **given: Any) -> Any:
        value = next_(source, info, **given)
        return f"{value}!" if isinstance(value, str) else value

    async def resolve_async(self, next_: Any, source: Any, info: strawberry.Info, **given: Any) -> Any:
        value = await next_(source, info, **given)
        return f"{value}!" if isinstance(value, str) else value


class Watching(SchemaExtension):
    """Marks what stands in some fields, to show that it ran around every field."""

    def resolve(self, _next: Any, root: Any, info: Any, *given: Any, **named: Any) -> Any:
        value = _next(root, info, *given, **named)
        return f"{value}?" if isinstance(value, str) and info.field_name.endswith("1") else value


@strawberry.directive(locations=[DirectiveLocation.FIELD])
def loud(value: DirectiveValue[Any], times: int = 1) -> Any:
    if times < 0:
        raise ValueError("Nothing is that quiet.")
    return value.upper() * min(times, 3) if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Kind:
    """The type of a field: a leaf or object type, in so many lists; at each level it may be null or not."""

    inner: Any
    nullable: tuple[bool, ...]
    """From the outermost level to the inner type."""

    @property
    def annotation(self) -> Any:
        made: Any = self.inner
        for depth, nullable in enumerate(reversed(self.nullable)):
            made = types.GenericAlias(list, (made,)) if depth else made
            made = made | None if nullable else made
        return made


@dataclass(slots=True)
class World:
    """One random schema and its objects, the same for the same seed."""

    seed: str
    waits: bool = field(init=False)
    """Whether any of its fields waits for something."""
    query: Any = field(init=False)
    root: Any = field(init=False)
    _dice: random.Random = field(init=False)
    _made: list[Any] = field(init=False, default_factory=list)
    _fields: dict[Any, dict[str, Kind]] = field(init=False, default_factory=dict)
    _objects: dict[Any, list[Any]] = field(init=False, default_factory=dict)
    _wrongness: float = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)
        self.waits = self._dice.random() < 0.6
        self._wrongness = self._dice.choice((0.0, 0.02, 0.1, 0.3))
        interface = self._class("Named", (), strawberry.interface)
        for number in range(self._dice.randrange(3, 6)):
            parents = (interface,) if number == 0 or self._dice.random() < 0.5 else ()
            self._made.append(self._class(f"Thing{number}", parents, strawberry.type))
        self._made.append(interface)
        self._made.append(Annotated[Union[*self._objects_types()], strawberry.union("Any")])
        self.query = self._class("Query", (), strawberry.type)
        for made in self._fields:
            self._objects[made] = [object.__new__(made) for _ in range(OBJECTS)]
        for made, objects in self._objects.items():
            for position, each in enumerate(objects):
                self._furnish(made, each, position)
        self.root = self._objects[self.query][0]

    def side(self, executor: Any = None) -> Side:
        """Return a way to ask this world."""
        dice = random.Random(self.seed)
        schema = strawberry.Schema(
            query=self.query,
            types=self._objects_types(),
            directives=[loud] if dice.random() < 0.15 else [],
            extensions=[*([Watching] if dice.random() < 0.2 else []), *([Documents] if dice.random() < 0.5 else [])],
            execution_context_class=executor,
            config=StrawberryConfig(scalar_map={Odd: strawberry.scalar(name="Odd", serialize=write_odd)}),
        )
        return Side(schema, lambda: types.SimpleNamespace(batches=Batches()), self.root)

    def _objects_types(self) -> list[Any]:
        return [each for each in self._made if isinstance(each, type) and each.__name__.startswith("Thing")]

    def _class(self, name: str, parents: tuple[Any, ...], decorate: Callable[[Any], Any]) -> Any:
        dice = self._dice
        is_root = name == "Query"
        count = dice.randrange(8, 13) if is_root else dice.randrange(3, 8)
        kinds = {f"f{number}_{name.lower()}": self._kind(is_root=is_root) for number in range(count)}
        members = {each: self._member(each, kind, is_root=is_root) for each, kind in kinds.items()}
        annotations = {each: kind.annotation for each, kind in kinds.items() if members[each] is None}
        own = {each: made for each, made in members.items() if made is not None}
        made = decorate(type(name, parents, {"__annotations__": annotations, "__module__": __name__, **own}))
        self._fields[made] = {each: kind for parent in parents for each, kind in self._fields[parent].items()} | kinds
        return made

    def _kind(self, *, is_root: bool) -> Kind:
        """Return a kind of field; those of the root are null more often, so that an error does not take all."""
        dice = self._dice
        inner = dice.choice(self._made) if self._made and dice.random() < 0.45 else dice.choice(list(LEAVES))
        nullable = [dice.random() < 0.4 for _ in range(dice.choice((1, 1, 1, 2, 2, 3)))]
        nullable[0] = nullable[0] or (is_root and dice.random() < 0.8)
        return Kind(inner, tuple(nullable))

    def _member(self, name: str, kind: Kind, *, is_root: bool) -> Any:
        """Return a field with a resolver, or None for a plain one."""
        dice = self._dice
        if dice.random() < 0.55:
            return None
        permissions: list[Any] = [OddParents] if dice.random() < 0.2 and not is_root else []
        if self.waits and dice.random() < 0.1 and not is_root:
            permissions.append(LateOddParents)
        extensions: list[FieldExtension] = [Marked()] if dice.random() < 0.2 else []
        if self.waits and dice.random() < 0.3 and not is_root:
            return batched(description="For many.")(_for_many(name, kind.annotation))
        resolver = dice.choice((_later, _now, _with_arguments) if self.waits else (_now, _with_arguments))
        return strawberry.field(
            resolver=resolver(name, kind.annotation), permission_classes=permissions, extensions=extensions
        )

    def _furnish(self, made: Any, each: Any, position: int) -> None:
        each.position = position
        each.hidden = {}
        for name, kind in self._fields[made].items():
            value = self._value(kind, 0)
            if isinstance(getattr(made, name, None), property | type(None)) or name in made.__annotations__:
                setattr(each, name, value)
            each.hidden[name] = value

    def _value(self, kind: Kind, depth: int) -> Any:
        dice = self._dice
        if dice.random() < (0.15 if kind.nullable[depth] else 0.2 * self._wrongness):
            return None
        if dice.random() < 0.3 * self._wrongness:
            return self._wrong()
        if depth + 1 < len(kind.nullable):
            values = [self._value(kind, depth + 1) for _ in range(dice.choice((0, 1, 2, 3, 5)))]
            return values if dice.random() < 0.8 else dice.choice((tuple, deque, list, Walk))(values)
        if kind.inner in LEAVES:
            right = LEAVES[kind.inner]
            return dice.choice(right if dice.random() < self._wrongness else right[: 1 + len(right) // 3])
        fitting = [each for made in self._fitting(kind.inner) for each in self._objects[made]]
        return dice.choice(fitting)

    def _fitting(self, inner: Any) -> list[Any]:
        things = self._objects_types()
        if not isinstance(inner, type):
            return things
        return [each for each in things if issubclass(each, inner)] or [inner]

    def _wrong(self) -> Any:
        dice = self._dice
        wrong = [ValueError("A value that is an error."), Raise("Raised."), "text", 5, {}, [None], [[1]], object]
        wrong += [dice.choice(dice.choice(list(self._objects.values())))]
        wrong += [Later(1), Later(ValueError("Late.")), Later(None), Stream([1, None])] if self.waits else []
        return dice.choice(wrong)


def _given(source: Any, name: str) -> Any:
    value = source.hidden[name]
    if isinstance(value, Raise):
        raise value
    return value


def _now(name: str, annotation: Any) -> Callable[..., Any]:
    def resolve(self: Any) -> Any:
        return _given(self, name)

    resolve.__annotations__ = {"return": annotation}
    return resolve


def _later(name: str, annotation: Any) -> Callable[..., Awaitable[Any]]:
    async def resolve(self: Any) -> Any:
        await asyncio.sleep(0)
        return _given(self, name)

    resolve.__annotations__ = {"return": annotation}
    return resolve


def _for_many(name: str, annotation: Any) -> Callable[..., Any]:
    async def resolve(things: Any, info: Any, at: Any = 0) -> Any:
        await asyncio.sleep(0)
        if at < 0:
            raise ValueError(f"Nothing is at {at}.")
        return [_given(each, name) for each in things]

    parameters = [
        inspect.Parameter("things", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Any),
        inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info),
        inspect.Parameter("at", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=int, default=0),
    ]
    made: Any = resolve
    made.__signature__ = inspect.Signature(parameters, return_annotation=Sequence[annotation])
    return resolve


def _with_arguments(name: str, annotation: Any) -> Callable[..., Any]:
    def resolve(self: Any, info: Any, at: Any = 0, word: Any = "") -> Any:
        if at < 0 or word == "%":
            raise ValueError(f"Nothing is at {at}, {word!r}.")
        return f"{word}{info.path.key}" if word and annotation is str else _given(self, name)

    resolve.__annotations__ = {"info": strawberry.Info, "at": int, "word": str | None, "return": annotation}
    return resolve
