"""A sweep of the engine."""

from collections.abc import Mapping, Sequence
from typing import Any

from resolvers.importers.drafts import OptimizationDraft, Path, Places, Source, TrialDraft
from resolvers.importers.quoting import quote
from resolvers.importers.reading import (
    Field,
    Layout,
    Reader,
    Record,
    are_same,
    as_count,
    as_flag,
    as_is,
    as_list,
    as_number,
    as_object,
    as_text,
    is_given,
)
from resolvers.importers.vectorbt_engine.words import EXTRAS, FORMAT, METRIC_WORDS, METRICS, name_words

OBJECTIVE = "sharpe_ratio"

SWEEP = Layout(
    {
        "symbol": Field(("symbol",), as_text),
        "strategy": Field(("strategy",), as_text),
        "objective": Field(("optimization_metric", "objective", "metric"), as_text),
        "combinations_tested": Field(("total_combinations_tested", "combinations_tested"), as_count),
        "trials": Field(("top_results", "results", "trials"), as_list),
        "best_parameters": Field(("best_parameters",), as_object),
        "best_metric_value": Field(("best_metric_value",), as_is),
    },
    known=EXTRAS | {"valid_combinations"},
)

TRIAL_FIELDS: Mapping[str, Field] = {
    "parameters": Field(("parameters",), as_object),
    "objective_value": Field(("objective_value",), as_number),
    "total_return": METRICS["total_return"],
    "sharpe_ratio": METRICS["sharpe_ratio"],
    "max_drawdown": METRICS["max_drawdown"],
    "win_rate": METRICS["win_rate"],
    "profit_factor": METRICS["profit_factor"],
    "total_trades": METRICS["total_trades"],
    "rank": Field(("rank",), as_count),
    "is_statistically_significant": Field(("is_statistically_significant",), as_flag),
    "p_value": Field(("p_value",), as_number),
}


def extract_optimization(document: Any, *, root: Path = ("input", "document")) -> OptimizationDraft:
    """Read a sweep; raises DocumentError with everything that is wrong with it."""
    reader = Reader(root)
    sweep = SWEEP.read(reader, reader.take(as_object, document, ()) or {}, ())
    objective = _objective(reader, sweep)
    trials, words = _read_trials(reader, sweep, objective)
    reader.finish()
    _keep_other_best(sweep, trials)
    return OptimizationDraft(
        trials=trials,
        objective=objective,
        combinations_tested=sweep.values.get("combinations_tested"),
        other_metrics=sweep.rest or None,
        symbol=sweep.values.get("symbol"),
        strategy=sweep.values.get("strategy"),
        best_parameters=sweep.values.get("best_parameters"),
        places=_places(root, sweep, words),
        notices=reader.notices,
        source=Source(kind="OPTIMIZATION", format=FORMAT, document=document),
    )


def _objective(reader: Reader, sweep: Record) -> str:
    if "objective" not in sweep.words:
        reader.warn("ASSUMED", f"No objective is given; {OBJECTIVE} is assumed.", ("optimization_metric",))
    return sweep.values.get("objective") or OBJECTIVE


def _read_trials(reader: Reader, sweep: Record, objective: str) -> tuple[list[TrialDraft], dict[str, str]]:
    """Return the trials and the words of their columns."""
    if "trials" not in sweep.words:
        reader.refuse("A sweep needs its trials.", ("top_results",))
    path: Path = (sweep.words.get("trials", "top_results"),)
    layout = Layout(TRIAL_FIELDS, known=METRIC_WORDS | EXTRAS | {objective})
    trials: list[TrialDraft] = []
    words: dict[str, str] = {}
    for index, row in enumerate(sweep.values.get("trials") or ()):
        place = (*path, str(index))
        if not isinstance(row, Mapping):
            reader.refuse(f"{quote(row)} is not a trial.", place)
            continue
        record = layout.read(reader, row, place, path)
        _read_objective_value(reader, record, objective, place)
        if "parameters" not in record.words:
            reader.refuse("A trial needs its parameters.", (*place, "parameters"))
        words = {**record.words, **words}
        trials.append(TrialDraft(**{"parameters": None, **record.values}, other_metrics=record.rest or None))
    return trials, words


def _read_objective_value(reader: Reader, record: Record, objective: str, place: Path) -> None:
    """Take the value that stands under the objective's own name, unless objective_value says it."""
    if "objective_value" in record.words:
        return
    for word in _names(objective):
        value = record.rest.pop(word) if word in record.rest else record.values.get(word)
        if is_given(value):
            record.words["objective_value"] = word
            record.values["objective_value"] = reader.take(as_number, value, (*place, word))
            return


def _names(objective: str) -> Sequence[str]:
    """Return the objective's own name and, where it is a metric of ours, its other ones."""
    others = next((field.words for field in METRICS.values() if objective in field.words), ())
    return (objective, *(word for word in others if word != objective))


def _keep_other_best(sweep: Record, trials: Sequence[TrialDraft]) -> None:
    """Keep what the document calls the best where the best row says something else."""
    best = min(trials, key=lambda trial: trial.rank or 1, default=None)
    rows = {"best_parameters": best and best.parameters, "best_metric_value": best and best.objective_value}
    for column, value in rows.items():
        if column in sweep.words and not are_same(sweep.values[column], value):
            sweep.rest[column] = sweep.values[column]


def _places(root: Path, sweep: Record, trial_words: Mapping[str, str]) -> Places:
    words = {
        **name_words((), SWEEP.fields, sweep.words),
        **name_words((), TRIAL_FIELDS, trial_words, "trials."),
        "otherMetrics": (),
        "trials.otherMetrics": (),
    }
    return Places(root=root, words=words)
