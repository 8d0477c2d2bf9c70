from collections.abc import Callable
from typing import Any

import pytest

from resolvers.importers import registry
from resolvers.importers.drafts import DocumentError
from tests.resolvers.importers.vectorbt_engine.documents import analysis, run, sweep, window

RUN, SWEEP, ANALYSIS, LIST = run(), sweep(), analysis(window()), [window()]
EXTRACT: dict[str, Callable[..., Any]] = {
    "importBacktest": registry.extract_backtest,
    "importOptimization": registry.extract_optimization,
    "importWalkForward": registry.extract_walk_forward,
}


@pytest.mark.parametrize(
    ("document", "kind"),
    [(RUN, "BACKTEST"), (SWEEP, "OPTIMIZATION"), (ANALYSIS, "WALK_FORWARD"), (LIST, "WALK_FORWARD")],
)
def test_a_document_is_known_by_its_words(document: Any, kind: str) -> None:
    assert registry.identify(document) == ("VECTORBT_ENGINE", kind)


@pytest.mark.parametrize("document", [None, 5, "{}", {}, [], [1], [[]], {"symbol": "GOOG"}, {"hello": {"metrics": 1}}])
def test_what_no_importer_knows_is_not_guessed(document: Any) -> None:
    assert registry.identify(document) is None


@pytest.mark.parametrize(
    ("mutation", "document", "right"),
    [
        ("importBacktest", SWEEP, "an optimization: importOptimization"),
        ("importBacktest", ANALYSIS, "a walk-forward analysis: importWalkForward"),
        ("importOptimization", RUN, "a backtest: importBacktest"),
        ("importOptimization", ANALYSIS, "a walk-forward analysis: importWalkForward"),
        ("importWalkForward", RUN, "a backtest: importBacktest"),
        ("importWalkForward", SWEEP, "an optimization: importOptimization"),
    ],
)
@pytest.mark.parametrize("format_name", ["AUTO", "VECTORBT_ENGINE"])
def test_a_document_of_another_kind_is_sent_to_its_mutation(
    mutation: str, document: Any, right: str, format_name: str
) -> None:
    with pytest.raises(DocumentError, match=f"This is {right} takes it") as refused:
        EXTRACT[mutation](document, format=format_name)
    assert refused.value.problems[0].path == ("input", "document")


@pytest.mark.parametrize("mutation", EXTRACT)
@pytest.mark.parametrize("document", [None, True, 1.5, "{}"])
@pytest.mark.parametrize("format_name", ["AUTO", "VECTORBT_ENGINE"])
def test_what_is_no_object_is_refused(mutation: str, document: Any, format_name: str) -> None:
    with pytest.raises(DocumentError, match="A document is an object, not "):
        EXTRACT[mutation](document, format=format_name)


@pytest.mark.parametrize("mutation", ["importBacktest", "importOptimization"])
def test_a_list_is_for_windows_only(mutation: str) -> None:
    with pytest.raises(DocumentError, match="not a list"):
        EXTRACT[mutation](LIST)
    assert len(registry.extract_walk_forward(LIST).windows) == 1


@pytest.mark.parametrize("mutation", EXTRACT)
def test_an_unknown_document_is_refused_with_the_formats_there_are(mutation: str) -> None:
    with pytest.raises(DocumentError, match=r"known format \(VECTORBT_ENGINE\)"):
        EXTRACT[mutation]({"hello": "world"})


def test_with_its_format_said_a_poor_document_gets_the_fields_it_needs() -> None:
    with pytest.raises(DocumentError) as refused:
        registry.extract_backtest({"hello": "world"}, format="VECTORBT_ENGINE")
    assert [problem.path[-1] for problem in refused.value.problems] == ["symbol", "strategy"]


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(DocumentError, match="'EXCEL' is not a format; there are VECTORBT_ENGINE"):
        registry.extract_backtest(RUN, format="EXCEL")


def test_problems_start_at_the_root_that_was_given() -> None:
    with pytest.raises(DocumentError) as refused:
        registry.extract_backtest(run(metrics=5), root=("inputs", "7"))
    assert refused.value.problems[0].path == ("inputs", "7", "metrics")
