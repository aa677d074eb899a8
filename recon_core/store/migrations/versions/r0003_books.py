"""Vouchers, book transactions and their imports."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Day, Flag, Id, Minor, Moment

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "book_import",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("new_count", Minor(), nullable=False),
        sa.Column("same_count", Minor(), nullable=False),
        sa.Column("changed_count", Minor(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_import")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "voucher",
        sa.Column("id", KEY, nullable=False),
        sa.Column("state", sa.Text(), server_default="draft", nullable=False),
        sa.Column("number_series_id", Id(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("voucher_date", Day(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(state = 'posted') = (number IS NOT NULL)", name=op.f("ck_voucher_numbered")),
        sa.CheckConstraint("state IN ('draft', 'posted')", name=op.f("ck_voucher_state")),
        sa.ForeignKeyConstraint(["number_series_id"], ["number_series.id"], name=op.f("fk_voucher_number_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voucher")),
        sa.UniqueConstraint("number_series_id", "number", name=op.f("uq_voucher_number_series_id_number")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "voucher_row",
        sa.Column("voucher_id", Id(), nullable=False),
        sa.Column("row_index", Minor(), nullable=False),
        sa.Column("ledger_account", sa.Text(), nullable=False),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("code_parts", sa.Text(), server_default="{}", nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_voucher_row_amount")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_voucher_row_voucher_id")),
        sa.PrimaryKeyConstraint("voucher_id", "row_index", name=op.f("pk_voucher_row")),
        sqlite_autoincrement=False,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "book_transaction",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("book_import_id", Id(), nullable=True),
        sa.Column("transaction_date", Day(), nullable=False),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), server_default="", nullable=False),
        sa.Column("counterparty", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("batch", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="released", nullable=False),
        sa.Column("voids_id", Id(), nullable=True),
        sa.Column("voucher_id", Id(), nullable=True),
        sa.Column("cleared", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("clear_date", Day(), nullable=True),
        sa.Column("cleared_by", sa.Text(), nullable=True),
        sa.Column("cleared_at", Moment(), nullable=True),
        sa.Column("processed", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("matched_amount", Minor(), server_default="0", nullable=False),
        sa.Column("reconciliation_id", Id(), nullable=True),
        sa.Column("reconciled_date", Day(), nullable=True),
        sa.Column("version", Minor(), server_default="1", nullable=False),
        sa.CheckConstraint("(kind = 'void') = (voids_id IS NOT NULL)", name=op.f("ck_book_transaction_voids")),
        sa.CheckConstraint(
            "kind IN ('receipt', 'payment', 'transfer', 'journal', 'adjustment', 'void')",
            name=op.f("ck_book_transaction_kind"),
        ),
        sa.CheckConstraint(
            "reconciliation_id IS NULL OR status = 'released'", name=op.f("ck_book_transaction_reconciled_released")
        ),
        sa.CheckConstraint(
            "status IN ('hold', 'balanced', 'released', 'rejected')", name=op.f("ck_book_transaction_status")
        ),
        sa.CheckConstraint(
            "((amount >= 0 AND matched_amount BETWEEN 0 AND amount) OR (amount < 0 AND matched_amount BETWEEN amount AND 0))",
            name=op.f("ck_book_transaction_matched_amount"),
        ),
        sa.CheckConstraint(
            "(reconciliation_id IS NULL) = (reconciled_date IS NULL)", name=op.f("ck_book_transaction_reconciled")
        ),
        sa.CheckConstraint(
            "NOT processed OR (cleared AND matched_amount = amount)", name=op.f("ck_book_transaction_processed")
        ),
        sa.CheckConstraint("cleared = (clear_date IS NOT NULL)", name=op.f("ck_book_transaction_cleared")),
        sa.CheckConstraint("cleared = (cleared_by IS NOT NULL)", name=op.f("ck_book_transaction_cleared_by")),
        sa.CheckConstraint("reconciliation_id IS NULL OR cleared", name=op.f("ck_book_transaction_reconciled_cleared")),
        sa.ForeignKeyConstraint(
            ["book_import_id"], ["book_import.id"], name=op.f("fk_book_transaction_book_import_id")
        ),
        sa.ForeignKeyConstraint(
            ["cash_account_id", "currency"],
            ["cash_account.id", "cash_account.currency"],
            name=op.f("fk_book_transaction_cash_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_book_transaction_reconciliation_id")
        ),
        sa.ForeignKeyConstraint(["voids_id"], ["book_transaction.id"], name=op.f("fk_book_transaction_voids_id")),
        sa.ForeignKeyConstraint(["voucher_id"], ["voucher.id"], name=op.f("fk_book_transaction_voucher_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_transaction")),
        sa.UniqueConstraint(
            "cash_account_id",
            "source",
            "external_id",
            name=op.f("uq_book_transaction_cash_account_id_source_external_id"),
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "ix_book_transaction_open",
        "book_transaction",
        ["cash_account_id", "transaction_date"],
        unique=False,
        sqlite_where=sa.text("reconciliation_id IS NULL"),
        postgresql_where=sa.text("reconciliation_id IS NULL"),
    )
    op.create_index(
        "ix_book_transaction_reconciliation_id",
        "book_transaction",
        ["reconciliation_id"],
        unique=False,
        sqlite_where=sa.text("reconciliation_id IS NOT NULL"),
        postgresql_where=sa.text("reconciliation_id IS NOT NULL"),
    )
    op.create_index(
        "uq_book_transaction_voids_id",
        "book_transaction",
        ["voids_id"],
        unique=True,
        sqlite_where=sa.text("voids_id IS NOT NULL AND status <> 'rejected'"),
        postgresql_where=sa.text("voids_id IS NOT NULL AND status <> 'rejected'"),
    )
    op.create_table(
        "book_change",
        sa.Column("id", KEY, nullable=False),
        sa.Column("book_transaction_id", Id(), nullable=False),
        sa.Column("book_import_id", Id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.CheckConstraint("state IN ('applied', 'open', 'accepted', 'declined')", name=op.f("ck_book_change_state")),
        sa.ForeignKeyConstraint(["book_import_id"], ["book_import.id"], name=op.f("fk_book_change_book_import_id")),
        sa.ForeignKeyConstraint(
            ["book_transaction_id"], ["book_transaction.id"], name=op.f("fk_book_change_book_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_book_change")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_book_change_book_transaction_id", "book_change", ["book_transaction_id"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("id", KEY, nullable=False),
        sa.Column("from_transaction_id", Id(), nullable=False),
        sa.Column("to_transaction_id", Id(), nullable=False),
        sa.Column("in_transit_account", sa.Text(), server_default="", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["from_transaction_id"], ["book_transaction.id"], name=op.f("fk_transfer_from_transaction_id")
        ),
        sa.ForeignKeyConstraint(
            ["to_transaction_id"], ["book_transaction.id"], name=op.f("fk_transfer_to_transaction_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer")),
        sa.UniqueConstraint("from_transaction_id", name=op.f("uq_transfer_from_transaction_id")),
        sa.UniqueConstraint("to_transaction_id", name=op.f("uq_transfer_to_transaction_id")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "reconciliation_line",
        sa.Column("reconciliation_id", Id(), nullable=False),
        sa.Column("book_transaction_id", Id(), nullable=False),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("transaction_date", Day(), nullable=False),
        sa.Column("clear_date", Day(), nullable=False),
        sa.Column("processed", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("hidden", Flag(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["book_transaction_id"], ["book_transaction.id"], name=op.f("fk_reconciliation_line_book_transaction_id")
        ),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_reconciliation_line_reconciliation_id")
        ),
        sa.PrimaryKeyConstraint("reconciliation_id", "book_transaction_id", name=op.f("pk_reconciliation_line")),
        sqlite_autoincrement=False,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_reconciliation_line_book_transaction_id", "reconciliation_line", ["book_transaction_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("reconciliation_line")
    op.drop_table("transfer")
    op.drop_table("book_change")
    op.drop_table("book_transaction")
    op.drop_table("voucher_row")
    op.drop_table("voucher")
    op.drop_table("book_import")
