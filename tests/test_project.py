"""Promises about the project as a whole."""

import subprocess
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = {"api", "schema", "resolvers", "migrations", "tests"}
TOP_LEVEL = ROOMS | {"pyproject.toml", "README.md", "LICENSE"}


def tracked_files() -> list[str]:
    answer = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if answer.returncode:
        pytest.skip("this is not a git checkout")
    return answer.stdout.splitlines()


def test_no_other_distribution_owns_our_names() -> None:
    owners = packages_distributions()
    for name in ROOMS - {"tests"}:
        assert set(owners.get(name, ["backtest-graph"])) == {"backtest-graph"}, name


def test_the_top_level_holds_what_it_should_and_nothing_else() -> None:
    names = {file.partition("/")[0] for file in tracked_files()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


def test_no_file_of_python_is_too_long_to_read() -> None:
    files = [file for file in tracked_files() if file.endswith(".py")]
    lengths = {
        file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in files if (ROOT / file).exists()
    }
    assert {file: length for file, length in lengths.items() if length > 450} == {}


def test_lock_files_name_no_host() -> None:
    locks = [file for file in tracked_files() if file.endswith("package-lock.json")]
    assert len(locks) == 2
    assert all('"resolved"' not in (ROOT / file).read_text(encoding="utf-8") for file in locks)
