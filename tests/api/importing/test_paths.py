import asyncio
import gzip
import json
import lzma
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import orjson
import pytest
from sqlalchemy import select

from api.demo import DOCUMENTS
from api.importing.documents import MOST_RUNS, Waiting
from api.importing.files import Found
from api.importing.log import ImportResult
from api.importing.paths import import_paths
from api.importing.texts import guess_kind
from resolvers.documents import DocumentKey, load_document_contents, load_documents
from resolvers.families import Family
from resolvers.family_trials import load_family_trials
from resolvers.store.database import Database
from resolvers.store.tables import backtests, optimizations, walk_forward_tests
from tests.resolvers.importers.vectorbt_engine.documents import analysis, run, sweep, trade, window
from tests.service import COMMAND


class Importing:
    """Imports into a database and keeps what was said without the folder."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.lines: list[str] = []

    def write(self, name: str, *documents: Any) -> Path:
        """Write documents, one a line; bytes as they are."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in documents)
        path.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
        return path

    async def import_(self, *paths: Path, backtest_id: UUID | None = None) -> ImportResult:
        """Import files, or the folder; lines are those of this import."""
        said: list[str] = []
        result = await import_paths(
            self.database, paths or [self.folder], say=said.append, backtest_id=backtest_id, progress=False
        )
        self.lines = [line.replace(f"{self.folder}/", "") for line in said]
        return result

    async def owners(self, table: Any) -> list[Any]:
        """Return the parameters of the runs that have rows in a table, once for each row."""
        statement = select(backtests.c.parameters).join(table, table.c.backtest_id == backtests.c.id)
        return [row["parameters"] for row in await self.database.fetch(statement)]

    async def ids(self) -> list[UUID]:
        """Return the runs in the order they were saved."""
        rows = await self.database.fetch(select(backtests.c.id).order_by(backtests.c.created_at))
        return [row["id"] for row in rows]


@pytest.fixture
def importing(database: Database, tmp_path: Path) -> Importing:
    return Importing(database, tmp_path)


def real_documents() -> list[dict[str, Any]]:
    with lzma.open(DOCUMENTS) as lines:
        return [orjson.loads(line) for line in lines]


async def stored_documents(database: Database) -> list[Any]:
    ids = [row["id"] for row in await database.fetch(select(backtests.c.id))]
    found = [row for rows in await load_documents(database, ids) for row in rows]
    return await load_document_contents(database, [DocumentKey(row["backtest_id"], row["sha256"]) for row in found])


def as_text(documents: Sequence[Any]) -> list[bytes]:
    return sorted(orjson.dumps(document, option=orjson.OPT_SORT_KEYS) for document in documents)


async def test_real_documents_come_back_equal_whatever_the_file(importing: Importing) -> None:
    documents = real_documents()
    runs, others = documents[:89], documents[89:]
    importing.write("a/others.json", orjson.dumps(others))
    importing.write("b/some.jsonl", *runs[:60])
    importing.write("b/more.jsonl.gz", *runs[60:88])
    importing.write("c.json.gz", runs[88])

    result = await importing.import_()

    assert importing.lines == ["89 runs, 5 optimizations, 5 walk-forward analyses stored, 0 already there, 0 failed"]
    assert (dict(result.stored), result.failed) == ({"BACKTEST": 89, "OPTIMIZATION": 5, "WALK_FORWARD": 5}, 0)
    assert as_text(await stored_documents(importing.database)) == as_text(documents)


async def test_the_same_documents_from_another_file_store_nothing(importing: Importing) -> None:
    await importing.import_(DOCUMENTS)
    before = await importing.database.fetch(select(backtests))

    result = await importing.import_(importing.write("spelled_otherwise.jsonl", *real_documents()), DOCUMENTS)

    assert importing.lines == ["0 runs stored, 198 already there, 0 failed"]
    assert result.already_there == 198
    assert await importing.database.fetch(select(backtests)) == before
    assert len(await importing.owners(optimizations)) == 5
    assert len(await importing.owners(walk_forward_tests)) == 5 * 13


async def test_sweeps_and_windows_go_to_the_run_with_the_best_parameters(importing: Importing) -> None:
    best = {document["strategy"]: document["best_parameters"] for document in real_documents()[89:94]}

    await importing.import_(DOCUMENTS)

    assert sorted(map(str, await importing.owners(optimizations))) == sorted(map(str, best.values()))
    assert set(map(str, await importing.owners(walk_forward_tests))) == set(map(str, best.values()))


