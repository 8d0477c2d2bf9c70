"""Random filters, orders and pages, as the JSON that a client sends."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from resolvers.store.metrics import COMPUTED, METRICS, NOT_COMPUTED, Metric
from tests.properties.rows import COUNTS, DAYS, FIGURES, INSTANTS, KEYS, TAGS, VALUES, WORDS, Row

Json = st.SearchStrategy[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT32 = {"min_value": -(2**31), "max_value": 2**31 - 1}


def camel(name: str) -> str:
    """Return the GraphQL name of a column."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def some_of(choices: Mapping[str, Json], *, least: int = 0, most: int = 3) -> Json:
    """Objects with a few of these fields."""
    names = st.lists(st.sampled_from(list(choices)), min_size=least, max_size=most, unique=True)
    # Nested strategies would be printed whole, a lambda is not.
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: choices[name] for name in chosen}))


def _write_instant(microseconds: int, hours: int) -> str:
    instant = _EPOCH + timedelta(microseconds=microseconds)
    try:
        return instant.astimezone(timezone(timedelta(hours=hours))).isoformat()
    except OverflowError:
        return instant.isoformat()


_letters = st.text(st.characters(codec="utf-8", exclude_characters="\x00İ"), max_size=3)
_words = st.sampled_from(WORDS)
_parts = st.builds(lambda word, start, size: word[start : start + size], _words, st.integers(0, 6), st.integers(0, 3))
_texts = _words | _words | _parts | _letters
_floats = st.sampled_from(FIGURES) | st.floats(-3, 3) | st.floats(allow_nan=False, allow_infinity=False)
_counts = st.sampled_from(COUNTS) | st.integers(**_INT32)
_days = (st.sampled_from(DAYS) | st.dates(date(2020, 1, 1), date(2024, 6, 1)) | st.dates()).map(date.isoformat)
_instants = st.builds(
    _write_instant,
    st.builds(int.__add__, st.sampled_from(INSTANTS[:-2]), st.integers(-1, 1))
    | st.sampled_from(INSTANTS)
    | st.integers(1_656_000_000_000_000, 1_743_000_000_000_000),
    st.sampled_from((0, 2, -5)),
)
_flags = st.booleans()


def _comparisons(values: Json, *operators: str, lists: Iterable[str] = (), **more: Json) -> Json:
    operands = dict.fromkeys(operators, values) | {name: st.lists(values, max_size=4) for name in lists}
    return some_of(operands | more, least=1, most=2) | some_of(operands | more)


_ORDERED = ("gt", "gte", "lt", "lte")
_string_filters = _comparisons(
    _texts,
    *("eq", "ne", "contains", "startsWith"),
    lists=("in", "notIn"),
    isNull=_flags,
    caseSensitive=_flags,
)
_float_filters = _comparisons(_floats, "eq", "ne", *_ORDERED, isNull=_flags)
_int_filters = _comparisons(_counts, "eq", "ne", *_ORDERED, lists=("in",), isNull=_flags)
_date_filters = _comparisons(_days, "eq", *_ORDERED)
_instant_filters = _comparisons(_instants, *_ORDERED)
_statuses = st.sampled_from(("COMPLETED", "IN_PROGRESS", "FAILED"))
_status_filters = _comparisons(_statuses, "eq", lists=("in",))
_tags_filters = some_of(dict.fromkeys(("hasAll", "hasAny", "hasNone"), st.lists(st.sampled_from(TAGS), max_size=3)))


def _of_metrics(metrics: Iterable[Metric], **more: Json) -> Json:
    figures = {camel(metric.name): _int_filters if metric.is_count else _float_filters for metric in metrics}
    shares = dict.fromkeys(("probabilisticSharpe", "deflatedSharpe"), _float_filters)
    return st.builds(dict.__or__, some_of(figures | shares, most=2), st.fixed_dictionaries(more))


_reported = st.just("REPORTED")
_computed = st.just("COMPUTED")
_metrics_filters = _of_metrics(METRICS) | _of_metrics(METRICS, basis=_reported) | _of_metrics(COMPUTED, basis=_computed)

_paths = (
    "risk.stop.loss",
    "risk.0",
    "a.b",
    "list.0",
    "list.1",
    "list.-1",
    "list.3.0",
    "list.9",
    "risk.",
    "risk.x",
    "x",
)
_names = st.sampled_from((*KEYS, *KEYS, *_paths)) | st.lists(st.sampled_from((*KEYS, "0", "1")), max_size=3).map(
    ".".join
)
_value_texts = st.sampled_from([value for value in VALUES if isinstance(value, str)])
_value_numbers = st.sampled_from(
    [float(value) for value in VALUES if isinstance(value, int | float) and not isinstance(value, bool)]
)
_of_parameter: Mapping[str, Json] = {
    "number": _comparisons(_value_numbers | _floats, "eq", "ne", *_ORDERED, isNull=_flags),
    "string": _comparisons(
        _value_texts | _texts,
        *("eq", "ne", "contains", "startsWith"),
        lists=("in", "notIn"),
        isNull=_flags,
        caseSensitive=_flags,
    ),
    "boolean": _flags,
    "exists": _flags,
}
_parameter_filters = st.builds(
    lambda name, asked: {"name": name, **asked}, _names, some_of(_of_parameter, least=1, most=1)
)


