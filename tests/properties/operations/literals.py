"""Input values: Python's own for JSON, with words of enums and variables among them."""

import json
import math
from dataclasses import dataclass
from typing import Any


class Word(str):
    """A value of an enum: a bare name in a document, a text in JSON."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Variable:
    """Stands for a variable of the operation."""

    name: str


def write_literal(value: Any) -> str:
    """Return a value as it stands in a document."""
    if isinstance(value, Variable):
        return f"${value.name}"
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {write_literal(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(write_literal, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return "1e999" if value > 0 else "-1e999"
    return json.dumps(value, ensure_ascii=False)


def write_arguments(arguments: dict[str, Any]) -> str:
    """Return arguments with their brackets, nothing where there are none."""
    return "(" + write_literal(arguments)[1:-1] + ")" if arguments else ""


def holds_variables(value: Any) -> bool:
    """Tell whether a variable stands anywhere in a value."""
    if isinstance(value, dict):
        return any(map(holds_variables, value.values()))
    return any(map(holds_variables, value)) if isinstance(value, list) else isinstance(value, Variable)


def fits_a_document(value: Any) -> bool:
    """Tell whether a value can be written as a literal: keys of objects are names there, and NaN has no form."""
    if isinstance(value, dict):
        return all(_is_name(name) and fits_a_document(each) for name, each in value.items())
    if isinstance(value, list):
        return all(map(fits_a_document, value))
    return not (isinstance(value, float) and math.isnan(value))


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier()
