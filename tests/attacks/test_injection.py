"""No text that is sent as a value is anything else than a value, in every argument of every root field."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    build_schema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from tests.attacks.innocence import check
from tests.clients.project import SCHEMA

PAYLOADS = (
    "'; DROP TABLE backtests; --",
    '" OR 1=1 --',
    "$1",
    "%s %(x)s {0} {{x}} ${x} #{x}",
    "\\'; SELECT pg_sleep(10); --",
    "\\x00\\0",
    "a\x00b",
    "<script>alert(1)</script>",
    "../../../etc/passwd",
    "\u202e\ufeff\U0010ffff",
    "\r\nSet-Cookie: a=b",
    "null",
    "__proto__",
    "x" * 20_000,
    "9" * 400,
)
HALF = '"\\ud800"'
"""Half of a surrogate pair, as JSON can have it and UTF-8 cannot."""

schema = build_schema(SCHEMA.read_text(encoding="utf-8"))
TEXTS = {"String", "ID", "DateTime", "Date", "JSON", "DateTimes", "Floats"}


def places(kind: Any, depth: int = 0) -> Iterator[Any]:
    """Yield values of an input type, each with the word PAYLOAD at one place, and the rest as small as it can be."""
    named = get_named_type(kind)
    if named.name in TEXTS:
        value: Any = "PAYLOAD"
        yield _listed(kind, value)
        if named.name == "JSON":
            yield {"PAYLOAD": "PAYLOAD"}
    elif isinstance(named, GraphQLInputObjectType) and depth < 4:
        for name, field in named.fields.items():
            for value in places(field.type, depth + 1):
                yield _listed(kind, _smallest(named) | {name: value})


def _listed(kind: Any, value: Any) -> Any:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    return [_listed(kind.of_type, value)] if isinstance(kind, GraphQLList) else value


def _smallest(kind: GraphQLInputObjectType) -> dict[str, Any]:
    return {name: _least(field.type) for name, field in kind.fields.items() if is_required_input_field(field)}


def _least(kind: Any) -> Any:
    kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(kind, GraphQLList):
        return [_least(kind.of_type)]
    if isinstance(kind, GraphQLEnumType):
        return next(iter(kind.values))
    if isinstance(kind, GraphQLInputObjectType):
        return _smallest(kind)
    return LEAST[kind.name]


LEAST: dict[str, Any] = {
    "Int": 1, "Float": 1.0, "Boolean": True, "String": "a", "ID": "01890a5d-ac96-774b-bcce-b302099a8057",
    "DateTime": "2024-01-01T00:00:00Z", "Date": "2024-01-01", "JSON": {}, "DateTimes": ["2024-01-01"], "Floats": [1.0],
}  # fmt: skip


def operation(kind: str, name: str, field: GraphQLField, argument: str) -> str:
    """Return an operation with one argument as a variable, and the others that it needs as small as they can be."""
    needed = {each: other for each, other in field.args.items() if each != argument and is_required_argument(other)}
    given = {argument: "$value"} | {each: _literal(_least(other.type)) for each, other in needed.items()}
    arguments = ", ".join(f"{each}: {value}" for each, value in given.items())
    return f"{kind}($value: {field.args[argument].type}) {{ {name}({arguments}) {selection(field)} }}"


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    is_enum = isinstance(value, str) and value.isupper()
    return value if is_enum else json.dumps(value)


def selection(field: GraphQLField) -> str:
    kind = get_named_type(field.type)
    return (
        "{ __typename errors { code message path } }" if "errors" in getattr(kind, "fields", {}) else "{ __typename }"
    )


def cases() -> Iterator[Any]:
    for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type)):
        assert isinstance(root, GraphQLObjectType)
        for name, field in root.fields.items():
            for argument, place in field.args.items():
                found = list(places(place.type))
                if found:
                    yield pytest.param(operation(kind, name, field, argument), found, id=f"{name}.{argument}")


@pytest.mark.parametrize(("query", "values"), list(cases()))
def test_a_text_is_never_more_than_a_text(http: httpx.Client, query: str, values: list[Any]) -> None:
    for number, value in enumerate(values):
        template = json.dumps({"query": query, "variables": {"value": value}})
        payloads = [json.dumps(payload) for payload in PAYLOADS[number % 8 :: 8]] + [HALF]
        for payload in payloads:
            body = template.replace('"PAYLOAD"', payload)
            response = http.post("/graphql", content=body, headers={"content-type": "application/json"})
            check(response, sent=payload.strip('"'))
