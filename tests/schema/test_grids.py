"""Surfaces and robustness of optimizations, of trials made by hand and of the demo's real sweeps."""

from typing import Any

import pytest
from sqlalchemy import select

from api.demo import load_demo
from resolvers.store.database import Database
from resolvers.store.tables import optimizations
from tests import operations
from tests.client import Client
from tests.statements import counted_statements
from tests.sweeps import ask, save_id

SURFACE = "objective higherIsBetter x y statistic xValues yValues values counts trials omitted"
CLIFF = "{ steps distance value objective }"
ROBUSTNESS = f"""
robustness {{
  objective higherIsBetter bestNumber bestObjective isOnEdge cliffThreshold
  parameters {{ name value excluded values lowest highest isOnEdge cliffBelow {CLIFF} cliffAbove {CLIFF} }}
  neighbourhood {{ possible known mean median worst ratio }}
}}
"""


def trial(objective: float | None, **parameters: Any) -> dict[str, Any]:
    return {"parameters": parameters, "objectiveValue": objective}


TRIALS = [
    trial(3.0, a=10, b="x"),
    trial(2.0, a=9, b="x"),
    trial(1.0, a=10.0, b="x"),
    trial(0.5, a=10, b="y"),
    trial(None, a=9, b="y"),
    trial(9.0, a=11),
]


async def saved(client: Client, trials: Any = TRIALS, **fields: Any) -> str:
    return await save_id(client, await operations.save_id(client), trials, **fields)


async def test_a_surface_is_a_table_of_two_parameters(client: Client) -> None:
    found = (await ask(client, await saved(client), f'surface(x: "a", y: "b") {{ {SURFACE} }}'))["surface"]
    assert (found["xValues"], found["yValues"]) == ([9, 10], ["x", "y"])
    assert found["values"] == [[2.0, 2.0], [None, 0.5]]
    assert found["counts"] == [[1, 2], [0, 1]]
    assert (found["trials"], found["omitted"], found["higherIsBetter"]) == (4, 2, True)


@pytest.mark.parametrize(
    ("statistic", "values"),
    [
        ("MEAN", [[2.0, 1.5, 9.0]]),
        ("MEDIAN", [[2.0, 1.0, 9.0]]),
        ("MIN", [[2.0, 0.5, 9.0]]),
        ("MAX", [[2.0, 3.0, 9.0]]),
        ("BEST", [[2.0, 3.0, 9.0]]),
        ("COUNT", [[1.0, 3.0, 1.0]]),
    ],
)
async def test_one_parameter_gives_a_curve(client: Client, statistic: str, values: Any) -> None:
    id = await saved(client)
    found = (await ask(client, id, f'surface(x: "a", statistic: {statistic}) {{ {SURFACE} }}'))["surface"]
    assert (found["xValues"], found["yValues"], found["y"], found["values"]) == ([9, 10, 11], [], None, values)


@pytest.mark.parametrize(
    ("objective", "is_higher"),
    [("volatility", False), ("Max Drawdown", True), ("ulcer_index", False), ("sharpe_ratio", True)],
)
async def test_the_best_depends_on_the_objective(client: Client, objective: str, is_higher: bool) -> None:
    id = await saved(client, [trial(0.1, n=1), trial(0.2, n=1)], objective=objective)
    found = (await ask(client, id, f'surface(x: "n", statistic: BEST) {{ {SURFACE} }}'))["surface"]
    assert (found["higherIsBetter"], found["values"]) == (is_higher, [[0.2 if is_higher else 0.1]])


async def test_the_metric_of_the_trials_stands_for_an_objective_that_was_not_saved(client: Client) -> None:
    trials = [{"parameters": {"n": n}, "totalTrades": n, "sharpeRatio": n / 2} for n in (1, 2)]
    for objective, values in (("total_trades", [[1.0, 2.0]]), ("sharpe", [[None, None]]), ("Sharpe Ratio", [[0.5, 1]])):
        found = await ask(client, await saved(client, trials, objective=objective), 'surface(x: "n") { values }')
        assert found["surface"]["values"] == values


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ('x: "c"', "'c' is no parameter of this optimization: it has 'a', 'b'."),
        ('x: "a", y: ""', "'' is no parameter"),
        ('x: "a", y: "a"', "two parameters"),
    ],
)
async def test_parameters_that_make_no_surface_are_refused(client: Client, arguments: str, message: str) -> None:
    id = await saved(client)
    answer = await client.post(
        f'{{ node(id: "{id}") {{ id ... on Optimization {{ surface({arguments}) {{ x }} }} }} }}'
    )
    assert answer["data"] == {"node": {"id": id, "surface": None}}
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert message in error["message"]


