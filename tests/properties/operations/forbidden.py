"""Rows that the schema forbids and a database can hold: each makes ordinary execution tell an error or convert."""

from collections.abc import Iterator

DEMO = "SELECT id FROM backtests WHERE tags @> '{demo}' ORDER BY created_at DESC"
"""The demo's runs, as most pages give them."""

_LOOSE = {
    "backtests": (
        *("created_at", "updated_at", "symbol", "strategy", "status", "start_date", "end_date", "initial_capital"),
        *("parameters", "other_metrics", "tags", "data_points", "total_trades", "winning_trades", "losing_trades"),
    ),
    "trades": ("direction", "entry_time", "entry_price", "other_metrics"),
    "optimizations": ("created_at", "objective", "combinations_tested", "parameter_names", "other_metrics"),
    "optimization_trials": ("rank", "parameters", "other_metrics"),
    "walk_forward_tests": ("created_at", "test_period_start", "test_period_end", "other_metrics"),
    "documents": ("kind", "format", "received_at"),
}
_CHECKS = {
    "backtests": ("ck_backtests_status", "ck_backtests_dates"),
    "trades": ("ck_trades_direction", "fk_trades_backtest_id"),
    "optimization_trials": ("fk_optimization_trials_backtest_id_optimization_id",),
    "walk_forward_tests": ("ck_walk_forward_tests_test_period",),
}
_TYPES = {
    "backtests": {
        "total_trades": "bigint",
        "losing_trades": "double precision",
        "data_points": "bigint",
        "fees": "jsonb",
        "error_message": "jsonb",
        "execution_time_seconds": "numeric",
    },
    "trades": {"fees_paid": "jsonb", "slippage_cost": "jsonb", "mae": "numeric", "mfe": "integer"},
    "optimization_trials": {"p_value": "jsonb", "is_statistically_significant": "jsonb", "total_trades": "numeric"},
    "walk_forward_tests": {"is_profitable": "jsonb", "window_size_months": "jsonb", "out_of_sample_trades": "bigint"},
}
_INTO = {"jsonb": "to_jsonb({0})", "integer": "0"}
_SAVED = ("varchar", "float8", "bool", "int4")
"""What saves give to columns that are jsonb here."""

UNBOUND = (
    *(f"ALTER TABLE {table} DROP CONSTRAINT {name}" for table, names in _CHECKS.items() for name in names),
    *(f"ALTER TABLE {table} ALTER {name} DROP NOT NULL" for table, names in _LOOSE.items() for name in names),
    *(
        f"ALTER TABLE {table} ALTER {name} TYPE {kind} USING {_INTO.get(kind, '{0}::' + kind).format(name)}"
        for table, types in _TYPES.items()
        for name, kind in types.items()
    ),
    *(
        f"CREATE FUNCTION {kind}_to_jsonb(given {kind}) RETURNS jsonb LANGUAGE sql AS 'SELECT to_jsonb($1)'"
        for kind in _SAVED
    ),
    *(f"CREATE CAST ({kind} AS jsonb) WITH FUNCTION {kind}_to_jsonb AS ASSIGNMENT" for kind in _SAVED),
    *(f"ALTER TABLE {table} SET (autovacuum_enabled = off)" for table in (*_LOOSE, "backtest_series")),
)
"""Lets the tables hold anything; without vacuum the two databases keep their rows in the same order."""

_RUNS = (
    # Nulls where none may be: inside Metrics, which takes the run with it, and on the run itself.
    *(
        "total_trades = NULL",
        "winning_trades = NULL",
        "losing_trades = NULL",
        "symbol = NULL, created_at = '2003-01-01'",
    ),
    *(
        "strategy = NULL, created_at = '2003-01-01'",
        "updated_at = NULL",
        "start_date = NULL",
        "end_date = NULL",
        "initial_capital = NULL",
        "data_points = NULL",
    ),
    *("parameters = NULL", "other_metrics = NULL", "tags = NULL", "parameters = 'null'"),
    # Numbers that JSON or Int cannot hold.
    *("sharpe_ratio = 'NaN'", "total_return = 'Infinity'", "profit_factor = '-Infinity'", "initial_capital = 'NaN'"),
    *("total_trades = 3000000000", "data_points = -3000000000", "losing_trades = 2.5", "losing_trades = 'NaN'"),
    *("alpha = 'NaN', beta = 'NaN', win_rate = 'Infinity'", "slippage = 'NaN', volatility = 'Infinity'"),
    # Values that are converted, or cannot be.
    *("fees = '1'", "fees = 'true'", "fees = '\"1.5\"'", "fees = '\"much\"'", "fees = '[1]'", "fees = '{}'"),
    *("error_message = '1'", "error_message = 'true'", "error_message = '1.5'", "error_message = '[\"a\"]'"),
    *("error_message = '{\"a\": 1}'", "execution_time_seconds = 1.25", "execution_time_seconds = 'NaN'"),
    # Lists with holes, lists in lists, other first indexes.
    *("tags = '{a,NULL,b}'", "tags = '{NULL}'", "tags = '{{a,b},{c,d}}'", "tags = '[5:6]={a,b}'"),
    # Times that Python does not have, days at the ends of the calendar.
    *("updated_at = 'infinity'", "updated_at = '290000-01-01'", "updated_at = '-infinity'", "end_date = 'infinity'"),
    *("start_date = '2030-01-01'", "other_metrics = '[1, null, {\"a\": 1e300}]'", "parameters = '\"text\"'"),
    # Both a null and a NaN in one run.
    *("total_trades = NULL, sharpe_ratio = 'NaN', created_at = NULL", "tags = '{NULL,NULL}', fees = '\"\"'"),
)
_BAD_RUNS = ("status = 'PAUSED'", "status = NULL")
"""The run cannot even be made: a page with it fails whole."""

