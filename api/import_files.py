"""Documents out of files and folders, one at a time, whatever the size of a file."""

import gzip
import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from api.json_text import parse_json
from resolvers.importers.registry import identify

LONGEST = 256 * 2**20
"""Bytes of the longest document that is read; a file of lines may be of any size."""

Text = BufferedReader | gzip.GzipFile | lzma.LZMAFile
COMPRESSIONS: dict[str, Callable[[BufferedReader], Text]] = {
    "": lambda raw: raw,
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".xz": lzma.LZMAFile,
}
KINDS = (".json", ".jsonl")
TAKEN = "Only .json and .jsonl files are read, plain or as .gz or .xz."


@dataclass(frozen=True, slots=True)
class Found:
    """A document with where it stands, or what is wrong there.

    size is the length of its text in bytes; position counts the bytes of all files that are read so far.
    """

    place: str
    document: Any = None
    problem: str | None = None
    size: int = 0
    position: int = 0


def find_files(paths: Sequence[Path]) -> tuple[list[Path], list[Found]]:
    """Return the files that are given or stand in a folder that is given, and what could not be listed.

    In folders, hidden files and folders and files of other kinds are left out; a file that is given is never.
    """
    problems: list[Found] = []
    files: list[Path] = []
    for path in paths:
        files += _walk(path, problems) if path.is_dir() else [path]
    return list(dict.fromkeys(files)), problems


def total_size(files: Sequence[Path]) -> int:
    """Return the bytes of all files together."""
    return sum(file.stat().st_size for file in files if file.is_file())


def read_files(files: Sequence[Path], *, longest: int = LONGEST) -> Iterator[Found]:
    """Read one file after the other; what is wrong with one keeps nothing back from the rest."""
    before = 0
    for file in files:
        yield from _read_file(file, before, longest)
        before += total_size([file])


def _walk(folder: Path, problems: list[Found]) -> Iterator[Path]:
    """Give the files of a folder and of those in it, sorted by name."""

    def note(error: OSError) -> None:
        problems.append(Found(str(error.filename), problem=_explain(error)))

    for place, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = (Path(place, name) for name in sorted(files) if not name.startswith("."))
        yield from (file for file in shown if _suffixes(file))


def _suffixes(path: Path) -> tuple[str, str] | None:
    """Return the kind and the compression that a name says, None where it says another kind."""
    name = path.name.lower()
    for compression in reversed(COMPRESSIONS):
        kind = Path(name.removesuffix(compression)).suffix
        if name.endswith(compression) and kind in KINDS:
            return kind, compression
    return None


def _read_file(path: Path, before: int, longest: int) -> Iterator[Found]:
    suffixes = _suffixes(path)
    if suffixes is None:
        yield Found(str(path), problem=TAKEN)
        return
    kind, compression = suffixes
    number = 0
    try:
        with _open(path, compression) as (raw, text):
            for part in _parts(text, kind, longest):
                number += 1
                place = f"{path}:{number}" if kind == ".jsonl" else str(path)
                for found in _read_part(place, part, kind, longest):
                    yield Found(found.place, found.document, found.problem, found.size, before + raw.tell())
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
        yield Found(f"{path}:{number + 1}" if number else str(path), problem=_explain(error))


@contextmanager
def _open(path: Path, compression: str) -> Iterator[tuple[BufferedReader, Text]]:
    """Give the file as it is, whose position tells how far it is read, and its text."""
    with path.open("rb") as raw:
        if compression and not raw.peek(1):
            raise EOFError("The file is empty.")
        with COMPRESSIONS[compression](raw) as text:
            yield raw, text


def _parts(text: Text, kind: str, longest: int) -> Iterator[bytes | None]:
    """Give the lines of a file of lines or the whole of another; None stands for one that is too long."""
    if kind == ".json":
        whole = text.read(longest + 1)
        yield whole if len(whole) <= longest else None
        return
    while line := text.readline(longest + 1):
        too_long = len(line) > longest
        while len(line) > longest and not line.endswith(b"\n"):
            line = text.readline(longest + 1)
        yield None if too_long else line.rstrip(b"\r\n")


def _read_part(place: str, part: bytes | None, kind: str, longest: int) -> Iterator[Found]:
    if part is None:
        advice = "" if kind == ".jsonl" else " Several documents go into a .jsonl file, one a line."
        yield Found(place, problem=f"Longer than {longest:,} bytes.{advice}")
    elif kind == ".json" or part.strip():
        yield from _read_text(place, part, kind)


def _read_text(place: str, text: bytes, kind: str) -> Iterator[Found]:
    try:
        value = parse_json(text)
    except ValueError as error:
        yield Found(place, problem=str(error))
        return
    if kind == ".json" and isinstance(value, list) and identify(value) is None:
        for number, document in enumerate(value, start=1):
            yield Found(f"{place}, document {number}", document, size=len(text) // len(value))
    else:
        yield Found(place, value, size=len(text))


def _explain(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}."
    return f"Damaged or cut off: {str(error).rstrip('.')}."
