"""Drafts as JSON that a person can check."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resolvers.importers.drafts import NO_TIME, Places, Source
from resolvers.importers.numbers import Numbers


def spell_times(times: NDArray[np.int64]) -> list[str | None]:
    return [
        None if time == NO_TIME else np.datetime_as_string(np.datetime64(time, "us"), unit="auto")
        for time in times.tolist()
    ]


def spell_numbers(numbers: Numbers) -> list[Any]:
    values: list[Any] = [None if value != value else value for value in numbers.values.tolist()]  # noqa: PLR0124 - NaN
    for index in numbers.non_finite.tolist():
        values[index] = "non-finite"
    return values


def spell_places(places: Places) -> dict[str, str]:
    """Leave out the fields that stand under their own names."""
    words = {name: "/".join(path) for name, path in places.words.items()}
    own = {name: word for name, word in words.items() if word != name.replace(".", "/")}
    return {"root": "/".join(places.root), **own}


def spell(value: Any) -> Any:
    match value:
        case Places():
            return spell_places(value)
        case Source():
            return f"{value.format} {value.kind}"
        case Numbers():
            return spell_numbers(value)
        case np.ndarray():
            return spell_times(value)
        case date():
            return value.isoformat()
    return spell_inside(value)


def spell_inside(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: spell(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: spell(inner) for key, inner in value.items()}
    return [spell(inner) for inner in value] if isinstance(value, list | tuple) else value