def parameter_filters(runs: Sequence[Row]) -> Json:
    """ParameterFilters on what the runs have, most of them with operands that they have there."""
    leaves = [leaf for run in runs for name, value in run["parameters"].items() for leaf in _leaves(name, value)]
    return st.integers(0, len(leaves) - 1).flatmap(lambda place: _condition_on(*leaves[place]))


def _leaves(name: str, value: Any) -> Iterable[tuple[str, Any]]:
    yield name, value
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from _leaves(f"{name}.{key}", inner)


def _condition_on(name: str, value: Any) -> Json:
    operand: Json = st.just(float(value)) if isinstance(value, int | float) else st.just(value)
    kind = "string" if isinstance(value, str) else "number" if isinstance(value, int | float) else "exists"
    operators = {"string": ("eq", "ne", "contains", "startsWith"), "number": ("eq", "ne", *_ORDERED)}.get(kind, ())
    of_value = (
        st.just({"exists": True})
        if not operators
        else some_of(dict.fromkeys(operators, operand), least=1).map(lambda asked: {kind: asked})
    )
    asked = of_value | of_value | some_of(_of_parameter, least=1, most=1)
    return asked.map(lambda condition: {"name": name, **condition})


def backtest_filters(runs: Sequence[Row]) -> Json:
    """BacktestFilters, of which many match some of the runs."""
    known = st.sampled_from([str(run["id"]) for run in runs[:50]])
    ids = known | known.map(str.upper) | st.uuids().map(str)
    leaves: dict[str, Json] = {
        "id": _comparisons(ids, "eq", lists=("in", "notIn")),
        **dict.fromkeys(("symbol", "strategy", "engine", "study", "notes"), _string_filters),
        "status": _status_filters,
        "createdAt": _instant_filters,
        **dict.fromkeys(("startDate", "endDate"), _date_filters),
        "tags": _tags_filters,
        "metrics": _metrics_filters,
        "parameters": st.lists(_parameter_filters, max_size=2),
    }
    return st.recursive(some_of(leaves, most=2), lambda inner: _nested(inner, leaves), max_leaves=6)


def _nested(inner: Json, leaves: Mapping[str, Json]) -> Json:
    lists = st.lists(inner, max_size=3)
    return some_of({"and": lists, "or": lists, "not": inner, **leaves}, most=2) | some_of(
        {"and": lists, "or": lists, "not": inner}, least=1
    )


trade_filters = some_of(
    {
        "direction": st.sampled_from(("LONG", "SHORT")),
        **dict.fromkeys(("pnl", "pnlPercent"), _float_filters),
        **dict.fromkeys(("entryTime", "exitTime"), _instant_filters),
        "isOpen": _flags,
        "exitReason": _string_filters,
    },
    most=2,
)


def orders(*fields: str) -> Json:
    """Orders by a few of these fields, with and without directions, some named twice."""
    return _keys(st.fixed_dictionaries({"field": st.sampled_from(fields)}))


def run_orders() -> Json:
    """Orders of runs by any field, some of them by computed values."""
    reported = st.fixed_dictionaries({"field": st.sampled_from(RUN_FIELDS)}, optional={"basis": _reported})
    fields = [field for field in RUN_FIELDS if field.lower() not in NOT_COMPUTED]
    return _keys(reported | st.fixed_dictionaries({"field": st.sampled_from(fields), "basis": _computed}))


def _keys(key: Json) -> Json:
    direction = st.fixed_dictionaries({}, optional={"direction": st.sampled_from(("ASC", "DESC"))})
    return st.lists(st.builds(dict.__or__, key, direction), max_size=3)


RUN_FIELDS = (
    *("CREATED_AT", "START_DATE", "END_DATE", "SYMBOL", "STRATEGY"),
    *(metric.name.upper() for metric in METRICS),
)
TRADE_FIELDS = ("NUMBER", "ENTRY_TIME", "EXIT_TIME", "PNL", "PNL_PERCENT", "DURATION_DAYS")
TRIAL_FIELDS = ("NUMBER", "RANK", "OBJECTIVE_VALUE", "TOTAL_RETURN", "SHARPE_RATIO", "MAX_DRAWDOWN")

sizes = st.sampled_from((0, 1, 2, 3, 7, 20, 100))
places = st.none() | st.integers(0, 10_000)
"""Where a cursor is taken from: the number of a row, to be taken modulo how many there are."""


@st.composite
def page_sizes(draw: st.DrawFn) -> dict[str, int]:
    """Return first, last or neither of them."""
    return draw(some_of({draw(st.sampled_from(("first", "last"))): sizes}, most=1))