async def test_a_bad_document_is_one_line_and_the_rest_is_stored(importing: Importing) -> None:
    importing.write(
        "runs.jsonl",
        run(parameters={"n": 1}),
        run(symbol=" "),
        b'{"symbol": \n',
        b'{"symbol": "\xff"}\n',
        b"[1, 2]\n",
        {"name": "package"},
        run(trades=[trade(), trade(exit_date="1999-01-01")], metrics={"win_rate": 58.3}),
        run(parameters={"n": 2}),
        run(symbol="\x00"),
        json.dumps(run(metrics="deep")).replace('"deep"', '{"a":' * 900 + "1" + "}" * 900).encode() + b"\n",
    )

    result = await importing.import_()

    assert importing.lines == [
        "runs.jsonl:2: symbol: Must not be empty.",
        "runs.jsonl:3: Not JSON: unexpected end of data at column 12.",
        "runs.jsonl:4: Not UTF-8 text: invalid start byte at byte 13.",
        "runs.jsonl:5: A document is an object, not a list.",
        "runs.jsonl:6: This is not a document of a known format (VECTORBT_ENGINE).",
        "runs.jsonl:7: trades.1.exit_date: The exit is before the entry. (and 1 more problem)",
        "runs.jsonl:9: symbol: Holds a null character or half of a surrogate pair, which no text can hold.",
        f"runs.jsonl:10: metrics{11 * '.a'}: Nested deeper than 100 levels.",
        "2 runs stored, 0 already there, 8 failed",
    ]
    assert result.failed == 8


async def test_more_runs_than_a_batch_keep_their_lines(importing: Importing) -> None:
    documents = [run(parameters={"n": number}, initial_capital=number % 40) for number in range(2 * MOST_RUNS + 10)]

    await importing.import_(importing.write("runs.jsonl", *documents))

    assert importing.lines == [
        *(f"runs.jsonl:{line}: initial_capital: Must be above zero; 0 was given." for line in (1, 41, 81)),
        "107 runs stored, 0 already there, 3 failed",
    ]


async def test_a_document_that_is_twice_in_a_batch_is_stored_once(importing: Importing) -> None:
    await importing.import_(importing.write("runs.jsonl", run(), run()))

    assert importing.lines == ["1 run stored, 1 already there, 0 failed"]


async def test_numbers_that_are_none_become_null_with_one_warning_line(importing: Importing) -> None:
    documents = [run(parameters={"n": number}, metrics={"profit_factor": float("inf")}) for number in range(3)]

    result = await importing.import_(importing.write("runs.jsonl", *documents))

    assert importing.lines == [
        "runs.jsonl:1: warning: metrics.profit_factor: inf is not a finite number and was stored as null.",
        "3 runs stored, 0 already there, 0 failed, 3 warnings",
    ]
    assert result.warnings == 3


async def test_a_truncated_file_stores_its_whole_lines(importing: Importing) -> None:
    documents = [run(parameters={"n": os.urandom(200).hex()}) for _ in range(100)]
    cut = importing.write("runs.jsonl.gz", *documents)
    cut.write_bytes(cut.read_bytes()[:-3000])

    result = await importing.import_()

    stored = result.stored["BACKTEST"]
    assert 50 < stored < 100
    assert result.failed == 1
    assert importing.lines[0].startswith(f"runs.jsonl.gz:{stored + 1}: Damaged or cut off: ")


async def test_a_line_of_a_year_of_minutes_is_stored_whole(importing: Importing) -> None:
    times = [f"{day} {hour:02}:{minute:02}" for day in days_of_a_year() for hour in range(24) for minute in range(60)]
    curve = {time: 10_000 + number / 7 for number, time in enumerate(times)}

    await importing.import_(importing.write("minutes.jsonl", run(equity_curve=curve, start_date=None, end_date=None)))

    rows = await importing.database.fetch(select(backtests.c.data_points))
    assert importing.lines == ["1 run stored, 0 already there, 0 failed"]
    assert [row["data_points"] for row in rows] == [525_600]


def days_of_a_year() -> list[str]:
    return [str(day) for day in np.arange("2023-01-01", "2024-01-01", dtype="datetime64[D]")]


async def test_a_sweep_before_its_run_finds_it(importing: Importing) -> None:
    best = {"parameters": {"n": 2}, "sharpe_ratio": 1.5}
    importing.write("a.jsonl", analysis(window()), sweep(best, {"parameters": {"n": 1}, "sharpe_ratio": 1.0}))
    importing.write("b.jsonl", run(parameters={"n": 1}), run(parameters={"n": 2}))

    await importing.import_()

    assert importing.lines == ["2 runs, 1 optimization, 1 walk-forward analysis stored, 0 already there, 0 failed"]
    assert await importing.owners(optimizations) == await importing.owners(walk_forward_tests) == [{"n": 2}]


