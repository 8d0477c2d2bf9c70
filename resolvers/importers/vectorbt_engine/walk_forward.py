"""A walk-forward analysis of the engine, or a list of windows in the legacy dialect."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from resolvers.importers.drafts import Path, Places, Source, WalkForwardDraft, WindowDraft
from resolvers.importers.quoting import quote
from resolvers.importers.reading import (
    Field,
    Layout,
    Reader,
    Record,
    as_count,
    as_date,
    as_flag,
    as_list,
    as_number,
    as_object,
    as_text,
    is_given,
    keep_times_of_day,
)
from resolvers.importers.times import has_time_of_day
from resolvers.importers.vectorbt_engine.words import EXTRAS, FORMAT, METRIC_WORDS, name_words

DERIVED = frozenset(
    {"periods_tested", "average_return", "average_sharpe", "average_drawdown", "consistency", "summary"}
)
TO = re.compile(r"\s+to\s+", re.IGNORECASE)


def as_period(value: Any) -> tuple[str, str]:
    """Take the two dates of "A to B" as they are written."""
    parts = TO.split(as_text(value).strip())
    if len(parts) != 2:  # noqa: PLR2004 - a start and an end
        raise ValueError(f"{quote(value)} is not a period such as '2023-01-01 to 2023-06-30'.")
    for part in parts:
        as_date(part)
    return parts[0], parts[1]


ANALYSIS = Layout(
    {
        "symbol": Field(("symbol",), as_text),
        "strategy": Field(("strategy",), as_text),
        "tests": Field(("walk_forward_results", "windows"), as_list),
    },
    known=DERIVED | EXTRAS,
    kept="the document",
)

WINDOW_FIELDS: Mapping[str, Field] = {
    "window_size_months": Field(("window_size_months",), as_count),
    "step_size_months": Field(("step_size_months",), as_count),
    "training_start": Field(("training_start",), as_date),
    "training_end": Field(("training_end",), as_date),
    "test_period_start": Field(("test_period_start",), as_date),
    "test_period_end": Field(("test_period_end",), as_date),
    "period": Field(("period",), as_period),
    "optimal_parameters": Field(("parameters", "optimal_parameters"), as_object),
    "training_performance": Field(("in_sample_return", "training_performance"), as_number),
    "training_sharpe": Field(("in_sample_sharpe", "training_sharpe"), as_number),
    "out_of_sample_return": Field(("out_sample_return", "out_of_sample_return"), as_number),
    "out_of_sample_sharpe": Field(("out_sample_sharpe", "out_of_sample_sharpe"), as_number),
    "out_of_sample_drawdown": Field(("out_sample_drawdown", "out_of_sample_drawdown"), as_number),
    "out_of_sample_trades": Field(("out_sample_trades", "out_of_sample_trades"), as_count),
    "performance_ratio": Field(("performance_ratio",), as_number),
    "degradation_factor": Field(("degradation_factor",), as_number),
    "is_profitable": Field(("is_profitable",), as_flag),
    "is_statistically_significant": Field(("is_statistically_significant",), as_flag),
}
WINDOW = Layout(WINDOW_FIELDS, known=METRIC_WORDS | EXTRAS)


def extract_walk_forward(document: Any, *, root: Path = ("input", "document")) -> WalkForwardDraft:
    """Read the windows; raises DocumentError with everything that is wrong with them."""
    reader = Reader(root)
    analysis, path = _analysis(reader, document)
    windows, words = _read_windows(reader, analysis.values.get("tests") or (), path)
    reader.finish()
    return WalkForwardDraft(
        windows=windows,
        symbol=analysis.values.get("symbol"),
        strategy=analysis.values.get("strategy"),
        places=_places(root, analysis, path, words),
        notices=reader.notices,
        source=Source(kind="WALK_FORWARD", format=FORMAT, document=document),
    )


def _analysis(reader: Reader, document: Any) -> tuple[Record, Path]:
    """Return the document's own values and the path of its windows."""
    if isinstance(document, list | tuple):
        return Record({}, values={"tests": document}), ()
    analysis = ANALYSIS.read(reader, reader.take(as_object, document, ()) or {}, ())
    if "tests" not in analysis.words:
        reader.refuse("An analysis needs its windows.", ("walk_forward_results",))
    return analysis, (analysis.words.get("tests", "walk_forward_results"),)


def _read_windows(reader: Reader, rows: Sequence[Any], path: Path) -> tuple[list[WindowDraft], dict[str, str]]:
    """Return the windows and the words of their columns."""
    windows: list[WindowDraft] = []
    words: dict[str, str] = {}
    for index, row in enumerate(rows):
        place = (*path, str(index))
        if not isinstance(row, Mapping):
            reader.refuse(f"{quote(row)} is not a window.", place)
            continue
        record = WINDOW.read(reader, row, place, path)
        keep_times_of_day(record, "training_start", "training_end", "test_period_start", "test_period_end")
        _read_period(reader, record, place, path)
        words = {**record.words, **words}
        if _has_period(reader, record, place):
            windows.append(WindowDraft(**record.values, other_metrics=record.rest or None))
    return windows, words


def _read_period(reader: Reader, record: Record, place: Path, rows: Path) -> None:
    """Take the test period from "A to B" where there is one."""
    period = record.values.pop("period", None)
    word = record.words.pop("period", None)
    if period is None or word is None:
        return
    for column, text in zip(("test_period_start", "test_period_end"), period, strict=True):
        _take_end(reader, record, (column, as_date(text)), place, rows)
    if any(map(has_time_of_day, period)):
        record.rest[word] = record.given[word]


def _take_end(reader: Reader, record: Record, end: tuple[str, date], place: Path, rows: Path) -> None:
    column, day = end
    given = record.values.get(column)
    if given is not None and given != day:
        record.rest[column] = record.given[column]
        WINDOW.warn_of_second(reader, "period", column, (*place, column), rows)
    record.values[column] = day
    record.words[column] = "period"


def _has_period(reader: Reader, record: Record, place: Path) -> bool:
    columns = ("test_period_start", "test_period_end")
    for column in columns:
        if column not in record.words and not is_given(record.given.get("period")):
            reader.refuse("A window needs its test period.", (*place, column))
    return all(record.values.get(column) is not None for column in columns)


def _places(root: Path, analysis: Record, path: Path, window_words: Mapping[str, str]) -> Places:
    words = {
        **name_words((), ANALYSIS.fields, analysis.words),
        **name_words((), WINDOW_FIELDS, window_words, "tests."),
        "tests": path,
        "tests.otherMetrics": (),
    }
    return Places(root=root, words=words)
