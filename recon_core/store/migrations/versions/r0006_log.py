"""The chained log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Id, Minor, Moment

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "log",
        sa.Column("seq", Minor(), nullable=False),
        sa.Column("happened_at", Moment(), nullable=False),
        sa.Column("happened_by", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_kind", sa.Text(), nullable=False),
        sa.Column("subject_id", Id(), nullable=False),
        sa.Column("cash_account_id", Id(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.CheckConstraint("length(hash) = 64", name=op.f("ck_log_hash")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_log")),
        info={"logged": False},
        sqlite_autoincrement=False,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_log_cash_account_id", "log", ["cash_account_id"], unique=False)
    op.create_index("ix_log_subject", "log", ["subject_kind", "subject_id"], unique=False)


def downgrade() -> None:
    op.drop_table("log")
