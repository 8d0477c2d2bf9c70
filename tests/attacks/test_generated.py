"""Whatever the schema allows to be asked is answered, or refused for a reason that is told."""

from typing import Any

import httpx
import hypothesis
import schemathesis
from graphql import (
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    StringValueNode,
    ValueNode,
)
from hypothesis import HealthCheck
from hypothesis import strategies as st

from tests.attacks.innocence import check
from tests.clients.project import SCHEMA
from tests.properties.profiles import examples

OPERATIONS = 300
"""How many are generated in all, as many for each root field."""

Nodes = st.SearchStrategy[Any]

numbers: Nodes = st.one_of(
    st.integers().map(lambda value: IntValueNode(value=str(value))),
    st.floats(allow_nan=False, allow_infinity=False).map(lambda value: FloatValueNode(value=repr(value))),
)
texts: Nodes = st.text(max_size=20).map(lambda value: StringValueNode(value=value))


def lists(values: Nodes, most: int = 5) -> Nodes:
    return st.lists(values, max_size=most).map(lambda found: ListValueNode(values=tuple(found)))


def objects(values: Nodes) -> Nodes:
    return st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), values, max_size=4).map(_object)


def _object(fields: dict[str, ValueNode]) -> ObjectValueNode:
    return ObjectValueNode(
        fields=tuple(ObjectFieldNode(name=NameNode(value=name), value=value) for name, value in fields.items())
    )


instants: Nodes = st.one_of(
    st.datetimes().map(lambda value: StringValueNode(value=value.isoformat() + "Z")),
    st.dates().map(lambda value: StringValueNode(value=value.isoformat())),
    texts,
)
SCALARS = {
    "DateTime": instants,
    "Date": st.dates().map(lambda value: StringValueNode(value=value.isoformat())) | texts,
    "Floats": lists(numbers | st.just(NullValueNode()), 20),
    "DateTimes": lists(instants, 20),
    "JSON": st.recursive(numbers | texts, lambda values: lists(values) | objects(values), max_leaves=8),
}
for _name, _values in SCALARS.items():
    schemathesis.graphql.scalar(_name, _values)

schema = schemathesis.graphql.from_path(str(SCHEMA))
FIELDS = len(list(schema.get_all_operations()))


@schema.parametrize()
@hypothesis.settings(examples(-(-OPERATIONS // FIELDS)), suppress_health_check=list(HealthCheck))
def test_a_generated_operation_is_no_error_of_ours(http: httpx.Client, case: schemathesis.Case[Any]) -> None:
    check(http.post("/graphql", json={"query": case.body}), sent=str(case.body))
