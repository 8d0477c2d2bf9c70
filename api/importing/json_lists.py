"""The elements of a JSON list of any size, one at a time, and on past those that are broken."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from api.importing.json_brackets import IN_ELEMENT, OUTSIDE, BracketScanner
from api.json_text import parse_json

CHUNK = 2**20
"""Bytes that are read and scanned at a time."""
PATIENCE = 16 * 2**20
"""An element this long that has not ended is broken if what looks like another one begins in it."""

_SEPARATORS = b" \t\r\n,"
_FIRST_WORD = re.compile(rb'\{\s*"(?:[^"\\]|\\.)*"\s*:')
_UNENDED = "Cut off: the list does not end."
_BEHIND = "Not JSON: there is more text behind the end of the list."


@dataclass(frozen=True, slots=True)
class Element:
    """One element, or what is wrong in its place; size is the length of its text in bytes."""

    value: Any = None
    problem: str | None = None
    size: int = 0


class _Place(Enum):
    BETWEEN = auto()
    """Between two elements."""
    WITHIN = auto()
    """Within an element, whose text is kept."""
    TOO_LONG = auto()
    """Within an element that is not kept."""
    BEHIND = auto()
    """Behind the end of the list."""
    ASTRAY = auto()
    """Far behind the end of the list, in text that was told of."""


_OUTSIDE = {_Place.BEHIND, _Place.ASTRAY}


class ListReader:
    """Gives the elements of a list whose opening bracket was read already, and beginning behind it.

    An element with its brackets in order is passed over if it is broken. Where brackets or quotes do not match, the
    next element is found by what elements begin with, such as `{"symbol":`. Memory holds one element, and nothing of
    one that is longer than `longest` bytes.
    """

    def __init__(self, beginning: bytes, read: Callable[[int], bytes], *, longest: int) -> None:
        self._read = read
        self._longest = longest
        self._beginning = _Beginning()
        self._again = b""
        self._go_on(beginning)

    def __iter__(self) -> Iterator[Element]:
        while True:
            while chunk := self._again or self._read(CHUNK):
                self._again = b""
                yield from self._take(chunk)
                if not self._again:
                    yield from self._bound()
            yield from self._finish()
            if not self._again:
                return

    def _go_on(self, text: bytes) -> None:
        """Read this text next, as if it stood between two elements."""
        self._again = text
        self._scanner = BracketScanner()
        self._buffer = bytearray()
        self._searched = 0
        self._place = _Place.BETWEEN

    def _take(self, chunk: bytes) -> Iterator[Element]:
        """Give the elements that end in the next chunk; the buffer keeps what is behind them."""
        before, done = len(self._buffer), 0
        self._buffer += chunk
        for position, depth in () if self._place in _OUTSIDE else self._scanner.scan(chunk):
            end = before + position + (depth != IN_ELEMENT)
            yield from self._cut(done, end, depth)
            done = end
            if self._again:
                return
            if self._place is _Place.BEHIND:
                break
        del self._buffer[:done]
        self._searched = max(self._searched - done, 0)

    def _cut(self, start: int, end: int, depth: int) -> Iterator[Element]:
        """Give what ends here, and note what follows."""
        place = self._place
        self._place = {IN_ELEMENT: _Place.WITHIN, OUTSIDE: _Place.BEHIND}.get(depth, _Place.BETWEEN)
        if place is _Place.BETWEEN:
            yield from _read_between(bytes(self._buffer[start : end - (depth == OUTSIDE)]))
        elif place is _Place.WITHIN:
            yield from self._read_element(start, end)

    def _read_element(self, start: int, end: int) -> Iterator[Element]:
        text = bytes(self._buffer[start:end])
        try:
            value = parse_bounded(text, self._longest)
        except ValueError as error:
            yield from self._pass_over(start, end, str(error))
        else:
            self._beginning.learn(text)
            yield Element(value, size=len(text))

    def _pass_over(self, start: int, end: int, problem: str) -> Iterator[Element]:
        """Tell of a broken element, and go on within it where another one begins."""
        following = self._beginning.find_second(self._buffer, start, end)
        if following is None:
            yield Element(problem=problem, size=end - start)
            return
        problem = _problem_of(bytes(self._buffer[start:following])) or problem
        yield Element(problem=problem, size=following - start)
        self._go_on(bytes(self._buffer[following:]))

    def _bound(self) -> Iterator[Element]:
        """Let go of a text that belongs to no element, and of one that is too long."""
        length = len(self._buffer)
        if self._place is _Place.BEHIND and self._buffer.strip():
            yield Element(problem=_BEHIND)
            self._place = _Place.ASTRAY
        if self._place in {_Place.TOO_LONG, _Place.ASTRAY}:
            self._drop()
        elif length > self._longest:
            yield from self._pass_over(0, length, too_long(self._longest))
            if not self._again:
                self._place = _Place.TOO_LONG
                del self._buffer[: -self._beginning.longest_part]
        elif length > PATIENCE:
            start, self._searched = self._searched, length - self._beginning.longest_part
            if self._beginning.find_second(self._buffer, start, length) is not None:
                yield from self._pass_over(0, length, _UNENDED)

    def _drop(self) -> None:
        following = self._beginning.find(self._buffer, 0, len(self._buffer))
        if following is None:
            del self._buffer[: -self._beginning.longest_part]
        else:
            self._go_on(bytes(self._buffer[following:]))

    def _finish(self) -> Iterator[Element]:
        """Tell what is missing at the end of the file."""
        if self._place is _Place.WITHIN:
            yield from self._read_element(0, len(self._buffer))
        elif self._place is _Place.BETWEEN:
            yield from _read_between(bytes(self._buffer))
            yield Element(problem=_UNENDED)


class _Beginning:
    """What each element begins with: the bracket and the first word of the first one, such as `{"symbol":`.

    It says nothing any more once an element has it further inside, too.
    """

    def __init__(self) -> None:
        self._text = b""
        self._known = False

    @property
    def longest_part(self) -> int:
        """Bytes at the end of a text that may be the first part of it."""
        return max(len(self._text) - 1, 1)

    def learn(self, element: bytes) -> None:
        """Take the beginning of the first element, and compare it with the others."""
        if not self._known:
            self._known, first = True, _FIRST_WORD.match(element)
            self._text = bytes(first.group()) if first else b""
        if self._text and element.find(self._text, 1) >= 0:
            self._text = b""

    def find(self, text: bytearray, start: int, end: int) -> int | None:
        """Return where an element begins in a part of a text, None if nothing tells."""
        place = text.find(self._text, start, end) if self._text else -1
        return place if place >= 0 else None

    def find_second(self, text: bytearray, start: int, end: int) -> int | None:
        """Return where the second element begins in a part of a text that begins with one."""
        if not self._known:
            first = _FIRST_WORD.match(text, start, end)
            self._text = bytes(first.group()) if first else b""
        return self.find(text, start + 1, end)


def parse_bounded(text: bytes, longest: int) -> Any:
    """Return the value of a text; raises ValueError where it is too long or no JSON."""
    if len(text) > longest:
        raise ValueError(too_long(longest))
    return parse_json(text)


def _problem_of(text: bytes) -> str | None:
    try:
        parse_json(text)
    except ValueError as error:
        return str(error)
    return None


def too_long(longest: int) -> str:
    """Return what is said of a text that is longer than this."""
    return f"Longer than {longest:,} bytes."


def _read_between(text: bytes) -> Iterator[Element]:
    """Give what stands between two elements with brackets: a comma, and seldom something else."""
    text = text.strip(_SEPARATORS)
    if not text:
        return
    try:
        values = parse_json(b"[" + text + b"]")
    except ValueError as error:
        yield Element(problem=str(error), size=len(text))
    else:
        yield from (Element(value, size=len(text) // len(values)) for value in values)
