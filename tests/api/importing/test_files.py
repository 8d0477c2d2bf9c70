import gzip
import lzma
import os
from pathlib import Path

import pytest

from api.importing.files import Found, find_files, read_files, total_size


def read(*files: Path, longest: int = 1000) -> list[tuple[str, object]]:
    """Return the documents of files, and what is wrong, by their places without the folder."""
    found = read_files(files, longest=longest)
    return [(_place(each, files[0].parent), each.problem or each.document) for each in found]


def _place(found: Found, folder: Path) -> str:
    return found.place.removeprefix(f"{folder}/")


def write(path: Path, text: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path


def test_folders_give_their_files_sorted_and_without_hidden_ones_and_other_kinds(tmp_path: Path) -> None:
    names = ["b/2.jsonl.gz", "b/1.JSON", "a.jsonl", "c.json.xz", "c.csv", "d.gz", ".d/a.json", "b/._1.json", "README"]
    for name in names:
        write(tmp_path / name, b"")

    files, problems = find_files([tmp_path])

    assert [str(file.relative_to(tmp_path)) for file in files] == ["a.jsonl", "c.json.xz", "b/1.JSON", "b/2.jsonl.gz"]
    assert problems == []


def test_a_file_that_is_given_twice_is_read_once_and_one_of_another_kind_is_a_problem(tmp_path: Path) -> None:
    run, table = write(tmp_path / "run.json", b"{}"), write(tmp_path / "table.csv", b"")

    files, _ = find_files([run, table, tmp_path])

    assert read(*files) == [
        ("run.json", {}),
        ("table.csv", "Only .json and .jsonl files are read, plain or as .gz or .xz."),
    ]


def test_lines_are_counted_with_empty_ones(tmp_path: Path) -> None:
    lines = write(tmp_path / "a.jsonl", b'{"a": 1}\n\n  \r\n{"a": 2}\r\n{"a"\n{"a": 3}')

    assert read(lines) == [
        ("a.jsonl:1", {"a": 1}),
        ("a.jsonl:4", {"a": 2}),
        ("a.jsonl:5", "Not JSON: unexpected end of data at column 5."),
        ("a.jsonl:6", {"a": 3}),
    ]


def test_a_json_file_holds_one_document_or_a_list_of_them(tmp_path: Path) -> None:
    windows = b'[{"test_period_start": "2020-01-01"}]'

    assert read(write(tmp_path / "one.json", b'{\n "a": 1\n}\n')) == [("one.json", {"a": 1})]
    assert read(write(tmp_path / "two.json", b'[{"a": 1}, 2]')) == [
        ("two.json, document 1", {"a": 1}),
        ("two.json, document 2", 2),
    ]
    assert read(write(tmp_path / "windows.json", windows)) == [("windows.json", [{"test_period_start": "2020-01-01"}])]


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_compressed_files_are_read_like_plain_ones(tmp_path: Path, suffix: str, compress: type) -> None:
    lines = write(tmp_path / f"a.jsonl{suffix}", compress(b"[1]\n") + compress(b"[2]\n"))
    whole = write(tmp_path / f"b.json{suffix}", compress(b'{"a": 1}'))

    assert read(lines, whole) == [(f"{lines.name}:1", [1]), (f"{lines.name}:2", [2]), (whole.name, {"a": 1})]


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_cut_off_file_gives_its_whole_lines_and_then_says_where_it_ends(
    tmp_path: Path, suffix: str, compress: type
) -> None:
    noise = b"".join(b'["%s"]\n' % os.urandom(100).hex().encode() for _ in range(1000))
    cut = compress(noise)[:-2000]
    *documents, last = read(write(tmp_path / f"a.jsonl{suffix}", cut))

    assert len(documents) > 100
    assert all(isinstance(document, list) for _, document in documents)
    assert last[0] == f"a.jsonl{suffix}:{len(documents) + 1}"
    assert str(last[1]).startswith("Damaged or cut off: Compressed file ended before the end-of-stream marker")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.json", b"", "Empty."),
        ("a.json", b"\n", "Empty."),
        ("a.json.gz", b"", "Damaged or cut off: The file is empty."),
        ("a.jsonl.gz", b"", "Damaged or cut off: The file is empty."),
        ("a.jsonl.xz", b"", "Damaged or cut off: The file is empty."),
        ("a.jsonl.gz", b"{}\n", "Damaged or cut off: Not a gzipped file (b'{}')."),
        ("a.jsonl.xz", b"{}\n", "Damaged or cut off: Input format not supported by decoder."),
        ("a.json", b"\xff\xfe{\x00}\x00", "Not UTF-8 text: invalid start byte at byte 1."),
    ],
)
def test_a_file_without_content_of_its_kind_is_one_problem(tmp_path: Path, name: str, text: bytes, reason: str) -> None:
    assert read(write(tmp_path / name, text)) == [(name, reason)]


