"""Typed values out of a foreign document; everything at fault is collected, not only the first."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from resolvers.importers.drafts import DocumentError, Instants, Notice, Path, Problem
from resolvers.importers.numbers import Numbers, parse_number, read_numbers
from resolvers.importers.quoting import quote
from resolvers.importers.times import TimeError, has_time_of_day, parse_date, read_times

MOST = 100
"""So many problems and so many notices of one document are told."""

Cast = Callable[[Any], Any]
"""Turns a value of the document into ours, or raises ValueError with what is wrong with it."""


class NonFiniteCount(ValueError):
    """A count is NaN or infinite."""


@dataclass(slots=True)
class Reader:
    """Collects what is wrong and what was changed while one document is read; paths start at its root."""

    root: Path
    problems: list[Problem] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    said: set[Hashable] = field(default_factory=set)
    unsaid: int = 0

    def refuse(self, message: str, path: Path) -> None:
        """Note something that cannot be taken."""
        if len(self.problems) < MOST:
            self.problems.append(Problem(message, (*self.root, *path)))

    def warn(
        self, code: Literal["NON_FINITE", "UNKNOWN_FIELD", "ASSUMED"], message: str, path: Path, once: Hashable = None
    ) -> None:
        """Note something that was accepted but changed; what is said once for all rows has the same word as once."""
        if once is not None and once in self.said:
            return
        self.said.add(once)
        if len(self.notices) < MOST:
            self.notices.append(Notice(code, message, (*self.root, *path)))
        else:
            self.unsaid += 1

    def take(self, cast: Cast, value: Any, path: Path) -> Any:
        """Return the value in our type, or None where it is at fault."""
        try:
            return cast(value)
        except NonFiniteCount:
            self.warn("NON_FINITE", f"{quote(value)} is not a count; it is stored as null.", path)
        except ValueError as error:
            self.refuse(str(error), path)
        return None

    def numbers(self, given: Sequence[object], place: Callable[[int], Path]) -> Numbers:
        """Read a column of numbers; place tells where each stands."""
        numbers, bad = read_numbers(given)
        for index in bad[:MOST]:
            self.refuse(f"{quote(given[index])} is not a number.", place(index))
        return numbers

    def times(self, given: Sequence[object], place: Callable[[int], Path]) -> Instants:
        """Read a column of times; place tells where each stands."""
        times, bad = read_times(given)
        for index in bad[:MOST].tolist():
            self.refuse(str(TimeError(index, given[index])), place(index))
        return times

    def finish(self) -> None:
        """Raise DocumentError where anything is wrong; otherwise the notices are complete."""
        if self.problems:
            raise DocumentError(*self.problems)
        if self.unsaid:
            message = f"{self.unsaid} more of the same are not listed; their values are kept as well."
            self.notices.append(Notice(self.notices[-1].code, message, self.root))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of ours: the words it goes by, the engine's own first, and how its value is read."""

    words: tuple[str, ...]
    cast: Cast


@dataclass(slots=True)
class Record:
    """What an object of the document holds: values and their words by our columns, and what has no column."""

    given: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    rest: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Layout:
    """How one kind of object is read.

    fields are by column; known are words that have no column and are no surprise; kept says where they go.
    """

    fields: Mapping[str, Field]
    known: AbstractSet[str] = frozenset()
    kept: str = "otherMetrics"

    def read(self, reader: Reader, given: Mapping[str, Any], path: Path, rows: Path | None = None) -> Record:
        """Read an object; the rows of one list give each notice once."""
        record = Record(given)
        for column, one in self.fields.items():
            word = given_word(given, one.words)
            if word is not None:
                record.words[column] = word
                record.values[column] = reader.take(one.cast, given[word], (*path, word))
        self._keep_rest(reader, record, path, rows)
        return record

    def _keep_rest(self, reader: Reader, record: Record, path: Path, rows: Path | None) -> None:
        taken = {word: record.words.get(column) for column, one in self.fields.items() for word in one.words}
        for word, value in record.given.items():
            winner = taken.get(word)
            if word not in taken:
                record.rest[word] = value
                if word not in self.known:
                    self.warn_of_unknown(reader, word, (*path, str(word)), rows)
            elif winner not in {None, word} and is_given(value) and not are_same(value, record.given[winner]):
                record.rest[word] = value
                self.warn_of_second(reader, str(winner), word, (*path, word), rows)

    def warn_of_unknown(self, reader: Reader, word: str, path: Path, rows: Path | None = None) -> None:
        """Say that a word is in neither dialect."""
        message = f"{quote(word)} is not a word that this format has here; it is kept in {self.kept}."
        reader.warn("UNKNOWN_FIELD", message, path, None if rows is None else (rows, word))

    def warn_of_second(self, reader: Reader, winner: str, word: str, path: Path, rows: Path | None = None) -> None:
        """Say that two words for one field have different values."""
        message = f"{winner} and {word} differ; {winner} is taken, {word} is kept in {self.kept}."
        reader.warn("ASSUMED", message, path, None if rows is None else (rows, winner, word))


def given_word(given: Mapping[str, Any], words: Sequence[str]) -> str | None:
    """Return the first of the words that has a value."""
    return next((word for word in words if is_given(given.get(word))), None)


def is_given(value: Any) -> bool:
    """Tell a value from null and blank text."""
    return not (value is None or (isinstance(value, str) and not value))


def are_same(one: Any, other: Any) -> bool:
    """Compare two values of a document; what is nested too deep to compare counts as different."""
    try:
        return bool(one == other)
    except RecursionError:
        return False


def keep_times_of_day(record: Record, *columns: str) -> None:
    """Keep a date's own words where they say more than the date."""
    for column in columns:
        word = record.words.get(column)
        if word is not None and record.values[column] is not None and has_time_of_day(record.given[word]):
            record.rest[word] = record.given[word]


def as_is(value: Any) -> Any:
    """Take a value unread."""
    return value


def as_text(value: Any) -> str:
    """Take text."""
    if not isinstance(value, str):
        raise ValueError(f"{quote(value)} is not text.")  # noqa: TRY004 - a cast has one way to refuse
    return value


def as_object(value: Any) -> Mapping[str, Any]:
    """Take an object."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{quote(value)} is not an object.")  # noqa: TRY004 - a cast has one way to refuse
    return value


def as_list(value: Any) -> Sequence[Any]:
    """Take a list."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"{quote(value)} is not a list.")  # noqa: TRY004 - a cast has one way to refuse
    return value


def as_number(value: Any) -> float:
    """Take a number, which may be NaN or infinite."""
    return parse_number(value)


def as_count(value: Any) -> int:
    """Take a whole number, also one written as 36.0."""
    number = parse_number(value)
    if isinstance(value, int):
        return value
    if number - number != 0:
        raise NonFiniteCount
    if not number.is_integer():
        raise ValueError(f"{quote(value)} is not a whole number.")
    return int(number)


def as_flag(value: Any) -> bool:
    """Take true or false, also as 1 or 0."""
    if not isinstance(value, bool | int | float) or value not in {0, 1}:
        raise ValueError(f"{quote(value)} is neither true nor false.")
    return bool(value)


def as_date(value: Any) -> date:
    """Take the date of a date or a time."""
    return parse_date(value)
