"""Quick looks at values: what is sound needs no path, no message and no copy.

Nearly everything is sound. What is not may still be taken: the checks of `Report` decide, and name it.
"""

from math import isfinite
from typing import Any

DEEPEST = 100
"""Levels of objects and lists inside a JSON value."""
_WHOLE = (-(2**63), 2**64)
"""Whole numbers of 64 bits, from and to below."""


def is_storable(text: str) -> bool:
    """Tell whether a text holds neither a null character nor half of a surrogate pair, which no stored text can."""
    if text.isprintable():
        return True
    try:
        return "\x00" not in text and bool(text.encode())
    except UnicodeEncodeError:
        return False


def is_sound_object(given: Any) -> bool:
    """Tell whether a JSON object can be stored as it is."""
    return type(given) is dict and _is_sound(given, 0)


def _is_sound(given: Any, depth: int) -> bool:
    kind = type(given)
    if kind is str:
        return is_storable(given)
    if kind is float:
        return isfinite(given)
    if kind is int:
        return _WHOLE[0] <= given < _WHOLE[1]
    if kind is dict:
        return depth < DEEPEST and all(
            type(key) is str and is_storable(key) and _is_sound(value, depth + 1) for key, value in given.items()
        )
    if kind is list:
        return depth < DEEPEST and all(_is_sound(value, depth + 1) for value in given)
    return given is None or kind is bool
