"""Every leaf of a document is found again in its draft."""

import copy
import gzip
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.importers import registry
from resolvers.importers.numbers import NON_FINITE_WORDS
from resolvers.importers.times import read_times
from resolvers.importers.vectorbt_engine.optimizations import SWEEP, TRIAL_FIELDS
from resolvers.importers.vectorbt_engine.trades import TRADE_WORDS
from resolvers.importers.vectorbt_engine.walk_forward import DERIVED, WINDOW_FIELDS
from resolvers.importers.vectorbt_engine.words import METRICS
from tests.resolvers.importers.vectorbt_engine.documents import analysis, run, sweep, window
from tests.resolvers.importers.vectorbt_engine.readable import spell

SAMPLES = Path(__file__).parents[3] / "samples"
HAND_MADE = sorted(path for path in SAMPLES.glob("vectorbt_engine/*.json") if ".expected" not in path.name)
CURVES = {"equity_curve", "drawdown_series", "drawdown_curve"}
EXTRACT = {
    "BACKTEST": registry.extract_backtest,
    "OPTIMIZATION": registry.extract_optimization,
    "WALK_FORWARD": registry.extract_walk_forward,
}
with gzip.open(SAMPLES / "GOOG_reduced.jsonl.gz", "rt", encoding="utf-8") as lines:
    REAL = [json.loads(line) for line in lines]


def draft_of(document: Any) -> Any:
    identified = registry.identify(document)
    assert identified is not None
    return EXTRACT[identified[1]](document)


def leaves(value: Any, name: str = "") -> Iterator[Any]:
    """Walk the values of a document, the times of its curves and the ends of its periods."""
    if isinstance(value, dict):
        if name in CURVES:
            yield from value
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, str):
        yield from re.split(r"\s+to\s+", value)
    else:
        yield value


def counted(value: Any) -> Counter[Any]:
    """Count leaves, however they are spelled: times by instant, numbers by value, text in upper case."""
    texts: list[str] = []
    found: Counter[Any] = Counter()
    for leaf in leaves(value):
        if isinstance(leaf, str) and leaf.lower() not in NON_FINITE_WORDS | {"", "nat"}:
            texts.append(leaf)
        elif isinstance(leaf, int | float) and np.isfinite(leaf):
            found[float(leaf).hex()] += 1
    times, bad = read_times(texts)
    strange = set(bad.tolist())
    found.update(texts[index].upper() if index in strange else time for index, time in enumerate(times.tolist()))
    return found


def kept(draft: Any) -> Counter[Any]:
    fields = spell(draft)
    return counted({name: fields[name] for name in fields if name not in {"places", "notices", "source"}})


@pytest.mark.parametrize("document", REAL, ids=lambda document: f"{document['strategy']}-{len(document)}")
def test_every_leaf_of_a_real_document_is_in_its_draft(document: Any) -> None:
    before = copy.deepcopy(document)
    draft = draft_of(document)
    assert counted(document) - kept(draft) == Counter()
    assert draft.notices == []
    assert document == before


def test_the_real_documents_are_of_all_kinds_and_of_all_strategies() -> None:
    kinds = Counter(identified[1] for document in REAL if (identified := registry.identify(document)))
    assert kinds == {"BACKTEST": 6, "OPTIMIZATION": 5, "WALK_FORWARD": 5}
    assert len({document["strategy"] for document in REAL}) == 5


@pytest.mark.parametrize("document", [one for one in REAL if "metrics" in one], ids=lambda one: one["strategy"])
def test_a_real_run_comes_back_float_for_float(document: Any) -> None:
    draft = draft_of(document)
    metrics = {field.words[0]: draft.metrics[column] for column, field in METRICS.items() if column in draft.metrics}
    assert {**metrics, **draft.other_metrics} == document["metrics"]
    for word, curve in (("equity_curve", draft.equity_curve), ("drawdown_series", draft.drawdown_curve)):
        times = [str(time).replace("T", " ") for time in curve.times.astype("M8[us]").astype("M8[s]")]
        assert dict(zip(times, curve.values.values.tolist(), strict=True)) == document[word]
    assert len(draft.trades) == len(document["trades"])
    for column in ("entry_price", "exit_price", "size", "pnl", "pnl_percent"):
        word = TRADE_WORDS[column].words[0]
        assert draft.trades.numbers[column].values.tolist() == [row[word] for row in document["trades"]]
    for word, times in (("entry_date", draft.trades.entry_times), ("exit_date", draft.trades.exit_times)):
        spelled = [str(time).replace("T", " ") for time in times.astype("M8[us]").astype("M8[s]")]
        assert spelled == [row[word] for row in document["trades"]]
    assert (draft.symbol, draft.strategy, draft.parameters, draft.initial_capital) == (
        document["symbol"],
        document["strategy"],
        document["parameters"],
        document["initial_capital"],
    )
    assert (str(draft.start_date), str(draft.end_date)) == (document["start_date"], document["end_date"])


