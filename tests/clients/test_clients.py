"""One file, so that one worker does it all: npm installs once, and one service runs."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, parse, validate

from api.graphiql.build import Node
from tests.clients.conftest import Ask
from tests.clients.project import SOURCES, Project, Unreachable
from tests.resolvers.store.servers import passable_folder
from tests.service import Service

LINTER = "node_modules/graphql-schema-linter/lib/cli.js"
TSC = "node_modules/typescript/bin/tsc"
RELAY = "node_modules/relay-compiler/cli.js"

# All rules but those of alphabetical order: fields and values stand in the order of their meaning.
RULES = (
    "arguments-have-descriptions,defined-types-are-used,deprecations-have-a-reason,descriptions-are-capitalized,"
    "enum-values-all-caps,enum-values-have-descriptions,fields-are-camel-cased,fields-have-descriptions,"
    "input-object-values-are-camel-cased,input-object-values-have-descriptions,relay-connection-arguments-spec,"
    "relay-connection-types-spec,relay-page-info-spec,types-are-capitalized,types-have-descriptions"
)
CONNECTIONS = {
    "Leaderboard_runs": "backtests",
    "Ranking_places": "ranking",
    "RunPage_optimizations": "optimizations",
    "RunPage_trades": "trades",
    "RunPage_trials": "trials",
    "RunPage_windows": "walkForwardTests",
}
REFETCHED_BY_ID = {name for name in CONNECTIONS if name.startswith("RunPage_")} | {"RunPage_run"}

LISTED = "{ backtests(first: 500) { nodes { id metrics { sharpeRatio } trades(first: 3) { nodes { id pnl } } } } }"
TRADED = (
    "query ($id: ID!) { backtest(id: $id) { trades(first: 5000) { nodes { id number direction entryTime pnl } } } }"
)
RUN: dict[str, Any] = {
    "symbol": "CLIENT",
    "strategy": "zürich 🜁",
    "startDate": "2024-01-01",
    "endDate": "2024-01-03",
    "parameters": {"fast": 10, "risk": {"stop": 0.05}},
    "metrics": {"totalReturn": 0.1 + 0.2, "sharpeRatio": None},
    "equityCurve": {"times": ["2024-01-01", "2024-01-02", "2024-01-03"], "values": [100, None, 1e-9]},
    "trades": [{"entryTime": "2024-01-01T10:00:00+02:00", "entryPrice": 10, "direction": "SHORT", "pnl": -0.1}],
    "tags": ["a", "b"],
}
UNKNOWN = [
    "{ backtests { nodes { metrics { sharpRatio } } } }",
    "{ backtests(top: 5) { totalCount } }",
    '{ backtests(filter: {symbl: {eq: "A"}}) { totalCount } }',
    "{ backtests(orderBy: [{field: LUCK}]) { totalCount } }",
    '{ backtests(first: "ten") { totalCount } }',
    "{ backtest { id } }",
    "{ backtests { nodes } }",
    'mutation { saveBacktest(input: {symbol: "A"}) { created } }',
    "mutation { forgetEverything { errors { code } } }",
]


def test_no_registry_is_told_from_a_project_that_cannot_be_installed(node: Node, tmp_path: Path) -> None:
    nowhere = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}
    unreachable = Project(tmp_path, node, nowhere)
    with pytest.raises(Unreachable, match="ECONNREFUSED"):
        unreachable.install()


def test_a_lock_file_that_is_missing_is_no_reason_to_skip(project: Project, node: Node, tmp_path: Path) -> None:
    broken = Project(tmp_path, node)
    (tmp_path / "package-lock.json").unlink()
    with pytest.raises(AssertionError, match=r"package-lock\.json"):
        broken.install()


def test_the_lock_file_names_no_registry_and_the_tree_has_no_packages() -> None:
    assert '"resolved"' not in (SOURCES / "package-lock.json").read_text(encoding="utf-8")
    assert not (SOURCES / "node_modules").exists()


def test_the_schema_linter_finds_nothing(project: Project) -> None:
    ended = project.try_to_run(LINTER, "--rules", RULES, "--format", "compact", "schema.graphql")
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "", "")


def test_the_schema_linter_looks(project: Project) -> None:
    (project.folder / "careless.graphql").write_text("type Query { Runs: Int }\n", encoding="utf-8")
    ended = project.try_to_run(LINTER, "--rules", RULES, "--format", "compact", "careless.graphql")
    assert ended.returncode == 1
    assert "The field `Query.Runs` is not camel cased" in ended.stdout


def test_tsc_compiles_what_codegen_wrote_and_refuses_each_wrong_use_of_it(
    compilation: "subprocess.CompletedProcess[str]",
) -> None:
    assert compilation.returncode == 0, compilation.stdout


def test_tsc_looks_at_each_file(clients: Project) -> None:
    wrong = "import type { PageQueryVariables } from './operations.js'\nexport const page: PageQueryVariables = {}\n"
    source = clients.folder / "typed" / "wrong.ts"
    source.write_text(wrong, encoding="utf-8")
    try:
        ended = clients.try_to_run(TSC, "--noEmit")
    finally:
        source.unlink()
    assert ended.returncode != 0
    assert "typed/wrong.ts(2,14): error TS2741: Property 'first' is missing" in ended.stdout


@pytest.fixture(scope="module")
def artifacts(project: Project) -> dict[str, str]:
    """What the Relay compiler wrote: its text by the name of the fragment or operation."""
    folder = project.folder / "artifacts"
    folder.mkdir()
    project.run(RELAY)
    return {path.name.partition(".")[0]: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_every_connection_is_one_for_relay(artifacts: dict[str, str]) -> None:
    paged = {name: text for name, text in artifacts.items() if '"direction": "' in text}
    assert {name: re.findall(r'"alias": "(\w+)"', text) for name, text in paged.items()} == {
        name: [field] for name, field in CONNECTIONS.items()
    }


def test_relay_fetches_what_hangs_on_a_run_again_through_node(artifacts: dict[str, str]) -> None:
    found = {name for name, text in artifacts.items() if '"fragmentPathInResult": [\n        "node"' in text}
    assert found == REFETCHED_BY_ID


def test_relay_refuses_what_the_schema_does_not_know(project: Project) -> None:
    for folder in ("careless", "careless-artifacts"):
        (project.folder / folder).mkdir()
    source = "graphql`query CarelessQuery { backtests { nodes { weather } } }`"
    (project.folder / "careless" / "Careless.ts").write_text(source, encoding="utf-8")
    config = json.loads((project.folder / "relay.config.json").read_text(encoding="utf-8"))
    config |= {"src": "careless", "artifactDirectory": "careless-artifacts"}
    (project.folder / "careless.json").write_text(json.dumps(config), encoding="utf-8")
    ended = project.try_to_run(RELAY, "careless.json")
    assert ended.returncode != 0
    assert "The type `Backtest` has no field `weather`" in ended.stderr


def test_the_service_answers_what_relay_sends_for_a_list(artifacts: dict[str, str], ask: Ask) -> None:
    board = _send(ask, artifacts["LeaderboardQuery"], filter=None)["backtests"]
    behind = {"cursor": board["pageInfo"]["endCursor"], "count": 1}
    order = [{"field": "SHARPE_RATIO"}]
    more = _send(ask, artifacts["LeaderboardPageQuery"], filter=None, orderBy=order, **behind)["backtests"]
    ratios = [edge["node"]["metrics"]["sharpeRatio"] for edge in board["edges"] + more["edges"]]
    assert len(ratios) == 21
    assert ratios == sorted(ratios, key=lambda ratio: (ratio is None, -(ratio or 0)))


def test_the_service_answers_what_relay_sends_for_ranks(artifacts: dict[str, str], ask: Ask) -> None:
    best = _send(ask, artifacts["RankingQuery"], by="MAX_DRAWDOWN")["ranking"]
    behind = {"cursor": best["pageInfo"]["endCursor"], "count": 5, "minTrades": 1}
    next_best = _send(ask, artifacts["RankingPageQuery"], by="MAX_DRAWDOWN", **behind)["ranking"]
    places = [(edge["rank"], -edge["value"]) for edge in best["edges"] + next_best["edges"]]
    assert len(places) == 25
    assert places == sorted(places)


def test_the_service_answers_what_relay_sends_for_a_run(artifacts: dict[str, str], ask: Ask, traded_id: str) -> None:
    edges = _send(ask, artifacts["RunPageQuery"], id=traded_id)["backtest"]["trades"]["edges"]
    # Relay names every variable, those that it leaves alone as null.
    back = {"first": None, "after": None, "last": 3, "before": edges[5]["cursor"]}
    page = _send(ask, artifacts["RunPageTradesQuery"], id=traded_id, filter={"isOpen": False}, **back)["node"]
    assert page["trades"]["edges"] == edges[2:5]


def test_urql_pages_through_all_runs_by_cursor(clients: Project, service_url: str, ask: Ask) -> None:
    paged = clients.ask("urql", service_url, "page", first=7)
    listed = ask(LISTED)["data"]["backtests"]["nodes"]
    lengths = [len(page) for page in paged["pages"]]
    assert lengths[:-1] == [7] * ((len(listed) - 1) // 7)
    assert len(lengths) > 3
    runs = [run for page in paged["pages"] for run in page]
    assert [(run["id"], run["sharpeRatio"], [(deal["id"], deal["pnl"]) for deal in run["deals"]]) for run in runs] == [
        (run["id"], run["metrics"]["sharpeRatio"], [(trade["id"], trade["pnl"]) for trade in run["trades"]["nodes"]])
        for run in listed
    ]
    assert paged["totalCount"] == len(listed)


def test_urql_pages_through_the_trades_of_a_run(clients: Project, service_url: str, ask: Ask, traded_id: str) -> None:
    pages = clients.ask("urql", service_url, "trades", id=traded_id, first=4)["pages"]
    trades = ask(TRADED, id=traded_id)["data"]["backtest"]["trades"]["nodes"]
    assert len(pages) == -(-len(trades) // 4)
    assert [_without_type(deal) for page in pages for deal in page] == trades


def test_urql_saves_and_deletes_a_run_with_variables(clients: Project, service_url: str) -> None:
    outcome = clients.ask("urql", service_url, "saveAndDelete", input=RUN)
    saved, stored = outcome["saved"], outcome["stored"]
    assert (saved["created"], saved["errors"]) == (True, [])
    for name in ("symbol", "strategy", "startDate", "parameters", "tags"):
        assert saved["backtest"][name] == stored[name] == RUN[name]
    assert _without_type(stored["metrics"]) == RUN["metrics"] | {"totalTrades": 0}
    assert stored["equityCurve"]["values"] == [100, None, 1e-9]
    assert stored["equityCurve"]["times"] == [f"2024-01-0{day}T00:00:00Z" for day in (1, 2, 3)]
    assert [trade["entryTime"] for trade in stored["trades"]["nodes"]] == ["2024-01-01T08:00:00Z"]
    assert (outcome["deleted"]["deletedId"], outcome["deleted"]["errors"]) == (stored["id"], [])
    assert outcome["afterwards"] is None


def test_urql_is_told_in_the_payload_what_is_wrong_with_a_run(clients: Project, service_url: str) -> None:
    saved = clients.ask("urql", service_url, "saveAndDelete", input=RUN | {"symbol": ""})["saved"]
    assert (saved["created"], saved["backtest"]) == (False, None)
    assert [(error["code"], error["path"]) for error in saved["errors"]] == [("INVALID", ["input", "symbol"])]


def test_urql_compares_the_best_runs(clients: Project, service_url: str) -> None:
    outcome = clients.ask("urql", service_url, "compare", by="SHARPE_RATIO", first=5)
    places, comparison = outcome["ranking"]["edges"], outcome["comparison"]
    assert [run["id"] for run in comparison["backtests"]] == [place["node"]["id"] for place in places]
    assert [(each["rank"], each["value"]) for each in comparison["metrics"][0]["values"]] == [
        (place["rank"], place["value"]) for place in places
    ]
    curves = comparison["equityCurves"]
    assert [len(one["values"]) for one in curves["series"]] == [len(curves["times"])] * 5
    assert [row[column] for column, row in enumerate(comparison["returnCorrelation"])] == pytest.approx([1] * 5)


def test_urql_reads_the_figures_of_a_start_page(clients: Project, service_url: str) -> None:
    figures = clients.ask("urql", service_url, "summarize", by="SHARPE_RATIO")
    counts = {group["strategy"]: group["count"] for group in figures["backtestAggregates"]}
    assert {group["key"]: group["count"] for group in figures["performanceSummary"]["byStrategy"]} == counts
    leaders = {leader["strategy"]: leader["backtest"]["strategy"] for leader in figures["leaders"]}
    assert leaders == {strategy: strategy for strategy in counts}


def test_what_the_schema_does_not_know_is_graphqls_own_error(
    clients: Project, service_url: str, printed_schema: GraphQLSchema
) -> None:
    refused = clients.ask("urql", service_url, "refuse", operations=UNKNOWN)
    expected = [[error.message for error in validate(printed_schema, parse(text))] for text in UNKNOWN]
    assert all(expected)
    assert refused == [{"data": None, "errors": messages, "networkError": None} for messages in expected]


def test_apollos_cache_joins_the_pages_of_a_list(clients: Project, service_url: str, ask: Ask) -> None:
    joined = clients.ask("apollo", service_url, "page", first=7)
    listed = [run["id"] for run in ask(LISTED)["data"]["backtests"]["nodes"]]
    assert joined == {"ids": listed, "totalCount": len(listed), "requests": -(-len(listed) // 7)}


def test_apollos_cache_knows_a_run_by_its_id(clients: Project, service_url: str) -> None:
    runs = clients.ask("apollo", service_url, "tag", symbol="APOLLO", tags=["kept", "shown"])
    assert runs["before"]["symbol"] == "APOLLO"
    assert runs["after"] == runs["before"] | {"tags": ["kept", "shown"]}


def test_apollo_gets_graphqls_own_error_for_an_unknown_field(clients: Project, service_url: str) -> None:
    refused = clients.ask("apollo", service_url, "refuse", text=UNKNOWN[0])
    message = "Cannot query field 'sharpRatio' on type 'Metrics'. Did you mean 'sharpeRatio' or 'calmarRatio'?"
    assert refused == {"data": None, "errors": [message], "error": "CombinedGraphQLErrors"}


@pytest.fixture(scope="module")
def two_workers() -> Iterator[str]:
    with passable_folder() as folder, Service("--data-dir", str(folder / "data"), "--workers", "2") as service:
        yield f"{service.url}/graphql"


@pytest.mark.parametrize(("kind", "codes"), [("socket", {1000}), ("events", set())])
def test_the_clients_for_live_updates_hear_what_any_worker_saves_and_finish(
    project: Project, two_workers: str, kind: str, codes: set[int]
) -> None:
    runs = [RUN | {"symbol": kind.upper(), "strategy": str(number)} for number in range(6)]
    outcome = json.loads(project.run("live.js", kind, two_workers, json.dumps(runs)))
    symbol = {"symbol": kind.upper()}
    changes = [{"kind": "SAVED", "id": id, "backtest": symbol} for id in outcome["saved"]]
    assert [each["data"]["backtestChanged"] for each in outcome["told"]] == changes
    assert outcome["counted"]["data"]["backtests"]["totalCount"] >= len(runs)
    assert outcome["refused"] == 1
    assert set(outcome["closed"]) == codes


def _send(ask: Ask, artifact: str, **variables: Any) -> Any:
    text = re.search(r'^    "text": (".*")', artifact, re.MULTILINE)
    assert text
    answer = ask(json.loads(text[1]), **variables)
    assert "errors" not in answer, answer["errors"]
    return answer["data"]


def _without_type(thing: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in thing.items() if name != "__typename"}


def test_all_61_audits_of_graphql_over_http_pass(project: Project, service_url: str) -> None:
    results = json.loads(project.run("audit.js", f"{service_url}/graphql"))
    assert [each for each in results if each["status"] != "ok"] == []
    assert len(results) == 61


@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("client", ["apollo", "urql"])
def test_a_client_that_asks_by_hash_sends_its_text_once(
    project: Project, service_url: str, client: str, method: str
) -> None:
    text = f"query {client}{method} {{ backtests {{ totalCount }} }}"
    told = json.loads(project.run("persisted.js", f"{service_url}/graphql", client, text, method.lower()))
    assert [answer["backtests"]["totalCount"] >= 89 for answer in told["answers"]] == [True, True]
    first, second, third = told["requests"]
    assert (first, third) == ({"method": method, "sent": False, "status": 404}, first | {"status": 200})
    assert (second["sent"], second["status"]) == (True, 200)
