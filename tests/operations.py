"""Operations that many tests send."""

from typing import Any

from tests.client import Client

PAYLOAD = "created warnings { code message path } errors { code message path index }"

SAVE = (
    "mutation($input: SaveBacktestInput!) { saveBacktest(input: $input) { backtest { id symbol startDate endDate } "
    + PAYLOAD
    + " } }"
)
SAVE_MANY = """
mutation($inputs: [SaveBacktestInput!]!) {
  saveBacktests(inputs: $inputs) {
    backtests { id symbol } createdCount warnings { code message path } errors { code message path index }
  }
}
"""
IMPORT = "mutation($input: ImportBacktestInput!) { importBacktest(input: $input) { backtest { id } " + PAYLOAD + " } }"

UNKNOWN = "01890a5d-ac96-774b-bcce-b302099a8057"
"""An id that nothing has."""

DAYS = {"startDate": "2024-01-01", "endDate": "2024-01-31"}
RUN: dict[str, Any] = {"symbol": "GOOG", "strategy": "sma_cross", **DAYS}


async def save(client: Client, **fields: Any) -> Any:
    """Save a run and return the payload."""
    return (await client.ask(SAVE, input=RUN | fields))["saveBacktest"]


async def save_id(client: Client, **fields: Any) -> str:
    """Save a run and return its id."""
    payload = await save(client, **fields)
    assert payload["errors"] == []
    id: str = payload["backtest"]["id"]
    return id


async def count_runs(client: Client) -> int:
    """Return how many runs are stored."""
    count: int = (await client.ask("{ backtests(first: 0) { totalCount } }"))["backtests"]["totalCount"]
    return count
