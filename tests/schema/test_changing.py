"""Changing and deleting, and saving what belongs to a run."""

from typing import Any
from uuid import uuid4

import pytest

from tests.client import Client
from tests.operations import RUN, UNKNOWN, count_runs, save_id
from tests.schema.test_reading import SAVE_OPTIMIZATION, SAVE_WINDOWS, WINDOW, save_graph

UPDATE = """
mutation($input: UpdateBacktestInput!) {
  updateBacktest(input: $input) {
    backtest { id notes tags status errorMessage updatedAt createdAt } errors { code path message }
  }
}
"""
DELETE = "mutation($input: DeleteBacktestInput!) { deleteBacktest(input: $input) { deletedId errors { code path } } }"
DELETE_MANY = """
mutation($input: DeleteBacktestsInput!) { deleteBacktests(input: $input) { deletedIds errors { code path message } } }
"""


async def test_notes_tags_status_and_error_message_change_and_the_rest_stays(client: Client) -> None:
    id = await save_id(client, notes="old", tags=["a"])
    change = {"id": id, "tags": ["b", " b ", "c"], "status": "FAILED", "errorMessage": "broke"}
    payload = (await client.ask(UPDATE, input=change))["updateBacktest"]
    assert payload["errors"] == []
    run = payload["backtest"]
    assert (run["notes"], run["tags"], run["status"], run["errorMessage"]) == ("old", ["b", "c"], "FAILED", "broke")
    assert run["updatedAt"] > run["createdAt"]
    cleared = (await client.ask(UPDATE, input={"id": id, "notes": None, "tags": None}))["updateBacktest"]["backtest"]
    assert (cleared["notes"], cleared["tags"], cleared["errorMessage"]) == (None, [], "broke")


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"id": UNKNOWN, "notes": "x"}, "NOT_FOUND", ["input", "id"]),
        ({"id": "x"}, "INVALID", ["input", "id"]),
        ({"status": None}, "INVALID", ["input", "status"]),
        ({"tags": [""]}, "INVALID", ["input", "tags", "0"]),
        ({"notes": "\x00"}, "INVALID", ["input", "notes"]),
    ],
)
async def test_a_bad_change_is_refused(client: Client, change: dict[str, Any], code: str, path: list[str]) -> None:
    id = await save_id(client)
    payload = (await client.ask(UPDATE, input={"id": id} | change))["updateBacktest"]
    assert payload["backtest"] is None
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]


async def test_a_run_is_deleted_with_all_that_belongs_to_it(client: Client) -> None:
    kept, gone = await save_graph(client, 2)
    children = "id trades(first: 1) { nodes { id } } optimizations { nodes { id best { id } } }"
    query = f"query($id: ID!) {{ backtest(id: $id) {{ {children} walkForwardTests {{ nodes {{ id }} }} }} }}"
    before = (await client.ask(query, id=gone))["backtest"]
    assert await client.ask(DELETE, input={"id": gone}) == {"deleteBacktest": {"deletedId": gone, "errors": []}}
    optimization = before["optimizations"]["nodes"][0]
    for id in (
        gone,
        before["trades"]["nodes"][0]["id"],
        optimization["id"],
        optimization["best"]["id"],
        before["walkForwardTests"]["nodes"][0]["id"],
    ):
        assert (await client.ask("query($id: ID!) { node(id: $id) { id } }", id=id))["node"] is None
    assert (await client.ask(query, id=kept))["backtest"]["trades"]["nodes"] != []


@pytest.mark.parametrize(("id", "code"), [(UNKNOWN, "NOT_FOUND"), ("x", "INVALID")])
async def test_deleting_what_is_not_there_is_told(client: Client, id: str, code: str) -> None:
    payload = (await client.ask(DELETE, input={"id": id}))["deleteBacktest"]
    assert payload == {"deletedId": None, "errors": [{"code": code, "path": ["input", "id"]}]}


