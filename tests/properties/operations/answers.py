"""What an operation answers, and whether two executions answer the same."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from tests.properties.operations.operation import Operation

ENCODING = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z
"""As the endpoint writes answers."""
_ADDRESS = re.compile(r"0x[0-9a-f]+")

Errors = Counter[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of the data, which keep the order of keys, and the errors, each with the one behind it."""

    data: bytes
    errors: Errors = field(default_factory=Counter)

    def __str__(self) -> str:
        lines = [self.data.decode(errors="replace"), *sorted(self.errors.elements())]
        return "\n".join(line[:2000] for line in lines)


class AllErrors(StrawberryGraphQLCoreExecutionContext):
    """Executes as graphql-core does, but a null stops at its own place: so each error shows.

    Where several fields fail below a null, the first one to fail is told: which one that is depends on the time that
    each takes. What any of them may tell is told here.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.error_propagation = False


@dataclass(frozen=True, slots=True)
class Side:
    """One way to execute: a schema with what each operation is given, and another executor than the schema's own."""

    schema: strawberry.Schema
    context: Callable[[], Any]
    root: Any = None
    executor: Any = None

    async def ask(self, operation: Operation) -> Answer:
        """Return the answer, or the error that the door would see instead of one."""
        own = self.schema.execution_context_class
        self.schema.execution_context_class = self.executor or own
        try:
            result = await self.schema.execute(
                operation.query,
                variable_values=operation.variables,
                operation_name=operation.name,
                context_value=self.context(),
                root_value=self.root,
            )
            return Answer(orjson.dumps(result.data, option=ENCODING), Counter(map(_write, result.errors or ())))
        except (TypeError, ValueError) as error:
            return Answer(b"", Counter([f"{type(error).__name__}: {error}"]))
        finally:
            self.schema.execution_context_class = own


async def differ(plain: Side, other: Side, operation: Operation, *, racing: bool = True) -> str:
    """Return what two sides answer where it is not the same, else nothing.

    racing: whether fields wait for something, so that which of them fails first is not settled.
    """
    expected, answer = await plain.ask(operation), await other.ask(operation)
    if answer == expected or (racing and await may_be(plain, operation, expected, answer)):
        return ""
    return f"expected: {expected}\nanswered: {answer}"


async def may_be(plain: Side, operation: Operation, expected: Answer, answer: Answer) -> bool:
    """Tell whether an answer is right, too: other errors because other fields were the first to fail below a null."""
    if answer == expected:
        return True
    if not answer.data or answer.data != expected.data or "mutation" in operation.query:
        return False
    possible = await replace(plain, executor=AllErrors).ask(operation)
    return _nulls(expected) == _nulls(answer) and answer.errors <= possible.errors


def _nulls(answer: Answer) -> set[tuple[Any, ...]]:
    """Return the places in the data that errors made null."""
    data = orjson.loads(answer.data)
    return {_null_above(data, orjson.loads(error)["path"] or []) for error in answer.errors}


def _null_above(data: Any, path: list[Any]) -> tuple[Any, ...]:
    for depth, key in enumerate(path):
        if data is None:
            return tuple(path[:depth])
        data = data[key]
    return tuple(path)


def _write(error: GraphQLError) -> str:
    causes = [_ADDRESS.sub("0x", f"{type(each).__name__}: {each}") for each in _causes(error)]
    return orjson.dumps({"path": error.path, **error.formatted, "causes": causes}, option=orjson.OPT_SORT_KEYS).decode()


def _causes(error: GraphQLError) -> Iterator[BaseException]:
    cause = error.original_error
    while cause is not None:
        yield cause
        cause = cause.original_error if isinstance(cause, GraphQLError) else None