async def test_a_parameter_of_some_optimizations_is_an_error_of_the_others(client: Client) -> None:
    run = await operations.save_id(client)
    for name in ("a", "b"):
        await save_id(client, run, [trial(1.0, **{name: 1})])
    question = f'{{ backtest(id: "{run}") {{ optimizations {{ nodes {{ surface(x: "a") {{ values }} }} }} }} }}'
    answer = await client.post(question)
    assert answer["data"]["backtest"]["optimizations"]["nodes"] == [{"surface": None}, {"surface": {"values": [[1.0]]}}]
    assert [each["path"][3] for each in answer["errors"]] == [0]


async def test_a_surface_is_bounded(client: Client) -> None:
    id = await saved(client, [trial(1.0, a=n, b=n) for n in range(101)])
    question = f'{{ node(id: "{id}") {{ ... on Optimization {{ surface(x: "a", y: "b") {{ x }} }} }} }}'
    [error] = await client.refuse(question)
    assert "at most 10000 cells" in error["message"]


async def test_surfaces_and_robustness_share_one_statement(client: Client) -> None:
    run = await operations.save_id(client)
    for _ in range(2):
        await save_id(client, run, TRIALS)
    fields = f'one: surface(x: "a") {{ x }} two: surface(x: "b") {{ x }} {ROBUSTNESS}'
    with counted_statements() as statements:
        await client.ask(f'{{ backtest(id: "{run}") {{ optimizations {{ nodes {{ {fields} }} }} }} }}')
    assert len(statements) == 3


async def test_robustness_tells_of_edges_neighbours_and_cliffs(client: Client) -> None:
    values = {1: 0.2, 2: 0.9, 3: 1.0, 4: 0.7}
    trials = [trial(value, n=n, kind="x") for n, value in values.items()]
    best = [each | {"rank": place + 1} for place, each in enumerate(sorted(trials, key=lambda t: -t["objectiveValue"]))]
    found = (await ask(client, await saved(client, best), ROBUSTNESS))["robustness"]
    assert (found["bestNumber"], found["bestObjective"], found["isOnEdge"]) == (1, 1.0, False)
    assert found["neighbourhood"] == {
        "possible": 2, "known": 2, "mean": 0.8, "median": 0.8, "worst": 0.7, "ratio": 0.8
    }  # fmt: skip
    number, kind = found["parameters"]
    assert number["cliffBelow"] == {"steps": 2, "distance": 2.0, "value": 1.0, "objective": 0.2}
    assert (number["cliffAbove"], kind["excluded"], found["cliffThreshold"]) == (None, "CATEGORICAL", 0.5)


async def test_no_trial_is_no_best_one(client: Client) -> None:
    assert (await ask(client, await saved(client, []), ROBUSTNESS))["robustness"] is None


@pytest.mark.parametrize("drop", ["0", "-1", "1e400"])
async def test_a_drop_that_is_none_is_refused(client: Client, drop: str) -> None:
    asked = f"robustness(drop: {drop}) {{ isOnEdge }}"
    question = f'{{ node(id: "{await saved(client)}") {{ ... on Optimization {{ {asked} }} }} }}'
    [error] = await client.refuse(question)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


async def test_the_demo_has_whole_grids(client: Client, database: Database) -> None:
    await load_demo(database, lambda _: None)
    rows = await database.fetch(select(optimizations.c.id, optimizations.c.parameter_names))
    assert len(rows) == 5
    for row in rows:
        x, y = row["parameter_names"][:2]
        fields = f'combinationsTested best {{ sharpeRatio parameters }} surface(x: "{x}", y: "{y}", statistic: BEST) '
        found = await ask(client, str(row["id"]), f"{fields} {{ {SURFACE} }} {ROBUSTNESS}")
        surface, robustness = found["surface"], found["robustness"]
        assert sum(map(sum, surface["counts"])) == found["combinationsTested"]
        place = [
            surface[f"{axis}Values"].index(found["best"]["parameters"][name]) for axis, name in (("y", y), ("x", x))
        ]
        assert surface["values"][place[0]][place[1]] == found["best"]["sharpeRatio"] == robustness["bestObjective"]
        assert max(map(max, surface["values"])) == found["best"]["sharpeRatio"]
        assert robustness["neighbourhood"]["known"] == robustness["neighbourhood"]["possible"] >= 2
        for each in robustness["parameters"]:
            assert each["excluded"] is None
            assert each["isOnEdge"] == (found["best"]["parameters"][each["name"]] in (each["lowest"], each["highest"]))