async def delete_many(client: Client, filter: Any, expected: int) -> Any:
    given = {"filter": filter, "expectedCount": expected}
    return (await client.ask(DELETE_MANY, input=given))["deleteBacktests"]


async def test_matching_runs_are_deleted_where_they_are_as_many_as_expected(client: Client) -> None:
    gone = [await save_id(client, tags=["old"]) for _ in range(3)]
    await save_id(client, tags=["new"])
    wanted = {"tags": {"hasAny": ["old"]}}
    for expected in (2, 4, 0, -1):
        payload = await delete_many(client, wanted, expected)
        assert payload["deletedIds"] == []
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [
            ("CONFLICT", ["input", "expectedCount"])
        ]
        assert "3 runs match" in payload["errors"][0]["message"]
    assert await delete_many(client, wanted, 3) == {"deletedIds": sorted(gone), "errors": []}
    assert await count_runs(client) == 1
    assert await delete_many(client, wanted, 0) == {"deletedIds": [], "errors": []}


@pytest.mark.parametrize("filter", [{}, {"symbol": {"eq": None}}, {"id": {"eq": "x"}}])
async def test_a_filter_that_says_nothing_or_nonsense_deletes_nothing(client: Client, filter: Any) -> None:
    await save_id(client)
    payload = await delete_many(client, filter, 1)
    assert payload["deletedIds"] == []
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [("INVALID", ["input", "filter"])]
    assert await count_runs(client) == 1


@pytest.mark.parametrize(
    "filter", [{"and": []}, {"not": {"or": []}}, {"and": [{}]}, {"symbol": {}}, {"not": {"symbol": {"in": []}}}]
)
async def test_deletion_by_a_filter_that_matches_everything_still_needs_the_count(client: Client, filter: Any) -> None:
    await save_id(client)
    await save_id(client)
    assert (await delete_many(client, filter, 1))["deletedIds"] == []
    assert await count_runs(client) == 2


async def test_an_optimization_is_safe_to_repeat(client: Client) -> None:
    run, id = await save_id(client), str(uuid4())
    given = {"id": id, "backtestId": run, "objective": "Calmar Ratio", "trials": [{"parameters": {"a": 1}}]}
    first, second = [(await client.ask(SAVE_OPTIMIZATION, input=given))["saveOptimization"] for _ in range(2)]
    assert (first["created"], second["created"], second["errors"]) == (True, False, [])
    assert first["optimization"]["id"] == second["optimization"]["id"] == id
    others: list[dict[str, Any]] = [{"objective": "x"}, {"backtestId": await save_id(client)}, {"trials": []}]
    for other in others:
        payload = (await client.ask(SAVE_OPTIMIZATION, input=given | other))["saveOptimization"]
        assert payload["errors"] == [{"code": "CONFLICT", "path": ["input", "id"]}]
    query = f'{{ node(id: "{id}") {{ ... on Optimization {{ objective objectiveMetric combinationsTested }} }} }}'
    stored = (await client.ask(query))["node"]
    assert stored == {"objective": "Calmar Ratio", "objectiveMetric": "CALMAR_RATIO", "combinationsTested": 1}


BAD_TRIALS = [
    ({"combinationsTested": 1, "trials": [{"parameters": {}}] * 2}, "INVALID", ["combinationsTested"]),
    ({"trials": [{"parameters": {}}, {"parameters": 5}]}, "INVALID", ["trials", "1", "parameters"]),
    ({"trials": [{"parameters": {}, "winRate": 58.3}]}, "INVALID", ["trials", "0", "winRate"]),
    ({"trials": [{"parameters": {}, "rank": 0}]}, "INVALID", ["trials", "0", "rank"]),
    ({"trials": [], "objective": ""}, "INVALID", ["objective"]),
    ({"trials": [], "backtestId": UNKNOWN}, "NOT_FOUND", ["backtestId"]),
    ({"trials": [], "backtestId": "x"}, "INVALID", ["backtestId"]),
    ({"trials": [], "id": "x"}, "INVALID", ["id"]),
]


