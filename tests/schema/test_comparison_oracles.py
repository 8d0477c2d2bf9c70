"""Comparisons against other ways to compute them: plain Python for random runs, pandas for real ones."""

import json
import math
import statistics
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.demo import load_demo
from resolvers.store.database import Database
from tests.client import Client
from tests.operations import RUN, SAVE_MANY
from tests.schema.test_comparisons import compare

LOWER = {"VOLATILITY", "MAX_DRAWDOWN_DURATION"}
FIELDS = {
    "totalReturn": "TOTAL_RETURN",
    "maxDrawdown": "MAX_DRAWDOWN",
    "volatility": "VOLATILITY",
    "maxDrawdownDuration": "MAX_DRAWDOWN_DURATION",
    "totalTrades": "TOTAL_TRADES",
}
METRICS = "query($id: ID!) { backtest(id: $id) { metrics { " + " ".join(FIELDS) + " } } }"
START = datetime(2024, 1, 1, tzinfo=UTC)
GRIDS = [timedelta(days=1), timedelta(days=1), timedelta(hours=6)]
OFFSETS = [timedelta(0), timedelta(0), timedelta(hours=16)]

few = st.sampled_from([0.0, 0.25, 1.0, 1e-9])
scalars = st.none() | st.booleans() | st.sampled_from([0, 1, 10, 10.0, 1.0, "", "1", "é"])
jsons = st.recursive(scalars, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner))
metrics = st.fixed_dictionaries(
    {},
    optional={
        "totalReturn": st.none() | few | few.map(lambda value: -value),
        "maxDrawdown": st.none() | few.map(lambda value: -value),
        "volatility": st.none() | few,
        "maxDrawdownDuration": st.none() | few,
        "totalTrades": st.integers(0, 3),
    },
)


@st.composite
def curves(draw: st.DrawFn) -> dict[str, Any] | None:
    if draw(st.integers(0, 5)) == 0:
        return None
    step, offset = draw(st.sampled_from(GRIDS)), draw(st.sampled_from(OFFSETS))
    steps = sorted(draw(st.lists(st.integers(0, 14), min_size=1, max_size=14)))
    times = [(START + offset + step * each).isoformat().replace("+00:00", "Z") for each in steps]
    values = st.lists(
        st.sampled_from([1.0, 2.0, 4.0, 5.5, 100.5, -3.0, 0.0, None]), min_size=len(times), max_size=len(times)
    )
    return {"times": times, "values": draw(values)}


runs = st.fixed_dictionaries(
    {
        "metrics": metrics,
        "parameters": st.dictionaries(st.sampled_from(["n", "fast", "slow", "on"]), jsons),
        "equityCurve": curves(),
    }
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=st.lists(runs, min_size=1, max_size=6), normalize=st.booleans(), data=st.data())
async def test_random_runs_compare_as_in_plain_python(
    client: Client, given: list[dict[str, Any]], normalize: bool, data: st.DataObject
) -> None:
    saved = await client.ask(SAVE_MANY, inputs=[RUN | run for run in given])
    ids = [run["id"] for run in saved["saveBacktests"]["backtests"]]
    missing = [str(UUID(int=number)) for number in range(2)]
    asked = data.draw(st.lists(st.sampled_from(ids + missing), min_size=1, max_size=12))
    found = await compare(client, *asked, metrics=list(FIELDS.values()), normalize=normalize)
    order = [id for id in dict.fromkeys(asked) if id in ids]
    stored = {
        id: (await client.ask(METRICS, id=id))["backtest"]["metrics"] for id in order
    }  # what was not given is filled
    compared = [given[ids.index(id)] | {"metrics": stored[id]} for id in order]
    assert [run["id"] for run in found["backtests"]] == order
    assert found["missingIds"] == [id for id in dict.fromkeys(asked) if id in missing]
    for field, ranked in zip(FIELDS, found["metrics"], strict=True):
        check_metric(ranked, field, dict(zip(order, compared, strict=True)))
    assert found["parameters"] == different_parameters([run["parameters"] for run in compared])
    check_curves(found, dict(zip(order, compared, strict=True)), normalize)


