"""Reconciliation documents and what each closed one froze."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql

from recon_core.domain.states import DocumentState
from recon_core.store.columns import Day, Id, Minor, Moment
from recon_core.store.tables.base import flag, link, one_of, table, text

_OPEN = sql("state IN ('hold', 'balanced')")
_STANDING = sql("state <> 'voided'")
_FIRST = sql("state <> 'voided' AND predecessor_id IS NULL")

RECONCILIATION = table(
    "reconciliation",
    link("cash_account"),
    text("state", default=DocumentState.HOLD.value),
    text("number", null=True),
    Column("reconciliation_date", Day, nullable=False),
    Column("beginning_balance", Minor, nullable=False),
    Column("statement_balance", Minor, nullable=False, server_default="0"),
    Column("predecessor_id", Id, nullable=True),
    flag("skip_voided"),
    flag("match_batches"),
    text("notes", default=""),
    text("created_by"),
    Column("created_at", Moment, nullable=False),
    text("changed_by"),
    Column("changed_at", Moment, nullable=False),
    text("released_by", null=True),
    Column("released_at", Moment, nullable=True),
    text("voided_by", null=True),
    Column("voided_at", Moment, nullable=True),
    Column("receipts", Minor, nullable=True),
    Column("receipt_count", Minor, nullable=True),
    Column("disbursements", Minor, nullable=True),
    Column("disbursement_count", Minor, nullable=True),
    text("bound", null=True),
    text("bound_sha256", null=True),
    Column("version", Minor, nullable=False, server_default="1"),
    one_of("state", DocumentState),
    # R2: a closed document adds up, in the database's own arithmetic.
    CheckConstraint(
        "state NOT IN ('closed', 'voided') OR"
        " (receipts IS NOT NULL AND disbursements IS NOT NULL AND number IS NOT NULL AND bound IS NOT NULL"
        " AND statement_balance = beginning_balance + receipts - disbursements)",
        name="difference_zero",
    ),
    CheckConstraint("predecessor_id IS NOT NULL OR beginning_balance = 0", name="first_begins_at_zero"),
    CheckConstraint("(state = 'voided') = (voided_at IS NOT NULL)", name="voided"),
    CheckConstraint("(state IN ('closed', 'voided')) = (released_at IS NOT NULL)", name="released"),
    UniqueConstraint("id", "cash_account_id", "statement_balance"),
    UniqueConstraint("cash_account_id", "number"),
    # R3: the beginning balance is the predecessor's statement balance, of the same account.
    ForeignKeyConstraint(
        ["predecessor_id", "cash_account_id", "beginning_balance"],
        ["reconciliation.id", "reconciliation.cash_account_id", "reconciliation.statement_balance"],
        name="fk_reconciliation_predecessor",
    ),
    # R4: one open document an account. R3: one successor a document, one first document an account.
    Index("uq_reconciliation_open", "cash_account_id", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
    Index("uq_reconciliation_successor", "predecessor_id", unique=True,
          sqlite_where=_STANDING, postgresql_where=_STANDING),
    Index("uq_reconciliation_first", "cash_account_id", unique=True, sqlite_where=_FIRST, postgresql_where=_FIRST),
    Index("uq_reconciliation_date", "cash_account_id", "reconciliation_date", unique=True,
          sqlite_where=_STANDING, postgresql_where=_STANDING),
)  # fmt: skip

RECONCILIATION_LINE = table(
    "reconciliation_line",
    Column("reconciliation_id", Id, ForeignKey("reconciliation.id"), primary_key=True),
    Column("book_transaction_id", Id, ForeignKey("book_transaction.id"), primary_key=True),
    Column("amount", Minor, nullable=False),
    Column("transaction_date", Day, nullable=False),
    Column("clear_date", Day, nullable=False),
    flag("processed"),
    flag("hidden"),
    Index("ix_reconciliation_line_book_transaction_id", "book_transaction_id"),
    numbered=False,
)

ATTACHMENT = table(
    "attachment",
    link("reconciliation"),
    link("source_file"),
    text("name"),
    text("attached_by"),
    Column("attached_at", Moment, nullable=False),
    UniqueConstraint("reconciliation_id", "source_file_id"),
)
