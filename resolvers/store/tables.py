"""The tables. The id of the run leads every key, so that a cluster can be distributed by it.

No sequences, no triggers, no self references: ids and numbers come from the service. Instants are timestamptz, read
and written as int64 microseconds; curves are packed float64 and int64, little-endian, in bytea.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BOOLEAN, JSONB

from resolvers.store.instants import Instant
from resolvers.store.metrics import COMPUTED, METRICS, computed_column

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Word = Text(collation="C")
"""Text that lists are ordered by: the same order on every server."""


def _run_key() -> Column[object]:
    return Column("backtest_id", Uuid, ForeignKey("backtests.id", ondelete="CASCADE"), primary_key=True)


def _metric_columns() -> list[Column[object]]:
    return [
        Column(metric.name, Integer, nullable=False) if metric.is_count else Column(metric.name, Double)
        for metric in METRICS
    ]


def _computed_columns() -> list[Column[object]]:
    return [Column(computed_column(metric.name), Integer if metric.is_count else Double) for metric in COMPUTED]


backtests = Table(
    "backtests",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("symbol", Word, nullable=False),
    Column("strategy", Word, nullable=False),
    Column("status", Text, nullable=False),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, nullable=False),
    Column("initial_capital", Double, nullable=False),
    Column("fees", Double),
    Column("slippage", Double),
    Column("parameters", JSONB, nullable=False),
    *_metric_columns(),
    Column("other_metrics", JSONB, nullable=False),
    Column("tags", ARRAY(Text), nullable=False),
    Column("notes", Text),
    Column("error_message", Text),
    Column("engine", Text),
    Column("execution_time_seconds", Double),
    Column("data_points", Integer, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    # The family whose trials the run is one of; that of its strategy and symbol where it is null.
    Column("study", Word),
    # The calendar of the equity curve: as given, or as its times tell.
    Column("periods_per_year", Double),
    Column("frequency", Text),
    # What of it was given, and is not told from the times when other formulas compute the run anew.
    Column("given_periods_per_year", Double),
    Column("given_frequency", Text),
    # What the curve and the trades give, whatever was reported; null where undefined.
    *_computed_columns(),
    # Of the returns from point to point: how many, and their moments (kurtosis 3 for normal ones).
    Column("observations", Integer),
    Column("skewness", Double),
    Column("kurtosis", Double),
    Column("probabilistic_sharpe_ratio", Double),
    # Why a metric is undefined, by its name; one that is not there was not reported.
    Column("undefined", JSONB, nullable=False, server_default=text("'{}'")),
    # Metrics that nobody reported, so that their columns hold what was computed.
    Column("metrics_filled", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    # Which generation of the formulas computed it; null where none did.
    Column("computation", Integer),
    CheckConstraint("status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED')", name="status"),
    CheckConstraint("start_date <= end_date", name="dates"),
)

# The question that each index answers. Together they cost a run 0.1 ms where many are saved at once, half of it those
# of computed metrics (measured at 60,000 runs), and some 0.01 ms each where it is saved alone: one without a question
# is too many.

# The newest runs of all, the start page; also the runs since an instant (createdAt, the performance summary).
Index("ix_backtests_newest", backtests.c.created_at, backtests.c.id)
# The newest runs of a symbol, and of a strategy; also which run a document belongs to that does not say it.
Index("ix_backtests_symbol_newest", backtests.c.symbol, backtests.c.created_at, backtests.c.id)
Index("ix_backtests_strategy_newest", backtests.c.strategy, backtests.c.created_at, backtests.c.id)
# The newest runs of a study; most runs have none.
Index(
    "ix_backtests_study_newest",
    backtests.c.study,
    backtests.c.created_at,
    backtests.c.id,
    postgresql_where=backtests.c.study.is_not(None),
)
# The runs with these parameters, which is also how a sweep finds its run.
Index("ix_backtests_parameters", backtests.c.parameters, postgresql_using="gin")
# The runs with all, or with any, of some tags.
Index("ix_backtests_tags", backtests.c.tags, postgresql_using="gin")

_BEST = ("sharpe_ratio", "total_return", "max_drawdown", "profit_factor", "sortino_ratio", "calmar_ratio")
RANKED = (*_BEST, *map(computed_column, _BEST), "probabilistic_sharpe_ratio")
"""Columns whose best completed runs, alone and by symbol, are answered from an index."""

for _name in RANKED:
    _ranked: dict[str, Any] = {
        "postgresql_where": (backtests.c.status == "COMPLETED") & backtests.c[_name].is_not(None),
        # A ranking leaves out runs with few trades. With their number here, ranks and totals are counted in the index
        # alone, three times as fast, for at most 0.04 ms more a save.
        "postgresql_include": ["total_trades"],
    }
    # The ranking by a metric: its first page, any page behind a cursor, and how many runs are better.
    Index(f"ix_backtests_best_{_name}", backtests.c[_name], backtests.c.id, **_ranked)
    # The same for one symbol.
    Index(f"ix_backtests_symbol_best_{_name}", backtests.c.symbol, backtests.c[_name], backtests.c.id, **_ranked)

# The runs that were stored before anything was computed; usually none.
Index("ix_backtests_not_computed", backtests.c.id, postgresql_where=backtests.c.computation.is_(None))

# A table of their own keeps the curves out of every list; null drawdown times are those of the equity curve.
backtest_series = Table(
    "backtest_series",
    metadata,
    _run_key(),
    Column("equity_times", LargeBinary),
    Column("equity_values", LargeBinary),
    Column("drawdown_times", LargeBinary),
    Column("drawdown_values", LargeBinary),
)

documents = Table(
    "documents",
    metadata,
    _run_key(),
    Column("sha256", LargeBinary, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("gzipped", LargeBinary, nullable=False),
)

trades = Table(
    "trades",
    metadata,
    _run_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("direction", Text, nullable=False),
    Column("entry_time", Instant, nullable=False),
    Column("entry_price", Double, nullable=False),
    Column("exit_time", Instant),
    Column("exit_price", Double),
    Column("size", Double),
    Column("pnl", Double),
    Column("pnl_percent", Double),
    Column("mae", Double),
    Column("mfe", Double),
    Column("duration_days", Double),
    Column("duration_hours", Double),
    Column("exit_reason", Text),
    Column("fees_paid", Double),
    Column("slippage_cost", Double),
    Column("other_metrics", JSONB, nullable=False),
    CheckConstraint("direction IN ('LONG', 'SHORT')", name="direction"),
)

optimizations = Table(
    "optimizations",
    metadata,
    _run_key(),
    Column("id", Uuid, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("objective", Text, nullable=False),
    Column("combinations_tested", Integer, nullable=False),
    Column("parameter_names", ARRAY(Text), nullable=False),
    Column("best_number", Integer),
    Column("other_metrics", JSONB, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
)
# An optimization by its id alone.
Index("ix_optimizations_id", optimizations.c.id)

optimization_trials = Table(
    "optimization_trials",
    metadata,
    Column("backtest_id", Uuid, primary_key=True),
    Column("optimization_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("rank", Integer, nullable=False),
    Column("parameters", JSONB, nullable=False),
    Column("objective_value", Double),
    Column("total_return", Double),
    Column("sharpe_ratio", Double),
    Column("max_drawdown", Double),
    Column("win_rate", Double),
    Column("profit_factor", Double),
    Column("total_trades", Integer),
    Column("is_statistically_significant", BOOLEAN),
    Column("p_value", Double),
    Column("other_metrics", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["backtest_id", "optimization_id"], ["optimizations.backtest_id", "optimizations.id"], ondelete="CASCADE"
    ),
)

# Returns of trials; null times are those of the first trial that has returns.
trial_returns = Table(
    "trial_returns",
    metadata,
    Column("backtest_id", Uuid, primary_key=True),
    Column("optimization_id", Uuid, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("times", LargeBinary),
    Column("values", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["backtest_id", "optimization_id", "number"],
        ["optimization_trials.backtest_id", "optimization_trials.optimization_id", "optimization_trials.number"],
        ondelete="CASCADE",
    ),
)

# What cross-validation said of an optimization, which never changes: it takes a second to work out.
overfitting_results = Table(
    "overfitting_results",
    metadata,
    Column("backtest_id", Uuid, primary_key=True),
    Column("optimization_id", Uuid, primary_key=True),
    Column("blocks", Integer, primary_key=True, autoincrement=False),
    Column("computation", Integer, nullable=False),
    Column("result", JSONB, nullable=False),
    ForeignKeyConstraint(
        ["backtest_id", "optimization_id"], ["optimizations.backtest_id", "optimizations.id"], ondelete="CASCADE"
    ),
)

walk_forward_tests = Table(
    "walk_forward_tests",
    metadata,
    _run_key(),
    Column("id", Uuid, primary_key=True),
    Column("created_at", Instant, nullable=False),
    Column("window_size_months", Integer),
    Column("step_size_months", Integer),
    Column("training_start", Date),
    Column("training_end", Date),
    Column("test_period_start", Date, nullable=False),
    Column("test_period_end", Date, nullable=False),
    Column("optimal_parameters", JSONB),
    Column("training_performance", Double),
    Column("training_sharpe", Double),
    Column("out_of_sample_return", Double),
    Column("out_of_sample_sharpe", Double),
    Column("out_of_sample_drawdown", Double),
    Column("out_of_sample_trades", Integer),
    Column("performance_ratio", Double),
    Column("degradation_factor", Double),
    Column("is_profitable", BOOLEAN),
    Column("is_statistically_significant", BOOLEAN),
    Column("other_metrics", JSONB, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    CheckConstraint("test_period_start <= test_period_end", name="test_period"),
)
# A walk-forward test by its id alone.
Index("ix_walk_forward_tests_id", walk_forward_tests.c.id)

# Returns of the test period of a walk-forward test, from point to point.
walk_forward_returns = Table(
    "walk_forward_returns",
    metadata,
    Column("backtest_id", Uuid, primary_key=True),
    Column("walk_forward_test_id", Uuid, primary_key=True),
    Column("times", LargeBinary, nullable=False),
    Column("values", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["backtest_id", "walk_forward_test_id"],
        ["walk_forward_tests.backtest_id", "walk_forward_tests.id"],
        ondelete="CASCADE",
    ),
)

# What was tried, and what is never forgotten: it refers to no run, so it outlives the one it came with. A row counts
# the run itself (its part is the run's id) or an optimization of it; other content under the same id is another trial,
# and so is the same in another family: what was deleted may come back in a study.
trial_ledger = Table(
    "trial_ledger",
    metadata,
    Column("backtest_id", Uuid, primary_key=True),
    Column("part", Uuid, primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("family", Uuid, primary_key=True),
    Column("strategy", Word, nullable=False),
    Column("symbol", Word, nullable=False),
    Column("study", Word),
    Column("counted_at", Instant, nullable=False),
    Column("trials", Integer, nullable=False),
    # Those of them whose Sharpe ratio is known; the mean of these, a year, and the sum of their squared deviations.
    Column("recorded", Integer, nullable=False),
    Column("sharpe_ratio", Double),
    Column("sharpe_deviations", Double),
    Column("periods_per_year", Double),
    # Of the run's Sharpe ratio per period; null where its moments are not known.
    Column("standard_error", Double),
    # Whether the deflated Sharpe ratios of the family know of it.
    Column("is_deflated", BOOLEAN, nullable=False, server_default=text("false")),
)
# The trials of a family.
Index("ix_trial_ledger_family", trial_ledger.c.family, trial_ledger.c.backtest_id)
# The families whose deflated Sharpe ratios are out of date.
Index("ix_trial_ledger_pending", trial_ledger.c.family, postgresql_where=~trial_ledger.c.is_deflated)

# Deflated Sharpe ratios change for a whole family with each of its trials: in a narrow table that is cheap.
deflated_sharpe_ratios = Table(
    "deflated_sharpe_ratios",
    metadata,
    _run_key(),
    Column("symbol", Word, nullable=False),
    Column("deflated_sharpe_ratio", Double, nullable=False),
)
_deflated = deflated_sharpe_ratios.c
# The ranking by them, and the same for one symbol.
Index("ix_deflated_sharpe_ratios_best", _deflated.deflated_sharpe_ratio, _deflated.backtest_id)
Index("ix_deflated_sharpe_ratios_symbol_best", _deflated.symbol, _deflated.deflated_sharpe_ratio, _deflated.backtest_id)

# Who may ask. A token is shown once, when it is made; here is the SHA-256 of its secret.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
)

# What happened to runs in the last hour, for those who listen. Who knows the snapshot of the last look (pg_snapshot)
# finds with it exactly the transactions that were committed since, in whichever order; the transaction is an xid8.
backtest_changes = Table(
    "backtest_changes",
    metadata,
    Column(
        "transaction_id",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        server_default=text("(pg_current_xact_id()::text::bigint)"),
    ),
    Column("backtest_id", Uuid, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    # The row of a run that was deleted, so that a listener's filter still applies.
    Column("deleted_run", JSONB),
    CheckConstraint("kind IN ('SAVED', 'UPDATED', 'DELETED')", name="kind"),
)
