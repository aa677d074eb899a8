"""Book transactions, where they came from, their vouchers, and the adjustments and transfers among them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql

from recon_core.domain.states import (
    AdjustmentState,
    ChangeState,
    Direction,
    TransactionKind,
    TransactionStatus,
    VoucherState,
)
from recon_core.store.columns import Day, Id, Minor, Moment
from recon_core.store.tables.base import flag, link, one_of, table, text

WITHIN = "(({0} >= 0 AND {1} BETWEEN 0 AND {0}) OR ({0} < 0 AND {1} BETWEEN {0} AND 0))"

BOOK_IMPORT = table(
    "book_import",
    text("source"),
    Column("imported_at", Moment, nullable=False),
    text("imported_by"),
    Column("new_count", Minor, nullable=False),
    Column("same_count", Minor, nullable=False),
    Column("changed_count", Minor, nullable=False),
)

VOUCHER = table(
    "voucher",
    text("state", default=VoucherState.DRAFT.value),
    link("number_series", null=True),
    text("number", null=True),
    Column("voucher_date", Day, nullable=False),
    text("description", default=""),
    one_of("state", VoucherState),
    CheckConstraint("(state = 'posted') = (number IS NOT NULL)", name="numbered"),
    UniqueConstraint("number_series_id", "number"),
)

VOUCHER_ROW = table(
    "voucher_row",
    Column("voucher_id", Id, ForeignKey("voucher.id"), primary_key=True),
    Column("row_index", Minor, primary_key=True),
    text("ledger_account"),
    Column("amount", Minor, nullable=False),
    text("currency"),
    text("code_parts", default="{}"),
    CheckConstraint("amount <> 0", name="amount"),
    numbered=False,
)

BOOK_TRANSACTION = table(
    "book_transaction",
    Column("cash_account_id", Id, nullable=False),
    text("source"),
    text("external_id"),
    link("book_import", null=True),
    Column("transaction_date", Day, nullable=False),
    Column("amount", Minor, nullable=False),
    text("currency"),
    text("kind"),
    text("reference", default=""),
    text("counterparty", default=""),
    text("description", default=""),
    text("batch", default=""),
    text("status", default=TransactionStatus.RELEASED.value),
    Column("voids_id", Id, ForeignKey("book_transaction.id"), nullable=True),
    link("voucher", null=True),
    flag("cleared"),
    Column("clear_date", Day, nullable=True),
    text("cleared_by", null=True),
    Column("cleared_at", Moment, nullable=True),
    flag("processed"),
    Column("matched_amount", Minor, nullable=False, server_default="0"),
    link("reconciliation", null=True),
    Column("reconciled_date", Day, nullable=True),
    Column("version", Minor, nullable=False, server_default="1"),
    Column("split_of_id", Id, ForeignKey("book_transaction.id"), nullable=True),
    one_of("kind", TransactionKind),
    one_of("status", TransactionStatus),
    CheckConstraint("(kind = 'void') = (voids_id IS NOT NULL)", name="voids"),
    CheckConstraint("cleared = (clear_date IS NOT NULL)", name="cleared"),
    CheckConstraint("cleared = (cleared_by IS NOT NULL)", name="cleared_by"),
    CheckConstraint("NOT processed OR (cleared AND matched_amount = amount)", name="processed"),
    CheckConstraint(WITHIN.format("amount", "matched_amount"), name="matched_amount"),
    CheckConstraint("(reconciliation_id IS NULL) = (reconciled_date IS NULL)", name="reconciled"),
    CheckConstraint("reconciliation_id IS NULL OR cleared", name="reconciled_cleared"),
    CheckConstraint("reconciliation_id IS NULL OR status = 'released'", name="reconciled_released"),
    ForeignKeyConstraint(["cash_account_id", "currency"], ["cash_account.id", "cash_account.currency"]),
    UniqueConstraint("cash_account_id", "source", "external_id"),
    Index("uq_book_transaction_voids_id", "voids_id", unique=True,
          sqlite_where=sql("voids_id IS NOT NULL AND status <> 'rejected'"),
          postgresql_where=sql("voids_id IS NOT NULL AND status <> 'rejected'")),
    Index("ix_book_transaction_open", "cash_account_id", "transaction_date",
          sqlite_where=sql("reconciliation_id IS NULL"), postgresql_where=sql("reconciliation_id IS NULL")),
    Index("ix_book_transaction_reconciliation_id", "reconciliation_id",
          sqlite_where=sql("reconciliation_id IS NOT NULL"), postgresql_where=sql("reconciliation_id IS NOT NULL")),
    Index("ix_book_transaction_split_of_id", "split_of_id",
          sqlite_where=sql("split_of_id IS NOT NULL"), postgresql_where=sql("split_of_id IS NOT NULL")),
)  # fmt: skip

BOOK_CHANGE = table(
    "book_change",
    link("book_transaction"),
    link("book_import"),
    text("state"),
    text("proposed"),
    text("decided_by", null=True),
    Column("decided_at", Moment, nullable=True),
    one_of("state", ChangeState),
    Index("ix_book_change_book_transaction_id", "book_transaction_id"),
)

ADJUSTMENT = table(
    "adjustment",
    link("book_transaction"),
    link("entry_type"),
    link("statement_line", null=True),
    link("decision", null=True),
    text("offset_account"),
    text("code_parts", default="{}"),
    text("direction"),
    text("state", default=AdjustmentState.CREATED.value),
    text("created_by"),
    Column("created_at", Moment, nullable=False),
    text("approved_by", null=True),
    Column("version", Minor, nullable=False, server_default="1"),
    one_of("state", AdjustmentState),
    one_of("direction", Direction),
    UniqueConstraint("book_transaction_id"),
    Index("ix_adjustment_statement_line_id", "statement_line_id"),
    Index("ix_adjustment_decision_id", "decision_id"),
)

TRANSFER = table(
    "transfer",
    link("book_transaction", "from_transaction_id"),
    link("book_transaction", "to_transaction_id"),
    text("in_transit_account", default=""),
    text("description", default=""),
    UniqueConstraint("from_transaction_id"),
    UniqueConstraint("to_transaction_id"),
)
