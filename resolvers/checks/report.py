"""What is found while one draft is checked, and the checks of single values."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import numpy as np

from resolvers.checks.sound import DEEPEST, is_sound_object, is_storable
from resolvers.importers.drafts import Notice, Path, Places, Problem
from resolvers.importers.numbers import Numbers

MOST_PROBLEMS = 100
"""More than these are not listed: a reader mends the first and tries again."""
LARGEST_COUNT = 2**31 - 1


class Report:
    """Collects problems and notices, each with the path of the field in the sender's own words."""

    def __init__(self, places: Places, notices: Sequence[Notice] = ()) -> None:
        self.places = places
        self.problems: list[Problem] = []
        self.notices: list[Notice] = list(notices)

    def invalid(self, path: Path, message: str, code: Literal["INVALID", "TOO_LARGE"] = "INVALID") -> None:
        """Note something that cannot be taken."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(message, path, code))

    def notice(self, code: Literal["NON_FINITE", "SIGN", "ASSUMED"], path: Path, message: str) -> None:
        """Note something that was changed."""
        self.notices.append(Notice(code, message, path))

    def id(self, given: str | None, path: Path) -> UUID | None:
        """Return a client-chosen id, or None where none was given or it is not a UUID in canonical form."""
        if given is None:
            return None
        try:
            found = UUID(given)
        except ValueError:
            found = None
        if found is None or str(found) != given.lower():
            self.invalid(path, f"{given[:60]!r} is not a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057.")
            return None
        return found

    def text(self, given: str | None, path: Path, *, most: int) -> str | None:
        """Return a text as it is, if it can be stored."""
        if given is None:
            return None
        self._storable(given, path)
        if len(given) > most:
            self.invalid(path, f"A text of {len(given)} characters; at most {most} are taken.")
        return given

    def name(self, given: str, path: Path, *, most: int) -> str:
        """Return a name without the white space around it; it must not be empty."""
        name = given.strip()
        if not name:
            self.invalid(path, "Must not be empty.")
        self.text(name, path, most=most)
        return name

    def number(self, given: float | None, path: Path) -> float | None:
        """Return a number, or None with a notice where it is not finite."""
        if given is None or math.isfinite(given):
            return given
        self.notice("NON_FINITE", path, f"{given} is not a finite number and was stored as null.")
        return None

    def drawdown(self, given: float | None, path: Path) -> float | None:
        """Return a drawdown with the sign of ours: never above zero."""
        number = self.number(given, path)
        if number is None or number <= 0:
            return number
        self.notice("SIGN", path, f"A drawdown is never positive: {number} was stored as {-number}.")
        return -number

    def fraction(self, given: float | None, path: Path, what: str) -> float | None:
        """Return a share of 0 to 1."""
        number = self.number(given, path)
        if number is not None and not 0 <= number <= 1:
            hint = f", a fraction: {number / 100:.12g}" if 1 < number <= 100 else ""  # noqa: PLR2004
            self.invalid(path, f"{what} must be between 0 and 1{hint}; {number:g} was given.")
        return number

    def count(self, given: int | None, path: Path) -> int | None:
        """Return a number of things."""
        if given is not None and not 0 <= given <= LARGEST_COUNT:
            self.invalid(path, f"A number of things must be between 0 and {LARGEST_COUNT}; {given} was given.")
        return given

    def numbers(self, given: Numbers, path: Path, row: Path) -> Numbers:
        """Return a column as it is; one notice tells of all its non-finite values. row is the path of the first."""
        if len(given.non_finite):
            others = f" (and {len(given.non_finite) - 1} more)" if len(given.non_finite) > 1 else ""
            self.notice("NON_FINITE", row or path, f"Not a finite number{others}: stored as null.")
        return given

    def json_object(self, given: Any, path: Path) -> dict[str, Any]:
        """Return a JSON object that can be stored; null is an empty one."""
        if given is None:
            return {}
        if is_sound_object(given):
            found: dict[str, Any] = given
            return found
        if not isinstance(given, Mapping):
            self.invalid(path, "Must be an object with a value for each name.")
            return {}
        cleaned: dict[str, Any] = self._json(given, path, 0)
        return cleaned

    def _json(self, given: Any, path: Path, depth: int) -> Any:
        if depth > DEEPEST:
            self.invalid(path[:12], f"Nested deeper than {DEEPEST} levels.")
            return None
        match given:
            case Mapping():
                for key in given:
                    self._storable(key, path)
                return {key: self._json(value, (*path, key), depth + 1) for key, value in given.items()}
            case list() | tuple():
                return [self._json(value, (*path, str(index)), depth + 1) for index, value in enumerate(given)]
            case str():
                self._storable(given, path)
            case float():
                return self.number(given, path)
            case int():
                return self._integer(given, path)
        return given

    def _integer(self, given: int, path: Path) -> float | None:
        """Return an integer; one beyond 64 bits as the nearest float64, as JSON readers do."""
        if -(2**63) <= given < 2**64:
            return given
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        return self.number(number, path)

    def _storable(self, text: str, path: Path) -> None:
        if not is_storable(text):
            self.invalid(path, "Holds a null character or half of a surrogate pair, which no text can hold.")


def first_index(flags: np.typing.NDArray[np.bool_]) -> int | None:
    """Return the position of the first true flag, if any."""
    return int(np.argmax(flags)) if flags.any() else None


def camel(name: str) -> str:
    """Return a column's name as GraphQL spells it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
