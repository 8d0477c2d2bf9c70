"""Whatever is handed in is read, or refused with a DocumentError."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from resolvers.importers import registry
from resolvers.importers.drafts import DocumentError
from resolvers.importers.reading import Field
from resolvers.importers.vectorbt_engine.backtests import RUN
from resolvers.importers.vectorbt_engine.optimizations import SWEEP, TRIAL_FIELDS
from resolvers.importers.vectorbt_engine.trades import TRADE_WORDS
from resolvers.importers.vectorbt_engine.walk_forward import ANALYSIS, WINDOW_FIELDS
from resolvers.importers.vectorbt_engine.words import EXTRAS, METRICS

Extract = Callable[..., Any]
LAYOUTS: tuple[Mapping[str, Field], ...] = (
    RUN.fields,
    SWEEP.fields,
    TRIAL_FIELDS,
    TRADE_WORDS,
    ANALYSIS.fields,
    WINDOW_FIELDS,
    METRICS,
)
WORDS = sorted({word for layout in LAYOUTS for field in layout.values() for word in field.words} | EXTRAS)
KEYS = st.sampled_from([*WORDS, "document", "duration", "time", "date", "value", "0", "1", "2024-01-01"]) | st.text()
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(st.characters())
    | st.text(st.characters(categories=["Cs"]), max_size=2)
    | st.sampled_from(
        ["", "NaN", "long", "now", "2024-01-01", "2024-01-01 to 2024-02-01", "01/02/2024", "sharpe_ratio"]
    )
)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=30
)
NEARLY = st.fixed_dictionaries(
    {"symbol": st.just("GOOG"), "strategy": st.just("rsi")},
    optional={word: ANYTHING for word in WORDS if word not in {"symbol", "strategy"}},
)
EXTRACT: list[Extract] = [registry.extract_backtest, registry.extract_optimization, registry.extract_walk_forward]


def deep(levels: int, inner: Any) -> Any:
    for _ in range(levels):
        inner = [inner]
    return inner


def refusal(extract: Extract, document: Any, format_name: str) -> DocumentError | None:
    try:
        extract(document, format=format_name)
    except DocumentError as error:
        return error
    return None


def check(error: DocumentError | None) -> None:
    if error is not None:
        assert error.problems
        assert all(problem.path[:2] == ("input", "document") for problem in error.problems)
        assert all(isinstance(word, str) for problem in error.problems for word in problem.path)


@given(document=ANYTHING | NEARLY, format_name=st.sampled_from(["AUTO", "VECTORBT_ENGINE"]))
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_any_document_is_read_or_refused(document: Any, format_name: str) -> None:
    for extract in EXTRACT:
        check(refusal(extract, document, format_name))


@pytest.mark.parametrize("value", [deep(100_000, 1), {"a": deep(5_000, 1)}, 10**5000], ids=["deep", "within", "long"])
@pytest.mark.parametrize("extract", EXTRACT)
def test_a_value_that_cannot_be_printed_is_read_or_refused(extract: Extract, value: Any) -> None:
    for word in WORDS:
        row = {"entry_date": "2024-01-01", "entry_price": 1.0, "period": "2024-01-01 to 2024-01-02", word: value}
        places = ({word: value}, {"metrics": row}, {"trades": [row]}, {"trials": [row]}, {"windows": [row]}, [row])
        for place in places:
            check(refusal(extract, place, "VECTORBT_ENGINE"))


def test_values_nested_too_deep_to_compare_count_as_different() -> None:
    document = {
        "objective": "x",
        "best_parameters": {"a": deep(100_000, 1)},
        "results": [{"parameters": {"a": deep(100_000, 1)}}],
    }
    draft = registry.extract_optimization(document)
    assert draft.other_metrics["best_parameters"] is document["best_parameters"]
