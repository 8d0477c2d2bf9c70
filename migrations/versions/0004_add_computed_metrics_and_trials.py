"""Add what is computed of runs, the ledger of trials, and the returns of trials with what follows from them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
WORD = sa.Text(collation="C")
COUNTS = ("total_trades", "winning_trades", "losing_trades")
NUMBERS = (
    *("total_return", "annualized_return", "sharpe_ratio", "sortino_ratio", "calmar_ratio", "max_drawdown"),
    *("max_drawdown_duration", "volatility", "downside_volatility", "win_rate", "profit_factor", "average_win"),
    *("average_loss", "largest_win", "largest_loss", "final_portfolio_value", "peak_portfolio_value"),
)
BEST = ("sharpe_ratio", "total_return", "max_drawdown", "profit_factor", "sortino_ratio", "calmar_ratio")
RANKED = (*(f"computed_{name}" for name in BEST), "probabilistic_sharpe_ratio")


def _columns() -> list[sa.Column[object]]:
    return [
        sa.Column("study", WORD),
        sa.Column("periods_per_year", sa.Double),
        sa.Column("frequency", sa.Text),
        sa.Column("given_periods_per_year", sa.Double),
        sa.Column("given_frequency", sa.Text),
        *(sa.Column(f"computed_{name}", sa.Double) for name in NUMBERS),
        *(sa.Column(f"computed_{name}", sa.Integer) for name in COUNTS),
        sa.Column("observations", sa.Integer),
        sa.Column("skewness", sa.Double),
        sa.Column("kurtosis", sa.Double),
        sa.Column("probabilistic_sharpe_ratio", sa.Double),
        sa.Column("undefined", postgresql.JSONB, nullable=False, server_default=sa.text("'{}'")),
        sa.Column("metrics_filled", postgresql.ARRAY(sa.Text), nullable=False, server_default=sa.text("'{}'")),
        sa.Column("computation", sa.Integer),
    ]


def upgrade() -> None:
    for column in _columns():
        op.add_column("backtests", column)
    op.create_index(
        "ix_backtests_study_newest",
        "backtests",
        ["study", "created_at", "id"],
        postgresql_where=sa.text("study IS NOT NULL"),
    )
    for metric in RANKED:
        for prefix, columns in (("best", [metric, "id"]), ("symbol_best", ["symbol", metric, "id"])):
            op.create_index(
                f"ix_backtests_{prefix}_{metric}",
                "backtests",
                columns,
                postgresql_include=["total_trades"],
                postgresql_where=sa.text(f"status = 'COMPLETED' AND {metric} IS NOT NULL"),
            )
    op.create_index("ix_backtests_not_computed", "backtests", ["id"], postgresql_where=sa.text("computation IS NULL"))
    _create_ledger()
    _create_deflated()
    _create_returns()


def _create_ledger() -> None:
    op.create_table(
        "trial_ledger",
        sa.Column("backtest_id", sa.Uuid, nullable=False),
        sa.Column("part", sa.Uuid, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("family", sa.Uuid, nullable=False),
        sa.Column("strategy", WORD, nullable=False),
        sa.Column("symbol", WORD, nullable=False),
        sa.Column("study", WORD),
        sa.Column("counted_at", INSTANT, nullable=False),
        sa.Column("trials", sa.Integer, nullable=False),
        sa.Column("recorded", sa.Integer, nullable=False),
        sa.Column("sharpe_ratio", sa.Double),
        sa.Column("sharpe_deviations", sa.Double),
        sa.Column("periods_per_year", sa.Double),
        sa.Column("standard_error", sa.Double),
        sa.Column("is_deflated", sa.Boolean, nullable=False, server_default=sa.text("false")),
        sa.PrimaryKeyConstraint("backtest_id", "part", "content_hash", "family", name="pk_trial_ledger"),
    )
    op.create_index("ix_trial_ledger_family", "trial_ledger", ["family", "backtest_id"])
    op.create_index("ix_trial_ledger_pending", "trial_ledger", ["family"], postgresql_where=sa.text("NOT is_deflated"))


def _create_deflated() -> None:
    table, value = "deflated_sharpe_ratios", "deflated_sharpe_ratio"
    op.create_table(
        table,
        sa.Column("backtest_id", sa.Uuid, nullable=False),
        sa.Column("symbol", WORD, nullable=False),
        sa.Column(value, sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("backtest_id", name="pk_deflated_sharpe_ratios"),
        sa.ForeignKeyConstraint(
            ["backtest_id"],
            ["backtests.id"],
            name="fk_deflated_sharpe_ratios_backtest_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_deflated_sharpe_ratios_best", table, [value, "backtest_id"])
    op.create_index("ix_deflated_sharpe_ratios_symbol_best", table, ["symbol", value, "backtest_id"])


def _create_returns() -> None:
    op.create_table(
        "trial_returns",
        sa.Column("backtest_id", sa.Uuid, nullable=False),
        sa.Column("optimization_id", sa.Uuid, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("times", sa.LargeBinary),
        sa.Column("values", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("backtest_id", "optimization_id", "number", name="pk_trial_returns"),
        sa.ForeignKeyConstraint(
            ["backtest_id", "optimization_id", "number"],
            ["optimization_trials.backtest_id", "optimization_trials.optimization_id", "optimization_trials.number"],
            name="fk_trial_returns_backtest_id_optimization_id_number",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "walk_forward_returns",
        sa.Column("backtest_id", sa.Uuid, nullable=False),
        sa.Column("walk_forward_test_id", sa.Uuid, nullable=False),
        sa.Column("times", sa.LargeBinary, nullable=False),
        sa.Column("values", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("backtest_id", "walk_forward_test_id", name="pk_walk_forward_returns"),
        sa.ForeignKeyConstraint(
            ["backtest_id", "walk_forward_test_id"],
            ["walk_forward_tests.backtest_id", "walk_forward_tests.id"],
            name="fk_walk_forward_returns_backtest_id_walk_forward_test_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "overfitting_results",
        sa.Column("backtest_id", sa.Uuid, nullable=False),
        sa.Column("optimization_id", sa.Uuid, nullable=False),
        sa.Column("blocks", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("computation", sa.Integer, nullable=False),
        sa.Column("result", postgresql.JSONB, nullable=False),
        sa.PrimaryKeyConstraint("backtest_id", "optimization_id", "blocks", name="pk_overfitting_results"),
        sa.ForeignKeyConstraint(
            ["backtest_id", "optimization_id"],
            ["optimizations.backtest_id", "optimizations.id"],
            name="fk_overfitting_results_backtest_id_optimization_id",
            ondelete="CASCADE",
        ),
    )


def downgrade() -> None:
    names = ("overfitting_results", "trial_returns", "walk_forward_returns", "deflated_sharpe_ratios", "trial_ledger")
    for table in names:
        op.drop_table(table)
    for column in _columns():
        op.drop_column("backtests", column.name)
