"""JSON as engines write it."""

import json
from typing import Any

import orjson

LONGEST_INTEGER = 20
"""Digits and sign of the longest 64-bit integers."""


def parse_json(text: bytes) -> Any:
    """Return the value of UTF-8 text; NaN and Infinity are taken, too, since Python's own json module writes them.

    Raises:
        ValueError: it is no JSON; the message says why and, where the text has lines, in which one.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        reason = error
    try:
        value = json.loads(text.decode("utf-8-sig"), parse_int=_parse_integer)
        orjson.dumps(value)  # refuses what is no text, such as half of a surrogate pair
    except (ValueError, TypeError, RecursionError):
        raise ValueError(_describe(text, reason)) from reason
    return value


def _parse_integer(text: str) -> int | float:
    """Read an integer; one beyond 64 bits becomes the nearest float64, as orjson does it."""
    number = int(text) if len(text) <= LONGEST_INTEGER else float(text)
    return number if -(2**63) <= number < 2**64 else float(number)


def _describe(text: bytes, reason: orjson.JSONDecodeError) -> str:
    if not text.strip():
        return "Empty."
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return f"Not UTF-8 text: {error.reason} at byte {error.start + 1}."
    line = f"line {reason.lineno}, " if b"\n" in text.strip() else ""
    return f"Not JSON: {reason.msg} at {line}column {reason.colno}."