def check_metric(found: Any, field: str, compared: dict[str, Any]) -> None:
    assert found["metric"] == FIELDS[field]
    assert found["higherIsBetter"] == (FIELDS[field] not in LOWER)
    values = {id: run["metrics"][field] for id, run in compared.items()}
    there = {id: value for id, value in values.items() if value is not None}
    best_first = sorted(there, key=lambda id: there[id] if FIELDS[field] in LOWER else -there[id])
    ids = [*best_first, *(id for id in values if id not in there)]
    expected = []
    for id in ids:
        ahead = [other for other in best_first if id in there and there[other] == there[id]]
        rank = best_first.index(ahead[0]) + 1 if ahead else None
        expected.append({"backtest": {"id": id}, "value": values[id], "rank": rank})
    assert found["values"] == expected
    assert found["best"] == (expected[0] if there else None)
    numbers = list(there.values())
    assert found["mean"] == approx(statistics.fmean(numbers) if numbers else None)
    assert found["median"] == approx(statistics.median(numbers) if numbers else None)
    assert found["standardDeviation"] == approx(statistics.stdev(numbers) if len(numbers) > 1 else None)


def different_parameters(compared: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Compare the JSON texts, in which numbers are floats; PostgreSQL orders keys by length, then by their letters."""
    names = dict.fromkeys(name for run in compared for name in sorted(run, key=lambda name: (len(name), name)))
    values = {name: [run.get(name) for run in compared] for name in names}
    texts = {name: {json.dumps(as_floats(value), sort_keys=True) for value in values[name]} for name in names}
    return [{"name": name, "values": values[name]} for name in names if len(texts[name]) > 1]


def as_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: as_floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_floats(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def check_curves(found: Any, compared: dict[str, Any], normalize: bool) -> None:
    points = {
        id: dict(zip(run["equityCurve"]["times"], run["equityCurve"]["values"], strict=True))
        for id, run in compared.items()
        if run["equityCurve"]
    }
    times = sorted(time for each in points.values() for time in each)
    assert (found["earliest"], found["latest"]) == ((times[0], times[-1]) if times else (None, None))
    common, by_day = aligned(points)
    shown = found["equityCurves"]
    assert shown["times"] == sorted(next(iter(common.values()), {}))
    assert (shown["byDay"], shown["downsampled"]) == (by_day, False)
    assert [each["backtest"]["id"] for each in shown["series"]] == list(common)
    for each, curve in zip(shown["series"], common.values(), strict=True):
        assert each["values"] == [approx(value) for value in plotted(list(curve.values()), normalize)]
    for row, first in zip(found["returnCorrelation"], compared, strict=True):
        expected = [correlation(common.get(first), common.get(second)) for second in compared]
        assert row == [approx(value) for value in expected]


Points = dict[str, dict[str, float | None]]


def aligned(points: Points) -> tuple[Points, bool]:
    """Return the curves on common times, or on common days by the documented rule."""
    days = {id: {f"{time[:10]}T00:00:00Z": curve[time] for time in sorted(curve)} for id, curve in points.items()}
    exact, daily = joined(points), joined(days)
    mixed = len({intraday(curve) for curve in points.values()}) > 1
    few = len(points) > 1 and common_times(exact) < min(2, common_times(daily))
    return (daily, True) if mixed or few else (exact, False)


def joined(points: Points) -> Points:
    common = set.intersection(*(set(curve) for curve in points.values())) if points else set()
    return {id: {time: curve[time] for time in sorted(common)} for id, curve in points.items()}


def common_times(points: Points) -> int:
    return len(next(iter(points.values()), {}))


def intraday(curve: dict[str, float | None]) -> bool:
    times = [datetime.fromisoformat(time) for time in sorted(curve)]
    steps = [(after - before).total_seconds() for before, after in pairwise(times)]
    return bool(steps) and statistics.median(steps) < 86_400


def plotted(values: list[float | None], normalize: bool) -> list[float | None]:
    if not normalize:
        return values
    first = values[0] if values else None
    return [value / first if first and value is not None else None for value in values]


def correlation(first: dict[str, float | None] | None, second: dict[str, float | None] | None) -> float | None:
    """Return Pearson's correlation by its definition."""
    if first is None or second is None:
        return None
    ours, theirs = simple_returns(list(first.values())), simple_returns(list(second.values()))
    pairs = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
    xs, ys = [a for a, _ in pairs], [b for _, b in pairs]
    if len(set(xs)) < 2 or len(set(ys)) < 2:
        return None
    if first is second:
        return 1.0
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    cross = math.fsum((x - mean_x) * (y - mean_y) for x, y in pairs)
    return cross / math.sqrt(math.fsum((x - mean_x) ** 2 for x in xs) * math.fsum((y - mean_y) ** 2 for y in ys))


def simple_returns(values: list[float | None]) -> list[float | None]:
    return [b / a - 1 if a and b is not None else None for a, b in pairwise(values)]


def approx(value: float | None) -> Any:
    return None if value is None else pytest.approx(value, rel=1e-9, abs=1e-9)


RUNS = """
{
  backtests(first: 100, filter: {strategy: {eq: "sma_cross"}}) {
    nodes {
      id parameters equityCurve { times values }
      metrics { totalReturn sharpeRatio maxDrawdown winRate profitFactor totalTrades }
    }
  }
}
"""


@pytest.fixture
async def moving_averages(client: Client, database: Database) -> list[dict[str, Any]]:
    """The 25 sma_cross runs of the demo, as they are read one by one."""
    await load_demo(database, lambda _: None)
    runs: list[dict[str, Any]] = (await client.ask(RUNS))["backtests"]["nodes"]
    assert len(runs) == 25
    return runs


async def test_metrics_and_parameters_of_the_demo_compare_as_in_pandas(
    client: Client, moving_averages: list[dict[str, Any]]
) -> None:
    ids = [run["id"] for run in moving_averages]
    found = await compare(client, *ids)
    figures = pd.DataFrame([run["metrics"] for run in moving_averages], index=ids, dtype=float)
    for ranked, name in zip(found["metrics"], figures.columns, strict=True):
        ranks = figures[name].rank(method="min", ascending=False).astype(int).to_dict()
        assert {each["backtest"]["id"]: each["rank"] for each in ranked["values"]} == ranks
        assert ranked["best"]["value"] == figures[name].max()
        spread = [ranked["mean"], ranked["median"], ranked["standardDeviation"]]
        assert spread == pytest.approx([figures[name].mean(), figures[name].median(), figures[name].std()])
    parameters = pd.DataFrame([run["parameters"] for run in moving_averages])
    expected = {name: list(parameters[name]) for name in parameters if parameters[name].nunique() > 1}
    assert {each["name"]: each["values"] for each in found["parameters"]} == expected
    assert set(expected) == {"fast_period", "slow_period"}


async def test_curves_and_correlations_of_the_demo_compare_as_in_pandas(
    client: Client, moving_averages: list[dict[str, Any]]
) -> None:
    found = await compare(client, *(run["id"] for run in moving_averages))
    curves = {run["id"]: run["equityCurve"] for run in moving_averages}
    money = pd.DataFrame({id: pd.Series(curve["values"], curve["times"]) for id, curve in curves.items()})
    shown = {each["backtest"]["id"]: each["values"] for each in found["equityCurves"]["series"]}
    plotted = pd.DataFrame(shown, index=found["equityCurves"]["times"])
    pd.testing.assert_frame_equal(plotted, money / money.iloc[0], rtol=1e-15)
    correlations = pd.DataFrame(found["returnCorrelation"], index=money.columns, columns=money.columns)
    pd.testing.assert_frame_equal(correlations, money.pct_change().corr(), rtol=1e-12)
    assert (found["earliest"], found["latest"]) == (money.index[0], money.index[-1])
