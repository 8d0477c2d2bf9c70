"""When two JSON values are the same, and in which order they stand."""

from collections.abc import Hashable
from typing import Any

import orjson


def identity(value: Any) -> Hashable:
    """Return what two JSON values share if they are the same: 10 and 10.0 are, 1 and true are not."""
    if isinstance(value, dict):
        return dict, frozenset((name, identity(each)) for name, each in value.items())
    if isinstance(value, list):
        return list, tuple(map(identity, value))
    return isinstance(value, bool), value


def is_number(value: Any) -> bool:
    """Tell whether a JSON value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def order_key(value: Any) -> tuple[bool, float, str]:
    """Return the key that sorts JSON values: numbers by their size, and behind them all others as text."""
    if is_number(value):
        return False, value, ""
    return True, 0.0, value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
