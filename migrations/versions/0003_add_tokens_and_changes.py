"""Add the tokens of callers, and the changes of runs for those who listen."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "tokens",
        sa.Column("id", sa.Uuid, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("secret_hash", sa.LargeBinary, nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.Text), nullable=False),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("expires_at", instant),
        sa.Column("revoked_at", instant),
        sa.Column("last_used_at", instant),
        sa.PrimaryKeyConstraint("id", name="pk_tokens"),
    )
    op.create_table(
        "backtest_changes",
        sa.Column(
            "transaction_id",
            sa.BigInteger,
            autoincrement=False,
            nullable=False,
            server_default=sa.text("(pg_current_xact_id()::text::bigint)"),
        ),
        sa.Column("backtest_id", sa.Uuid, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("changed_at", instant, nullable=False),
        sa.Column("deleted_run", postgresql.JSONB),
        sa.CheckConstraint("kind IN ('SAVED', 'UPDATED', 'DELETED')", name="ck_backtest_changes_kind"),
        sa.PrimaryKeyConstraint("transaction_id", "backtest_id", name="pk_backtest_changes"),
    )


def downgrade() -> None:
    op.drop_table("backtest_changes")
    op.drop_table("tokens")