async def test_a_sweep_goes_to_the_newest_run_with_equal_parameters(importing: Importing) -> None:
    for capital, parameters in ((1, {"n": 2, "m": 1.0}), (2, {"m": 1, "n": 2}), (3, {"m": 1, "n": 2, "k": 3})):
        document = run(symbol="goog ", parameters=parameters, initial_capital=capital)
        await importing.import_(importing.write("run.json", document))

    await importing.import_(importing.write("sweep.json", sweep(best_parameters={"m": 1, "n": 2.0})))

    owners = await importing.database.fetch(select(optimizations.c.backtest_id))
    assert [row["backtest_id"] for row in owners] == (await importing.ids())[1:2]


async def test_a_sweep_is_not_stored_twice_when_a_newer_run_has_its_parameters(importing: Importing) -> None:
    document = importing.write("sweep.json", sweep(best_parameters={"n": 1}))
    await importing.import_(importing.write("a.json", run(parameters={"n": 1})), document)

    await importing.import_(importing.write("b.json", run(parameters={"n": 1}, initial_capital=5)), document)

    assert importing.lines == ["1 run stored, 1 already there, 0 failed"]
    assert len(await importing.owners(optimizations)) == 1


async def test_a_sweep_goes_to_a_run_of_its_own_import_before_a_newer_one(importing: Importing) -> None:
    old = importing.write("old.json", run(parameters={"n": 1}))
    await importing.import_(old)
    await importing.import_(importing.write("new.json", run(parameters={"n": 1}, initial_capital=5)))

    await importing.import_(old, importing.write("sweep.json", sweep(best_parameters={"n": 1})))

    owners = await importing.database.fetch(select(optimizations.c.backtest_id))
    assert [row["backtest_id"] for row in owners] == (await importing.ids())[:1]


async def test_windows_without_a_sweep_go_to_the_completed_run_with_the_best_sharpe_ratio(importing: Importing) -> None:
    ratios = {1: 0.5, 2: 1.5, 3: None, 4: 9.0, 5: 1.0}
    runs = [run(parameters={"n": number}, metrics={"sharpe_ratio": ratio}) for number, ratio in ratios.items()]
    runs[3]["status"] = "failed"

    await importing.import_(importing.write("all.jsonl", *runs, analysis(window())))

    assert await importing.owners(walk_forward_tests) == [{"n": 2}]


async def test_windows_go_to_a_run_with_an_optimization_first(importing: Importing) -> None:
    runs = [run(parameters={"n": number}, metrics={"sharpe_ratio": number}) for number in range(3)]

    await importing.import_(importing.write("a.jsonl", *runs, sweep(best_parameters={"n": 1}), analysis(window())))

    assert await importing.owners(walk_forward_tests) == [{"n": 1}]


async def test_without_a_run_a_line_says_what_to_do(importing: Importing) -> None:
    importing.write("a.jsonl", run(parameters={"n": 1}), run(symbol="MSFT", parameters={"n": 2}))
    importing.write(
        "b.jsonl", [window()], analysis(window(), strategy="rsi"), sweep(best_parameters={"n": 2}), sweep(symbol=None)
    )

    result = await importing.import_()

    advice = "import one first, or name the run with --backtest ID."
    nameless = "It does not say its symbol and strategy: name its run with --backtest ID."
    assert importing.lines == [
        f'b.jsonl:3: There is no run of GOOG by sma_cross with its best parameters {{"n":2}}: {advice}',
        f"b.jsonl:4: {nameless}",
        f"b.jsonl:1: {nameless}",
        f"b.jsonl:2: There is no run of GOOG by rsi: {advice}",
        "2 runs stored, 0 already there, 4 failed",
    ]
    assert result.failed == 4


async def test_the_run_that_is_named_gets_all(importing: Importing) -> None:
    await importing.import_(importing.write("a.json", run(parameters={"n": 7})))
    others = importing.write("b.jsonl", [window()], sweep(best_parameters={"n": 2}), analysis(window(), symbol="X"))

    await importing.import_(others, backtest_id=(await importing.ids())[0])

    assert importing.lines == [
        "b.jsonl:3: warning: symbol: The document says X and the run GOOG: saved with the run.",
        "0 runs, 1 optimization, 2 walk-forward analyses stored, 0 already there, 0 failed, 1 warning",
    ]
    assert await importing.owners(optimizations) == [{"n": 7}]
    assert await importing.owners(walk_forward_tests) == [{"n": 7}, {"n": 7}]


async def test_a_named_run_that_is_not_there_is_a_line(importing: Importing) -> None:
    await importing.import_(importing.write("a.jsonl", [window()]), backtest_id=uuid4())

    assert importing.lines == [
        "a.jsonl:1: backtestId: There is no run with this id.",
        "0 runs stored, 0 already there, 1 failed",
    ]