@pytest.mark.parametrize("path", HAND_MADE, ids=lambda path: path.stem)
def test_every_leaf_of_a_sample_is_in_its_draft(path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    draft = draft_of(document)
    if isinstance(document, dict) and "walk_forward_results" in document:
        assert draft.source.document == document
        document = {word: value for word, value in document.items() if word not in DERIVED}
    assert set(counted(document)) <= set(kept(draft))


TAKEN = {word for field in (*METRICS.values(), *TRIAL_FIELDS.values()) for word in field.words}
TAKEN |= {word for fields in (SWEEP.fields, WINDOW_FIELDS, TRADE_WORDS, run()) for word in fields}
METRIC_WORDS = sorted({word for field in METRICS.values() for word in field.words})
TRADE_NUMBERS = ["exit_price", "size", "position_size", "pnl", "return", "pnl_percent", "mae", "duration_days", "mfe"]
WINDOW_NUMBERS = [
    "out_sample_return",
    "out_of_sample_return",
    "in_sample_sharpe",
    "training_sharpe",
    "performance_ratio",
]
STRANGE = st.text(st.characters(codec="ascii", categories=["Ll"]), min_size=3).filter(lambda word: word not in TAKEN)


def words(known: list[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(known) | STRANGE if known else STRANGE, unique=True, max_size=12)


@given(words(METRIC_WORDS), words(METRIC_WORDS), st.lists(words(TRADE_NUMBERS), max_size=4), st.data())
def test_every_number_of_a_run_is_kept_whatever_the_words(
    metrics: list[str], outside: list[str], rows: list[list[str]], data: st.DataObject
) -> None:
    numbers = iter(range(1_000, 100_000))
    document = {
        **{word: next(numbers) for word in outside},
        **run(
            metrics={word: next(numbers) for word in metrics},
            trades=[
                {"entry_date": "2024-01-02", "entry_price": next(numbers), **{word: next(numbers) for word in row}}
                for row in rows
            ],
            equity_curve=data.draw(curves(numbers)),
            drawdown_curve=data.draw(curves(numbers)),
        ),
    }
    assert counted(document) - kept(registry.extract_backtest(document)) == Counter()


def curves(numbers: Iterator[int]) -> st.SearchStrategy[Any]:
    days = ["2024-01-02", "2024-01-03", "2024-01-04"]
    return st.sampled_from(
        [
            {day: next(numbers) for day in days},
            [next(numbers) for _ in days],
            [[day, next(numbers)] for day in days],
            [{"time": day, "value": next(numbers), "other": next(numbers)} for day in days],
        ]
    )


@given(st.lists(words(METRIC_WORDS), min_size=1, max_size=4), st.sampled_from([*METRIC_WORDS, "score"]), words([]))
def test_every_number_of_a_sweep_is_kept_whatever_the_words(
    rows: list[list[str]], objective: str, outside: list[str]
) -> None:
    numbers = iter(range(1_000, 100_000))
    trials = [{"parameters": {"n": next(numbers)}, **{word: next(numbers) for word in row}} for row in rows]
    document = sweep(*trials, optimization_metric=objective, **{word: next(numbers) for word in outside})
    assert counted(document) - kept(registry.extract_optimization(document)) == Counter()


@given(st.lists(words(WINDOW_NUMBERS), min_size=1, max_size=4))
def test_every_number_of_a_window_is_kept_whatever_the_words(rows: list[list[str]]) -> None:
    numbers = iter(range(1_000, 100_000))
    plain = window(out_sample_return=None)
    document = analysis(*({**plain, **{word: next(numbers) for word in row}} for row in rows))
    assert counted(document) - kept(registry.extract_walk_forward(document)) == Counter()
