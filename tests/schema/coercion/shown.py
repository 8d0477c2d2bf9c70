"""Inputs as a resolver sees them, spelled so that two of them can be compared."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

import numpy as np
from strawberry import UNSET


def show(value: Any) -> Any:
    """Return all there is to see of an input, each number and word with its type."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), [repr(each) for each in value.tolist()]]
    if value is UNSET or isinstance(value, Enum):
        return str(value)
    if is_dataclass(value):
        return {field.name: show(getattr(value, field.name)) for field in fields(value)} | {
            "kind": type(value).__name__
        }
    if isinstance(value, Mapping):
        return {repr(key): show(inner) for key, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [show(each) for each in value]
    return [type(value).__name__, repr(value)]
