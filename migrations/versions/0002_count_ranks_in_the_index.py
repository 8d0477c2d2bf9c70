"""Add the number of trades to the indexes of the best runs: ranks and totals are then counted in the index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

RANKED = ("sharpe_ratio", "total_return", "max_drawdown", "profit_factor", "sortino_ratio", "calmar_ratio")


def upgrade() -> None:
    _create_anew(["total_trades"])


def downgrade() -> None:
    _create_anew([])


def _create_anew(included: list[str]) -> None:
    for metric in RANKED:
        for prefix, columns in (("best", [metric, "id"]), ("symbol_best", ["symbol", metric, "id"])):
            name = f"ix_backtests_{prefix}_{metric}"
            op.drop_index(name, table_name="backtests")
            op.create_index(
                name,
                "backtests",
                columns,
                unique=False,
                postgresql_include=included,
                postgresql_where=sa.text(f"status = 'COMPLETED' AND {metric} IS NOT NULL"),
            )
