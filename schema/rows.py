"""From rows to GraphQL objects."""

import dataclasses
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from resolvers.backtests import load_backtests
from resolvers.store.database import Row
from schema.context import Info

if TYPE_CHECKING:
    from collections.abc import Hashable
    from uuid import UUID

    from schema.backtests import Backtest

T = TypeVar("T")


def read(kind: type[T], row: Row, **own: Any) -> T:
    """Return an object of a type, each field from the column of its name or else from `own`."""
    return kind(**own, **{name: row[name] for name in _columns(cast("Hashable", kind)) if name not in own})


@cache
def _columns(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


async def load_owner(info: Info, backtest_id: "UUID") -> "Backtest":
    """Return the run that something belongs to."""
    from schema.backtests import read_backtest  # noqa: PLC0415 - runs know their trades, trades their run: one is late

    return read_backtest(await info.context.load(load_backtests, backtest_id))