_TRADES = (
    *("entry_time = NULL", "entry_price = NULL", "entry_price = 'NaN'", "other_metrics = NULL", "pnl = 'NaN'"),
    *("size = '-Infinity', exit_price = 'NaN'", "entry_time = 'infinity'", "exit_time = '280000-01-01'"),
    *("fees_paid = '1'", "fees_paid = '\"x\"'", "slippage_cost = 'false'", "slippage_cost = '{}'"),
    *("mae = 'NaN'", "mae = 1e200", "mfe = 5", "exit_reason = NULL, pnl = NULL"),
)
_TRIALS = (
    *("rank = NULL", "parameters = NULL", "parameters = 'null'", "other_metrics = NULL", "objective_value = 'NaN'"),
    *("p_value = '\"0.5\"'", "p_value = '{}'", "is_statistically_significant = '1'", "total_trades = 2.5"),
    *("is_statistically_significant = '\"yes\"'", "is_statistically_significant = '0'", "total_trades = 'NaN'"),
)
_WINDOWS = (
    *("created_at = NULL", "test_period_start = NULL", "test_period_end = NULL", "other_metrics = NULL"),
    *("is_profitable = '1'", "is_profitable = '\"no\"'", "is_profitable = '2.5'", "window_size_months = '2.0'"),
    *("window_size_months = '\"7\"'", "window_size_months = '2.5'", "out_of_sample_trades = 5000000000"),
    *("out_of_sample_return = 'NaN'", "training_start = 'infinity'", "window_size_months = 'true'"),
)
_SWEEPS = (
    *("created_at = 'infinity'", "parameter_names = '{NULL,a}'", "best_number = 99999"),
    *("combinations_tested = NULL", "parameter_names = NULL", "other_metrics = NULL"),
)


def _each(step: int, table: str, changes: tuple[str, ...], order: str) -> Iterator[str]:
    """Change every second or third row of a table, with the changes in turn; the rows between them stay right."""
    row = f"SELECT ctid AS place, row_number() OVER (ORDER BY {order}) AS number FROM {table}"
    for index, change in enumerate(changes):
        chosen = f"SELECT place FROM ({row}) AS rows WHERE number % {step * len(changes)} = {step * index}"
        yield f"UPDATE {table} SET {change} WHERE ctid IN ({chosen})"


def _of_run(number: int, table: str, change: str) -> str:
    """Change what belongs to one of the demo's runs, counted from the newest."""
    return f"UPDATE {table} SET {change} WHERE backtest_id = ({DEMO} OFFSET {number} LIMIT 1)"


def _bytes(digits: str, times: int) -> str:
    return f"decode(repeat('{digits}', {times}), 'hex')"


_STRANGE = "000000000000f07f000000000000f8ff"
"""Infinity and NaN."""
_LATEST = "ffffffffffffff7f"
"""The largest int64."""
_SPREAD = "md5(backtest_id::text), number"
_FEW = "md5(id::text)"

FORBIDDEN = (
    *_each(3, "trades", _TRADES, _SPREAD),
    *_each(3, "optimization_trials", _TRIALS, _SPREAD),
    *_each(3, "walk_forward_tests", _WINDOWS, _FEW),
    *_each(3, "optimizations", _SWEEPS, _FEW),
    # Trades and trials whose owner is gone, and trades that cannot be made.
    _of_run(17, "trades", "direction = 'FLAT'") + " AND number = 7",
    """
    INSERT INTO trades (backtest_id, number, direction, entry_time, entry_price, other_metrics)
    SELECT '01890a5d-ac96-774b-bcce-b302099a8001'::uuid, number, direction, entry_time, entry_price, other_metrics
    FROM trades WHERE backtest_id = (SELECT backtest_id FROM trades ORDER BY 1 LIMIT 1)
    """,
    """
    INSERT INTO optimization_trials (backtest_id, optimization_id, number, rank, parameters, other_metrics)
    SELECT backtest_id, '01890a5d-ac96-774b-bcce-b302099a8002'::uuid, number, rank, parameters, other_metrics
    FROM optimization_trials ORDER BY 1, 2, 3 LIMIT 5 ON CONFLICT DO NOTHING
    """,
    *(
        f"ALTER TABLE {table} ADD FOREIGN KEY ({own}) REFERENCES {owners} ({key}) ON DELETE CASCADE NOT VALID"
        for table, own, owners, key in (
            ("trades", "backtest_id", "backtests", "id"),
            ("optimization_trials", "backtest_id, optimization_id", "optimizations", "backtest_id, id"),
        )
    ),
    # Curves without times, of unequal lengths, cut off, at times that Python does not have.
    _of_run(53, "backtest_series", "equity_times = NULL"),
    _of_run(5, "backtest_series", "drawdown_times = equity_times, drawdown_values = substr(equity_values, 1, 80)"),
    _of_run(67, "backtest_series", "equity_values = substr(equity_values, 1, 77)"),
    _of_run(9, "backtest_series", f"equity_values = {_bytes(_STRANGE, 5)}, equity_times = {_bytes(_LATEST, 10)}"),
    # Documents that cannot be read, and facts about them that are gone.
    _of_run(61, "documents", "gzipped = 'no'"),
    _of_run(13, "documents", "kind = NULL"),
    _of_run(15, "documents", "received_at = 'infinity'"),
    # Runs come last: the changes before find theirs by tags that these may lose.
    *_each(2, "backtests", _RUNS, _FEW),
    *(
        f"UPDATE backtests SET {change} WHERE id = ({DEMO} OFFSET {45 + 30 * index} LIMIT 1)"
        for index, change in enumerate(_BAD_RUNS)
    ),
)
"""Every second run, and every third of what runs have, is wrong in one way."""
