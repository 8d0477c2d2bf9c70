"""Documents out of files and folders, one at a time, whatever the size of a file."""

import gzip
import lzma
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

from api.importing.texts import DAMAGED, Kind, Text, explain, guess_kind, read_documents

LONGEST = 256 * 2**20
"""Bytes of the longest document that is read; a file of lines or with a list may be of any size."""

COMPRESSIONS: dict[str, Callable[[BufferedReader], Text]] = {
    "": lambda raw: raw,
    ".gz": lambda raw: gzip.GzipFile(fileobj=raw),
    ".xz": lzma.LZMAFile,
}
MAGIC = {".gz": b"\x1f\x8b", ".xz": b"\xfd7zXZ\x00"}
"""What compressed bytes begin with."""
KINDS: dict[str, Kind] = {".json": "whole", ".jsonl": "lines"}
INPUT = Path("-")
"""Stands for the standard input."""
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


def total_size(files: Sequence[Path]) -> int | None:
    """Return the bytes of all files together, None where something is piped in."""
    return None if INPUT in files else sum(file.stat().st_size for file in files if file.is_file())


def read_files(files: Sequence[Path], *, longest: int = LONGEST) -> Iterator[Found]:
    """Read one file after the other; what is wrong with one keeps nothing back from the rest."""
    before = 0
    for file in files:
        yield from _read_input(before, longest) if file == INPUT else _read_file(file, before, longest)
        before += total_size([file]) or 0


def _walk(folder: Path, problems: list[Found]) -> Iterator[Path]:
    """Give the files of a folder and of those in it, sorted by name."""

    def note(error: OSError) -> None:
        problems.append(Found(str(error.filename), problem=explain(error)))

    for place, folders, files in os.walk(folder, onerror=note):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        shown = (Path(place, name) for name in sorted(files) if not name.startswith("."))
        yield from (file for file in shown if _suffixes(file))


def _suffixes(path: Path) -> tuple[Kind, str] | None:
    """Return the kind and the compression that a name says, None where it says another kind."""
    name = path.name.lower()
    for compression in reversed(COMPRESSIONS):
        kind = KINDS.get(Path(name.removesuffix(compression)).suffix)
        if name.endswith(compression) and kind is not None:
            return kind, compression
    return None


def _read_file(path: Path, before: int, longest: int) -> Iterator[Found]:
    suffixes = _suffixes(path)
    if suffixes is None:
        yield Found(str(path), problem=TAKEN)
        return
    kind, compression = suffixes
    try:
        with path.open("rb") as raw, _unpack(raw, compression) as text:
            for where, each in read_documents(text, kind, longest=longest):
                yield Found(f"{path}{where}", each.value, each.problem, each.size, before + raw.tell())
    except DAMAGED as error:
        yield Found(str(path), problem=explain(error))


def _read_input(before: int, longest: int) -> Iterator[Found]:
    """Read what is piped in; the position counts the bytes of its documents, since a pipe does not tell."""
    raw = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115 - the standard input is not ours to close
    beginning = raw.peek(max(map(len, MAGIC.values())))
    compression = next((name for name, magic in MAGIC.items() if beginning.startswith(magic)), "")
    text = _unpack(raw, compression)
    for where, each in read_documents(text, guess_kind(text), longest=longest):
        before += each.size
        yield Found(f"standard input{where}", each.value, each.problem, each.size, before)


def _unpack(raw: BufferedReader, compression: str) -> Text:
    if compression and not raw.peek(1):
        raise EOFError("The file is empty.")
    return COMPRESSIONS[compression](raw)
