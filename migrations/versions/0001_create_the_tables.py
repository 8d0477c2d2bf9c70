"""Create the tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "backtests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("updated_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("symbol", sa.Text(collation="C"), nullable=False),
        sa.Column("strategy", sa.Text(collation="C"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("start_date", sa.Date(), nullable=False),
        sa.Column("end_date", sa.Date(), nullable=False),
        sa.Column("initial_capital", sa.Double(), nullable=False),
        sa.Column("fees", sa.Double(), nullable=True),
        sa.Column("slippage", sa.Double(), nullable=True),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("total_return", sa.Double(), nullable=True),
        sa.Column("annualized_return", sa.Double(), nullable=True),
        sa.Column("sharpe_ratio", sa.Double(), nullable=True),
        sa.Column("sortino_ratio", sa.Double(), nullable=True),
        sa.Column("calmar_ratio", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("max_drawdown_duration", sa.Double(), nullable=True),
        sa.Column("volatility", sa.Double(), nullable=True),
        sa.Column("downside_volatility", sa.Double(), nullable=True),
        sa.Column("total_trades", sa.Integer(), nullable=False),
        sa.Column("winning_trades", sa.Integer(), nullable=False),
        sa.Column("losing_trades", sa.Integer(), nullable=False),
        sa.Column("win_rate", sa.Double(), nullable=True),
        sa.Column("profit_factor", sa.Double(), nullable=True),
        sa.Column("average_win", sa.Double(), nullable=True),
        sa.Column("average_loss", sa.Double(), nullable=True),
        sa.Column("largest_win", sa.Double(), nullable=True),
        sa.Column("largest_loss", sa.Double(), nullable=True),
        sa.Column("final_portfolio_value", sa.Double(), nullable=True),
        sa.Column("peak_portfolio_value", sa.Double(), nullable=True),
        sa.Column("beta", sa.Double(), nullable=True),
        sa.Column("alpha", sa.Double(), nullable=True),
        sa.Column("other_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("engine", sa.Text(), nullable=True),
        sa.Column("execution_time_seconds", sa.Double(), nullable=True),
        sa.Column("data_points", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("status IN ('IN_PROGRESS', 'COMPLETED', 'FAILED')", name=op.f("ck_backtests_status")),
        sa.CheckConstraint("start_date <= end_date", name=op.f("ck_backtests_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backtests")),
    )
    op.create_index(
        "ix_backtests_best_calmar_ratio",
        "backtests",
        ["calmar_ratio", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND calmar_ratio IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_best_max_drawdown",
        "backtests",
        ["max_drawdown", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND max_drawdown IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_best_profit_factor",
        "backtests",
        ["profit_factor", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND profit_factor IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_best_sharpe_ratio",
        "backtests",
        ["sharpe_ratio", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND sharpe_ratio IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_best_sortino_ratio",
        "backtests",
        ["sortino_ratio", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND sortino_ratio IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_best_total_return",
        "backtests",
        ["total_return", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND total_return IS NOT NULL"),
    )
    op.create_index("ix_backtests_newest", "backtests", ["created_at", "id"], unique=False)
    op.create_index("ix_backtests_parameters", "backtests", ["parameters"], unique=False, postgresql_using="gin")
    op.create_index("ix_backtests_strategy_newest", "backtests", ["strategy", "created_at", "id"], unique=False)
    op.create_index(
        "ix_backtests_symbol_best_calmar_ratio",
        "backtests",
        ["symbol", "calmar_ratio", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND calmar_ratio IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_symbol_best_max_drawdown",
        "backtests",
        ["symbol", "max_drawdown", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND max_drawdown IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_symbol_best_profit_factor",
        "backtests",
        ["symbol", "profit_factor", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND profit_factor IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_symbol_best_sharpe_ratio",
        "backtests",
        ["symbol", "sharpe_ratio", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND sharpe_ratio IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_symbol_best_sortino_ratio",
        "backtests",
        ["symbol", "sortino_ratio", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND sortino_ratio IS NOT NULL"),
    )
    op.create_index(
        "ix_backtests_symbol_best_total_return",
        "backtests",
        ["symbol", "total_return", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'COMPLETED' AND total_return IS NOT NULL"),
    )
    op.create_index("ix_backtests_symbol_newest", "backtests", ["symbol", "created_at", "id"], unique=False)
    op.create_index("ix_backtests_tags", "backtests", ["tags"], unique=False, postgresql_using="gin")
    op.create_table(
        "backtest_series",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("equity_times", sa.LargeBinary(), nullable=True),
        sa.Column("equity_values", sa.LargeBinary(), nullable=True),
        sa.Column("drawdown_times", sa.LargeBinary(), nullable=True),
        sa.Column("drawdown_values", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtests.id"], name=op.f("fk_backtest_series_backtest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("backtest_id", name=op.f("pk_backtest_series")),
    )
    op.create_table(
        "documents",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("gzipped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtests.id"], name=op.f("fk_documents_backtest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("backtest_id", "sha256", name=op.f("pk_documents")),
    )
    op.create_table(
        "optimizations",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("objective", sa.Text(), nullable=False),
        sa.Column("combinations_tested", sa.Integer(), nullable=False),
        sa.Column("parameter_names", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("best_number", sa.Integer(), nullable=True),
        sa.Column("other_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtests.id"], name=op.f("fk_optimizations_backtest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("backtest_id", "id", name=op.f("pk_optimizations")),
    )
    op.create_index("ix_optimizations_id", "optimizations", ["id"], unique=False)
    op.create_table(
        "trades",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("entry_time", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("entry_price", sa.Double(), nullable=False),
        sa.Column("exit_time", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("exit_price", sa.Double(), nullable=True),
        sa.Column("size", sa.Double(), nullable=True),
        sa.Column("pnl", sa.Double(), nullable=True),
        sa.Column("pnl_percent", sa.Double(), nullable=True),
        sa.Column("mae", sa.Double(), nullable=True),
        sa.Column("mfe", sa.Double(), nullable=True),
        sa.Column("duration_days", sa.Double(), nullable=True),
        sa.Column("duration_hours", sa.Double(), nullable=True),
        sa.Column("exit_reason", sa.Text(), nullable=True),
        sa.Column("fees_paid", sa.Double(), nullable=True),
        sa.Column("slippage_cost", sa.Double(), nullable=True),
        sa.Column("other_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("direction IN ('LONG', 'SHORT')", name=op.f("ck_trades_direction")),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtests.id"], name=op.f("fk_trades_backtest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("backtest_id", "number", name=op.f("pk_trades")),
    )
    op.create_table(
        "walk_forward_tests",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("window_size_months", sa.Integer(), nullable=True),
        sa.Column("step_size_months", sa.Integer(), nullable=True),
        sa.Column("training_start", sa.Date(), nullable=True),
        sa.Column("training_end", sa.Date(), nullable=True),
        sa.Column("test_period_start", sa.Date(), nullable=False),
        sa.Column("test_period_end", sa.Date(), nullable=False),
        sa.Column("optimal_parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("training_performance", sa.Double(), nullable=True),
        sa.Column("training_sharpe", sa.Double(), nullable=True),
        sa.Column("out_of_sample_return", sa.Double(), nullable=True),
        sa.Column("out_of_sample_sharpe", sa.Double(), nullable=True),
        sa.Column("out_of_sample_drawdown", sa.Double(), nullable=True),
        sa.Column("out_of_sample_trades", sa.Integer(), nullable=True),
        sa.Column("performance_ratio", sa.Double(), nullable=True),
        sa.Column("degradation_factor", sa.Double(), nullable=True),
        sa.Column("is_profitable", sa.BOOLEAN(), nullable=True),
        sa.Column("is_statistically_significant", sa.BOOLEAN(), nullable=True),
        sa.Column("other_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("test_period_start <= test_period_end", name=op.f("ck_walk_forward_tests_test_period")),
        sa.ForeignKeyConstraint(
            ["backtest_id"], ["backtests.id"], name=op.f("fk_walk_forward_tests_backtest_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("backtest_id", "id", name=op.f("pk_walk_forward_tests")),
    )
    op.create_index("ix_walk_forward_tests_id", "walk_forward_tests", ["id"], unique=False)
    op.create_table(
        "optimization_trials",
        sa.Column("backtest_id", sa.Uuid(), nullable=False),
        sa.Column("optimization_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("parameters", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("objective_value", sa.Double(), nullable=True),
        sa.Column("total_return", sa.Double(), nullable=True),
        sa.Column("sharpe_ratio", sa.Double(), nullable=True),
        sa.Column("max_drawdown", sa.Double(), nullable=True),
        sa.Column("win_rate", sa.Double(), nullable=True),
        sa.Column("profit_factor", sa.Double(), nullable=True),
        sa.Column("total_trades", sa.Integer(), nullable=True),
        sa.Column("is_statistically_significant", sa.BOOLEAN(), nullable=True),
        sa.Column("p_value", sa.Double(), nullable=True),
        sa.Column("other_metrics", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["backtest_id", "optimization_id"],
            ["optimizations.backtest_id", "optimizations.id"],
            name=op.f("fk_optimization_trials_backtest_id_optimization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("backtest_id", "optimization_id", "number", name=op.f("pk_optimization_trials")),
    )


def downgrade() -> None:
    op.drop_table("optimization_trials")
    op.drop_index("ix_walk_forward_tests_id", table_name="walk_forward_tests")
    op.drop_table("walk_forward_tests")
    op.drop_table("trades")
    op.drop_index("ix_optimizations_id", table_name="optimizations")
    op.drop_table("optimizations")
    op.drop_table("documents")
    op.drop_table("backtest_series")
    op.drop_index("ix_backtests_tags", table_name="backtests", postgresql_using="gin")
    op.drop_index("ix_backtests_symbol_newest", table_name="backtests")
    op.drop_index(
        "ix_backtests_symbol_best_total_return",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND total_return IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_symbol_best_sortino_ratio",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND sortino_ratio IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_symbol_best_sharpe_ratio",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND sharpe_ratio IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_symbol_best_profit_factor",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND profit_factor IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_symbol_best_max_drawdown",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND max_drawdown IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_symbol_best_calmar_ratio",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND calmar_ratio IS NOT NULL"),
    )
    op.drop_index("ix_backtests_strategy_newest", table_name="backtests")
    op.drop_index("ix_backtests_parameters", table_name="backtests", postgresql_using="gin")
    op.drop_index("ix_backtests_newest", table_name="backtests")
    op.drop_index(
        "ix_backtests_best_total_return",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND total_return IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_best_sortino_ratio",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND sortino_ratio IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_best_sharpe_ratio",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND sharpe_ratio IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_best_profit_factor",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND profit_factor IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_best_max_drawdown",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND max_drawdown IS NOT NULL"),
    )
    op.drop_index(
        "ix_backtests_best_calmar_ratio",
        table_name="backtests",
        postgresql_where=sa.text("status = 'COMPLETED' AND calmar_ratio IS NOT NULL"),
    )
    op.drop_table("backtests")