def test_an_empty_file_of_lines_holds_no_document(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.jsonl", b"")) == []


def test_a_line_that_is_too_long_is_a_problem_and_the_next_one_is_read(tmp_path: Path) -> None:
    lines = write(tmp_path / "a.jsonl", b"[1]\n[" + b"1," * 5000 + b"1]\n[2]\n" + b"3" * 5000)

    assert read(lines) == [
        ("a.jsonl:1", [1]),
        ("a.jsonl:2", "Longer than 1,000 bytes."),
        ("a.jsonl:3", [2]),
        ("a.jsonl:4", "Longer than 1,000 bytes."),
    ]


def test_a_whole_file_that_is_too_long_says_what_to_do(tmp_path: Path) -> None:
    bomb = write(tmp_path / "a.json.gz", gzip.compress(b'{"a": [' + b"1," * 5000 + b"1]}"))

    assert read(bomb) == [
        (
            "a.json.gz",
            "Longer than 1,000 bytes. Several documents go into a list, or into a .jsonl file, one a line.",
        )
    ]


def test_a_list_is_longer_than_any_document_and_its_broken_ones_are_told_by_number(tmp_path: Path) -> None:
    texts = [b'{"symbol": %d}' % number for number in range(500)]
    texts[3], texts[400] = b'{"symbol": ,}', b'{"symbol": [}'

    found = read(write(tmp_path / "a.json.xz", lzma.compress(b" \n[" + b",\n".join(texts) + b"]\n")))

    problems = [(place, what) for place, what in found if not isinstance(what, dict)]
    assert problems == [
        ("a.json.xz, document 4", "Not JSON: unexpected character, expected a JSON value at column 12."),
        ("a.json.xz, document 401", "Not JSON: unexpected character, expected a JSON value at column 13."),
    ]
    assert [place for place, _ in found] == [f"a.json.xz, document {number + 1}" for number in range(500)]


def test_a_list_of_windows_is_one_document_and_broken_as_a_whole(tmp_path: Path) -> None:
    window = b'{"test_period_start": "2020-01-01"}'

    assert read(write(tmp_path / "a.json", b"[%s, {]" % window)) == [
        ("a.json", "Not JSON: unexpected character, expected a string key at column 2.")
    ]
    assert read(write(tmp_path / "b.json", b"[%s]" % b",".join([window] * 100))) == [
        ("b.json", "Longer than 1,000 bytes.")
    ]


def test_a_missing_file_keeps_nothing_back_from_the_rest(tmp_path: Path) -> None:
    there = write(tmp_path / "b.jsonl", b"[1]\n")

    assert read(tmp_path / "a.jsonl", there) == [("a.jsonl", "No such file or directory."), ("b.jsonl:1", [1])]


def test_the_position_grows_to_the_size_of_all_files(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.jsonl.gz", gzip.compress(b"[1]\n" * 100)) for name in "ab"]
    positions = [found.position for found in read_files(files)]

    assert positions == sorted(positions)
    assert 0 < positions[0] < positions[-1] == total_size(files)
