"""A run of the engine."""

from collections.abc import Mapping
from typing import Any

from resolvers.importers.drafts import BacktestDraft, Path, Places, Source
from resolvers.importers.quoting import quote
from resolvers.importers.reading import (
    Field,
    Layout,
    Reader,
    Record,
    as_date,
    as_is,
    as_list,
    as_number,
    as_object,
    as_text,
    keep_times_of_day,
)
from resolvers.importers.vectorbt_engine.curves import Curve, read_curve
from resolvers.importers.vectorbt_engine.trades import TRADE_WORDS, read_trades
from resolvers.importers.vectorbt_engine.words import (
    ENGINE,
    EXTRAS,
    FORMAT,
    METRIC_WORDS,
    METRICS,
    camel_case,
    name_words,
)

STATUSES = ("IN_PROGRESS", "COMPLETED", "FAILED")
INITIAL_CAPITAL = 10_000.0


def as_status(value: Any) -> str:
    """Take one of our statuses in any case."""
    status = as_text(value).strip().upper().replace(" ", "_").replace("-", "_")
    if status not in STATUSES:
        raise ValueError(f"{quote(value)} is not a status: completed, failed or in_progress.")
    return status


RUN = Layout(
    {
        "symbol": Field(("symbol",), as_text),
        "strategy": Field(("strategy",), as_text),
        "start_date": Field(("start_date",), as_date),
        "end_date": Field(("end_date",), as_date),
        "initial_capital": Field(("initial_capital",), as_number),
        "fees": Field(("fees",), as_number),
        "slippage": Field(("slippage",), as_number),
        "parameters": Field(("parameters",), as_object),
        "status": Field(("status",), as_status),
        "error_message": Field(("error", "error_message"), as_text),
        "metrics": Field(("metrics",), as_object),
        "trades": Field(("trades",), as_list),
        "equity_curve": Field(("equity_curve",), as_is),
        "drawdown_curve": Field(("drawdown_series", "drawdown_curve"), as_is),
    },
    known=EXTRAS,
)
METRIC = Layout(METRICS, known=EXTRAS)
VALUE_WORDS = {"equity_curve": ("value", "equity"), "drawdown_curve": ("value", "drawdown")}
"""What the value of a point is called where points are objects."""

PLAIN = ("symbol", "strategy", "start_date", "end_date", "initial_capital", "fees", "slippage", "parameters", "status")


def extract_backtest(document: Any, *, root: Path = ("input", "document")) -> BacktestDraft:
    """Read a run; raises DocumentError with everything that is wrong with it."""
    reader = Reader(root)
    run = RUN.read(reader, reader.take(as_object, document, ()) or {}, ())
    metrics = METRIC.read(reader, run.values.get("metrics") or {}, ("metrics",))
    curves = _read_curves(reader, run)
    equity, drawdown = curves.get("equityCurve"), curves.get("drawdownCurve")
    trades = read_trades(reader, run.values.get("trades"), ("trades",))
    keep_times_of_day(run, "start_date", "end_date")
    _require(reader, run)
    reader.finish()
    return BacktestDraft(
        **_plain_values(run),
        metrics={column: value for column, value in metrics.values.items() if value is not None},
        other_metrics=_other_metrics(metrics.rest, run.rest) or None,
        equity_curve=equity.series if equity else None,
        drawdown_curve=drawdown.series if drawdown else None,
        trades=trades.draft if trades else None,
        error_message=run.values.get("error_message"),
        engine=ENGINE,
        places=Places(
            root=root,
            words=_words(run, metrics, trades.words if trades else {}),
            points={name: curve.place for name, curve in curves.items()},
        ),
        notices=reader.notices,
        source=Source(kind="BACKTEST", format=FORMAT, document=document),
    )


def _read_curves(reader: Reader, run: Record) -> dict[str, Curve]:
    """Return the curves by their GraphQL names; further columns of their points are kept beside the metrics."""
    curves: dict[str, Curve] = {}
    for column, values in VALUE_WORDS.items():
        word = run.words.get(column, "")
        curve = read_curve(reader, run.values.get(column), (word,), values, like=curves.get("equityCurve"))
        if curve is not None:
            curves[camel_case(column)] = curve
        if curve is not None and curve.beside:
            run.rest[word] = curve.beside
            for other in curve.beside:
                RUN.warn_of_unknown(reader, other, (word, "0", other))
    return curves


def _require(reader: Reader, run: Record) -> None:
    for column in ("symbol", "strategy"):
        if column not in run.words:
            reader.refuse(f"A run needs its {column}.", (column,))
    if "initial_capital" not in run.words:
        reader.warn("ASSUMED", f"No initial capital is given; {INITIAL_CAPITAL:g} is assumed.", ("initial_capital",))


def _plain_values(run: Record) -> dict[str, Any]:
    """Return what stands in the document as it stands in the draft; an error makes a run failed unless it says more."""
    values = {column: run.values[column] for column in PLAIN if column in run.values}
    if run.values.get("error_message"):
        values.setdefault("status", "FAILED")
    return values


def _other_metrics(metrics: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """Put what has no column side by side; what would hide a metric goes under "document"."""
    hidden = {word: value for word, value in document.items() if word in metrics or word in METRIC_WORDS}
    other = {**metrics, **{word: value for word, value in document.items() if word not in hidden}}
    if hidden:
        name = "document"
        while name in other:
            name += "_"
        other[name] = hidden
    return other


def _words(run: Record, metrics: Record, trade_words: Mapping[str, str]) -> dict[str, Path]:
    return {
        **name_words((), RUN.fields, run.words),
        **name_words(("metrics",), METRICS, metrics.words, "metrics."),
        **name_words((), TRADE_WORDS, trade_words, "trades."),
        "otherMetrics": ("metrics",) if metrics.rest else (),
    }
