"""Quick looks at values: what is sound needs no path, no message and no copy.

Nearly everything is sound. What is not may still be taken: the checks of `Report` decide, and name it.
"""

from collections.abc import Callable
from math import isfinite
from types import NoneType
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
    look = _LOOKS.get(type(given))
    return look is not None and depth <= DEEPEST and look(given, depth + 1)


_LOOKS: dict[type, Callable[[Any, int], bool]] = {
    str: lambda text, _: is_storable(text),
    float: lambda number, _: isfinite(number),
    int: lambda number, _: _WHOLE[0] <= number < _WHOLE[1],
    bool: lambda _, __: True,
    NoneType: lambda _, __: True,
    list: lambda values, depth: all(_is_sound(value, depth) for value in values),
    dict: lambda values, depth: all(
        type(key) is str and is_storable(key) and _is_sound(value, depth) for key, value in values.items()
    ),
}
