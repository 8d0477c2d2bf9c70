"""The documents of one text, one at a time, whatever its size: lines, a list, or one document."""

import gzip
import lzma
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import Literal

from api.importing.json_lists import CHUNK, Element, ListReader, parse_bounded, too_long
from resolvers.importers.registry import identify

Kind = Literal["lines", "whole"]
Text = BufferedReader | gzip.GzipFile | lzma.LZMAFile
DAMAGED = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a text can raise."""

_BOM = b"\xef\xbb\xbf"
_ADVICE = " Several documents go into a list, or into a .jsonl file, one a line."

Where = str
"""What is put behind the name of a file: `:7` for a line, `, document 7` in a list, nothing for the whole."""


def read_documents(text: Text, kind: Kind, *, longest: int) -> Iterator[tuple[Where, Element]]:
    """Give each document, or what is wrong with it, with where it stands; a damaged text ends with that problem."""
    where: Callable[[int], Where] = _in_lines if kind == "lines" else _in_list
    number = 0
    try:
        for number, element in _read_lines(text, longest) if kind == "lines" else _read_whole(text, longest):
            yield where(number), element
    except DAMAGED as error:
        yield where(number + 1) if number else "", Element(problem=explain(error))


def guess_kind(text: Text) -> Kind:
    """Return what a text without a name holds: an indented document begins with a bracket that stands alone."""
    beginning = text.peek(CHUNK).removeprefix(_BOM).lstrip()
    return "whole" if beginning[:1] == b"[" or beginning.partition(b"\n")[0].strip() == b"{" else "lines"


def explain(error: Exception) -> str:
    """Return what is said of a text that cannot be read."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"Damaged or cut off: {str(error).rstrip('.')}."


def _in_lines(number: int) -> Where:
    return f":{number}"


def _in_list(number: int) -> Where:
    return f", document {number}" if number else ""


def _read_lines(text: Text, longest: int) -> Iterator[tuple[int, Element]]:
    number = 0
    while line := text.readline(longest + 1):
        number += 1
        part = line
        while len(part) > longest and not part.endswith(b"\n"):
            part = text.readline(longest + 1)
        if line.strip():
            yield number, _read_text(line.rstrip(b"\r\n"), longest, too_long(longest))


def _read_whole(text: Text, longest: int) -> Iterator[tuple[int, Element]]:
    """Give the elements of a list with their numbers, or the one document there is with 0."""
    beginning = text.read(CHUNK)
    while not beginning.strip() and (more := text.read(CHUNK)):
        beginning = more
    opening = beginning.removeprefix(_BOM).lstrip()
    if opening.startswith(b"["):
        yield from _read_list(ListReader(opening[1:], text.read, longest=longest), longest)
    else:
        whole = beginning + text.read(max(longest + 1 - len(beginning), 0))
        yield 0, _read_text(whole, longest, too_long(longest) + _ADVICE)


def _read_list(reader: ListReader, longest: int) -> Iterator[tuple[int, Element]]:
    elements = iter(reader)
    for number, element in enumerate(elements, start=1):
        if number == 1 and element.problem is None and identify([element.value]) is not None:
            yield 0, _join(element, elements, longest)
            return
        yield number, element


def _join(first: Element, others: Iterator[Element], longest: int) -> Element:
    """Return a list that is one document by itself, such as one of walk-forward windows."""
    values, size = [first.value], first.size
    for element in others:
        values.append(element.value)
        size += element.size
        if element.problem is not None or size > longest:
            return Element(problem=element.problem or too_long(longest), size=size)
    return Element(values, size=size)


def _read_text(text: bytes, longest: int, if_too_long: str) -> Element:
    if len(text) > longest:
        return Element(problem=if_too_long)
    try:
        return Element(parse_bounded(text, longest), size=len(text))
    except ValueError as error:
        return Element(problem=str(error))
