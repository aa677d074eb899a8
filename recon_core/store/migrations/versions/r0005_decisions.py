"""Decisions, rejections and adjustments."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Day, Flag, Id, Minor, Moment

revision = "0005"
down_revision = "0004"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "decision_batch",
        sa.Column("id", KEY, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_at", Moment(), nullable=False),
        sa.CheckConstraint("kind IN ('match', 'adjust', 'ignore', 'reject')", name=op.f("ck_decision_batch_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision_batch")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("decision_batch_id", Id(), nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("evidence", sa.Text(), server_default="", nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("line_total", Minor(), server_default="0", nullable=False),
        sa.Column("book_total", Minor(), server_default="0", nullable=False),
        sa.Column("adjustment_total", Minor(), server_default="0", nullable=False),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.Column("undone_at", Moment(), nullable=True),
        sa.Column("undo_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name=op.f("ck_decision_undone")),
        sa.CheckConstraint("kind IN ('match', 'adjust', 'ignore', 'reject')", name=op.f("ck_decision_kind")),
        sa.CheckConstraint("state IN ('draft', 'applied', 'undone')", name=op.f("ck_decision_state")),
        sa.CheckConstraint("line_total - book_total = adjustment_total", name=op.f("ck_decision_adds_up")),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_decision_cash_account_id")),
        sa.ForeignKeyConstraint(
            ["decision_batch_id"], ["decision_batch.id"], name=op.f("fk_decision_decision_batch_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_decision_decision_batch_id", "decision", ["decision_batch_id"], unique=False)
    op.create_table(
        "decision_line",
        sa.Column("decision_id", Id(), nullable=False),
        sa.Column("statement_line_id", Id(), nullable=False),
        sa.Column("amount", Minor(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_decision_line_decision_id")),
        sa.ForeignKeyConstraint(
            ["statement_line_id"], ["statement_line.id"], name=op.f("fk_decision_line_statement_line_id")
        ),
        sa.PrimaryKeyConstraint("decision_id", "statement_line_id", name=op.f("pk_decision_line")),
        sqlite_autoincrement=False,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_decision_line_statement_line_id", "decision_line", ["statement_line_id"], unique=False)
    op.create_table(
        "decision_transaction",
        sa.Column("decision_id", Id(), nullable=False),
        sa.Column("book_transaction_id", Id(), nullable=False),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("adjusts", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("prior_clear_date", Day(), nullable=True),
        sa.Column("prior_cleared_by", sa.Text(), nullable=True),
        sa.Column("prior_cleared_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(
            ["book_transaction_id"], ["book_transaction.id"], name=op.f("fk_decision_transaction_book_transaction_id")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_decision_transaction_decision_id")),
        sa.PrimaryKeyConstraint("decision_id", "book_transaction_id", name=op.f("pk_decision_transaction")),
        sqlite_autoincrement=False,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_decision_transaction_book_transaction_id", "decision_transaction", ["book_transaction_id"], unique=False
    )
    op.create_table(
        "rejection",
        sa.Column("id", KEY, nullable=False),
        sa.Column("decision_id", Id(), nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("group_key", sa.Text(), nullable=False),
        sa.Column("active", Flag(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_rejection_cash_account_id")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_rejection_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejection")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "uq_rejection_active",
        "rejection",
        ["cash_account_id", "group_key"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "adjustment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("book_transaction_id", Id(), nullable=False),
        sa.Column("entry_type_id", Id(), nullable=False),
        sa.Column("statement_line_id", Id(), nullable=True),
        sa.Column("decision_id", Id(), nullable=True),
        sa.Column("offset_account", sa.Text(), nullable=False),
        sa.Column("code_parts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="created", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("version", Minor(), server_default="1", nullable=False),
        sa.CheckConstraint("direction IN ('receipt', 'disbursement')", name=op.f("ck_adjustment_direction")),
        sa.CheckConstraint(
            "state IN ('created', 'released', 'rejected', 'reversed')", name=op.f("ck_adjustment_state")
        ),
        sa.ForeignKeyConstraint(
            ["book_transaction_id"], ["book_transaction.id"], name=op.f("fk_adjustment_book_transaction_id")
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_adjustment_decision_id")),
        sa.ForeignKeyConstraint(["entry_type_id"], ["entry_type.id"], name=op.f("fk_adjustment_entry_type_id")),
        sa.ForeignKeyConstraint(
            ["statement_line_id"], ["statement_line.id"], name=op.f("fk_adjustment_statement_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjustment")),
        sa.UniqueConstraint("book_transaction_id", name=op.f("uq_adjustment_book_transaction_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_adjustment_decision_id", "adjustment", ["decision_id"], unique=False)
    op.create_index("ix_adjustment_statement_line_id", "adjustment", ["statement_line_id"], unique=False)


def downgrade() -> None:
    op.drop_table("adjustment")
    op.drop_table("rejection")
    op.drop_table("decision_transaction")
    op.drop_table("decision_line")
    op.drop_table("decision")
    op.drop_table("decision_batch")