async def test_bad_sweeps_and_windows_are_told_like_bad_runs(importing: Importing) -> None:
    importing.write(
        "a.jsonl",
        run(parameters={"n": 1}),
        sweep({"parameters": {"n": 1}, "win_rate": 58.3}, best_parameters={"n": 1}),
        analysis(window(period="soon")),
        sweep(best_parameters={"n": "\x00"}),
        analysis(window(), symbol="A\x00"),
    )

    await importing.import_()

    nul = "Holds a null character or half of a surrogate pair, which no text can hold."
    assert importing.lines == [
        "a.jsonl:2: top_results.0.win_rate: A win rate must be between 0 and 1, a fraction: 0.583; 58.3 was given.",
        "a.jsonl:3: walk_forward_results.0.period: 'soon' is not a period such as '2023-01-01 to 2023-06-30'.",
        f"a.jsonl:4: best_parameters.n: {nul}",
        "a.jsonl:5: It does not say its symbol and strategy: name its run with --backtest ID.",
        "1 run stored, 0 already there, 4 failed",
    ]


async def test_a_folder_without_documents_is_no_failure(importing: Importing) -> None:
    assert (await importing.import_()).failed == 0
    assert importing.lines == ["0 runs stored, 0 already there, 0 failed"]


async def test_a_missing_path_is_a_failure(importing: Importing) -> None:
    assert (await importing.import_(importing.folder / "none.jsonl")).failed == 1
    assert importing.lines[0] == "none.jsonl: No such file or directory."


def test_documents_that_wait_come_back_as_they_were() -> None:
    given = [Found(f"a:{number}", {"a": [number, float("inf"), "\u20ac\u2028"]}) for number in range(3)]

    with Waiting() as waiting:
        for each in given:
            waiting.put(each)
        assert list(waiting) == [(each.place, each.document) for each in given]


SCRIPT = """
import sys
from api.importing.progress import show_progress

with show_progress(2048) as advance:
    advance(1, 1024)
    sys.stderr.write("a failure\\n")
    advance(2, 2048)
"""


def read_terminal(ours: int) -> str:
    """All that was written to a terminal whose other side is closed: its end is EIO, and one read is one piece."""
    pieces = []
    with open(ours, "rb", buffering=0) as file, suppress(OSError):
        while piece := file.read(10_000):
            pieces.append(piece)
    return b"".join(pieces).decode()


def test_the_bar_is_shown_on_a_terminal_only() -> None:
    ours, theirs = pty.openpty()
    subprocess.run([sys.executable, "-c", SCRIPT], stderr=theirs, check=True)
    os.close(theirs)
    shown = read_terminal(ours)
    piped = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)

    assert "Importing" in shown
    assert "2 documents" in shown
    assert "2.0/2.0 kB" in shown
    assert "\r\x1b[2Ka failure\r\n" in shown
    assert (piped.stdout, piped.stderr) == ("", "a failure\n")


def test_what_is_piped_in_is_read_and_a_failure_is_in_the_exit_status(database: Database, dsn: str) -> None:
    lines = b"\n".join([*(orjson.dumps(run(parameters={"n": n})) for n in range(3)), b'{"symbol": ', b""])
    result = subprocess.run(
        [str(COMMAND), "import", "--database-url", dsn, "-"],
        input=gzip.compress(lines),
        capture_output=True,
        check=False,
    )
    assert result.returncode == 1
    first, last = result.stderr.decode().splitlines()
    assert first.startswith("standard input:4: Not JSON")
    assert last == "3 runs stored, 0 already there, 1 failed"


async def test_runs_are_counted_as_trials_of_a_study(database: Database, dsn: str, tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl").write_bytes(b"\n".join(orjson.dumps(run(parameters={"n": n})) for n in range(3)))
    command = [str(COMMAND), "import", "--database-url", dsn, "--study", "breakouts of 2024", str(tmp_path)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
    rows = await database.fetch(select(backtests.c.study))
    assert [row["study"] for row in rows] == ["breakouts of 2024"] * 3
    [trials] = (await load_family_trials(database, [Family("any", "ANY", "breakouts of 2024").key])).values()
    assert trials.trials == 3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b'{"a": 1}\n{"a": 2}\n', "lines"),
        (b'{"a": 1}', "lines"),
        (b'{"a": \n{"a": 2}', "lines"),
        (b'{\n "a": 1\n}', "whole"),
        (b'\xef\xbb\xbf [\n {"a": 1}]', "whole"),
        (b"", "lines"),
    ],
)
def test_what_has_no_name_is_told_by_its_beginning(text: bytes, kind: str) -> None:
    assert guess_kind(BufferedReader(BytesIO(text))) == kind
