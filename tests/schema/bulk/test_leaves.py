"""Columns of scalars that are serialized value by value, and values that are none."""

from decimal import Decimal
from typing import Any

import pytest
import strawberry

from schema.bulk import BulkExecutor


@strawberry.type
class Price:
    amount: Decimal | None


def make_schema(amounts: list[Any], executor: Any) -> strawberry.Schema:
    """Return a schema with these amounts."""

    @strawberry.type
    class Query:
        @strawberry.field
        def prices(self) -> list[Price]:
            return [Price(amount=amount) for amount in amounts]

    return strawberry.Schema(query=Query, execution_context_class=executor)


async def later() -> Decimal:
    return Decimal("2.5")


@pytest.mark.parametrize(
    ("unusual", "expected"),
    [(lambda: ValueError("torn"), [None, "torn"]), (later, ["2.5", None]), (lambda: None, [None, None])],
)
async def test_an_error_or_something_to_wait_for_is_no_value(unusual: Any, expected: list[str | None]) -> None:
    value, message = expected
    for executor in (BulkExecutor, None):
        schema = make_schema([Decimal("1.5"), unusual()], executor)
        result = await schema.execute("{ prices { amount } }")
        assert result.data == {"prices": [{"amount": "1.5"}, {"amount": value}]}
        assert [error.message for error in result.errors or ()] == ([message] if message else [])
