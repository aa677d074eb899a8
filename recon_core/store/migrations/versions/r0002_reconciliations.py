"""Reconciliation documents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Day, Flag, Id, Minor, Moment

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "reconciliation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("state", sa.Text(), server_default="hold", nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("reconciliation_date", Day(), nullable=False),
        sa.Column("beginning_balance", Minor(), nullable=False),
        sa.Column("statement_balance", Minor(), server_default="0", nullable=False),
        sa.Column("predecessor_id", Id(), nullable=True),
        sa.Column("skip_voided", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("match_batches", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("notes", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", Moment(), nullable=True),
        sa.Column("voided_by", sa.Text(), nullable=True),
        sa.Column("voided_at", Moment(), nullable=True),
        sa.Column("receipts", Minor(), nullable=True),
        sa.Column("receipt_count", Minor(), nullable=True),
        sa.Column("disbursements", Minor(), nullable=True),
        sa.Column("disbursement_count", Minor(), nullable=True),
        sa.Column("bound", sa.Text(), nullable=True),
        sa.Column("bound_sha256", sa.Text(), nullable=True),
        sa.Column("version", Minor(), server_default="1", nullable=False),
        sa.CheckConstraint("(state = 'voided') = (voided_at IS NOT NULL)", name=op.f("ck_reconciliation_voided")),
        sa.CheckConstraint(
            "(state IN ('closed', 'voided')) = (released_at IS NOT NULL)", name=op.f("ck_reconciliation_released")
        ),
        sa.CheckConstraint("state IN ('hold', 'balanced', 'closed', 'voided')", name=op.f("ck_reconciliation_state")),
        sa.CheckConstraint(
            "state NOT IN ('closed', 'voided') OR (receipts IS NOT NULL AND disbursements IS NOT NULL AND number IS NOT NULL AND bound IS NOT NULL AND statement_balance = beginning_balance + receipts - disbursements)",
            name=op.f("ck_reconciliation_difference_zero"),
        ),
        sa.CheckConstraint(
            "predecessor_id IS NOT NULL OR beginning_balance = 0", name=op.f("ck_reconciliation_first_begins_at_zero")
        ),
        sa.ForeignKeyConstraint(
            ["cash_account_id"], ["cash_account.id"], name=op.f("fk_reconciliation_cash_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id", "cash_account_id", "beginning_balance"],
            ["reconciliation.id", "reconciliation.cash_account_id", "reconciliation.statement_balance"],
            name="fk_reconciliation_predecessor",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliation")),
        sa.UniqueConstraint("cash_account_id", "number", name=op.f("uq_reconciliation_cash_account_id_number")),
        sa.UniqueConstraint(
            "id",
            "cash_account_id",
            "statement_balance",
            name=op.f("uq_reconciliation_id_cash_account_id_statement_balance"),
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "uq_reconciliation_date",
        "reconciliation",
        ["cash_account_id", "reconciliation_date"],
        unique=True,
        sqlite_where=sa.text("state <> 'voided'"),
        postgresql_where=sa.text("state <> 'voided'"),
    )
    op.create_index(
        "uq_reconciliation_first",
        "reconciliation",
        ["cash_account_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'voided' AND predecessor_id IS NULL"),
        postgresql_where=sa.text("state <> 'voided' AND predecessor_id IS NULL"),
    )
    op.create_index(
        "uq_reconciliation_open",
        "reconciliation",
        ["cash_account_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('hold', 'balanced')"),
        postgresql_where=sa.text("state IN ('hold', 'balanced')"),
    )
    op.create_index(
        "uq_reconciliation_successor",
        "reconciliation",
        ["predecessor_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'voided'"),
        postgresql_where=sa.text("state <> 'voided'"),
    )


def downgrade() -> None:
    op.drop_table("reconciliation")