@pytest.mark.parametrize(("fields", "code", "path"), BAD_TRIALS, ids=[".".join(path) for _, _, path in BAD_TRIALS])
async def test_a_bad_optimization_is_refused_whole(client: Client, fields: Any, code: str, path: list[str]) -> None:
    run = await save_id(client)
    payload = (await client.ask(SAVE_OPTIMIZATION, input={"backtestId": run} | fields))["saveOptimization"]
    assert payload["errors"] == [{"code": code, "path": ["input", *path]}]
    stored = await client.ask(f'{{ backtest(id: "{run}") {{ optimizations {{ totalCount }} }} }}')
    assert stored["backtest"]["optimizations"]["totalCount"] == 0


async def test_trials_drawdowns_and_non_finite_values_are_changed_with_warnings(client: Client) -> None:
    run = await save_id(client)
    trial = {"parameters": {"a": 1}, "maxDrawdown": 0.2}
    payload = (await client.ask(SAVE_OPTIMIZATION, input={"backtestId": run, "trials": [trial]}))["saveOptimization"]
    assert payload["warnings"] == [{"code": "SIGN", "path": ["input", "trials", "0", "maxDrawdown"]}]


async def save_windows(client: Client, run: str, *tests: Any) -> Any:
    return (await client.ask(SAVE_WINDOWS, input={"backtestId": run, "tests": tests}))["saveWalkForwardTests"]


async def test_windows_are_safe_to_repeat_and_saved_all_or_none(client: Client) -> None:
    run, id = await save_id(client), str(uuid4())
    first = await save_windows(client, run, WINDOW | {"id": id}, WINDOW)
    assert (len(first["walkForwardTests"]), first["errors"]) == (2, [])
    assert (await save_windows(client, run, WINDOW | {"id": id}))["walkForwardTests"] == [{"id": id}]
    other = await save_windows(client, run, WINDOW, WINDOW | {"id": id, "outOfSampleReturn": 0.5})
    assert other["walkForwardTests"] == []
    assert [(error["code"], error["path"]) for error in other["errors"]] == [
        ("CONFLICT", ["input", "tests", "1", "id"])
    ]
    stored = await client.ask(f'{{ backtest(id: "{run}") {{ walkForward {{ windows }} }} }}')
    assert stored["backtest"]["walkForward"]["windows"] == 2


BAD_WINDOWS = [
    ({"testPeriodEnd": "2023-01-01"}, ["testPeriodEnd"]),
    ({"trainingStart": "2024-01-02", "trainingEnd": "2024-01-01"}, ["trainingEnd"]),
    ({"windowSizeMonths": -1}, ["windowSizeMonths"]),
    ({"optimalParameters": [1]}, ["optimalParameters"]),
    ({"id": "x"}, ["id"]),
]


@pytest.mark.parametrize(("fields", "path"), BAD_WINDOWS, ids=[".".join(path) for _, path in BAD_WINDOWS])
async def test_a_bad_window_is_refused(client: Client, fields: Any, path: list[str]) -> None:
    payload = await save_windows(client, await save_id(client), WINDOW, WINDOW | fields)
    assert payload["walkForwardTests"] == []
    assert [error["path"] for error in payload["errors"]] == [["input", "tests", "1", *path]]


@pytest.mark.parametrize(("id", "code"), [(UNKNOWN, "NOT_FOUND"), ("x", "INVALID")])
@pytest.mark.parametrize("tests", [[], [WINDOW]])
async def test_windows_of_an_unknown_run_are_refused(client: Client, id: str, code: str, tests: list[Any]) -> None:
    payload = await save_windows(client, id, *tests)
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, ["input", "backtestId"])]


async def test_the_run_used_here_is_valid(client: Client) -> None:
    assert await save_id(client, **RUN)
