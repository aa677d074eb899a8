"""Decisions about bank lines: what was put together, by whom, in which bulk, and what was rejected for good."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index
from sqlalchemy import text as sql

from recon_core.domain.states import DecisionKind, DecisionState
from recon_core.store.columns import Day, Id, Minor, Moment
from recon_core.store.tables.base import flag, link, one_of, table, text

DECISION_BATCH = table(
    "decision_batch",
    text("kind"),
    text("label", default=""),
    text("decided_by"),
    Column("decided_at", Moment, nullable=False),
    one_of("kind", DecisionKind),
)

DECISION = table(
    "decision",
    link("decision_batch"),
    link("cash_account"),
    text("kind"),
    text("state"),
    text("reference", default=""),
    text("evidence", default=""),
    text("decided_by"),
    Column("line_total", Minor, nullable=False, server_default="0"),
    Column("book_total", Minor, nullable=False, server_default="0"),
    Column("adjustment_total", Minor, nullable=False, server_default="0"),
    text("undone_by", null=True),
    Column("undone_at", Moment, nullable=True),
    text("undo_reason", default=""),
    one_of("kind", DecisionKind),
    one_of("state", DecisionState),
    CheckConstraint("line_total - book_total = adjustment_total", name="adds_up"),
    CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone"),
    Index("ix_decision_decision_batch_id", "decision_batch_id"),
)

# What a decision uses is written before the decision, which then is checked and applied in one write: hence deferred.
# An adjustment's transaction stands in decision_transaction too, marked, so that each amount is used in one place.
DECISION_LINE = table(
    "decision_line",
    Column("decision_id", Id, ForeignKey("decision.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Column("statement_line_id", Id, ForeignKey("statement_line.id"), primary_key=True),
    Column("amount", Minor, nullable=False),
    Index("ix_decision_line_statement_line_id", "statement_line_id"),
    numbered=False,
)

DECISION_TRANSACTION = table(
    "decision_transaction",
    Column("decision_id", Id, ForeignKey("decision.id", deferrable=True, initially="DEFERRED"), primary_key=True),
    Column("book_transaction_id", Id, ForeignKey("book_transaction.id"), primary_key=True),
    Column("amount", Minor, nullable=False),
    flag("adjusts"),
    Column("prior_clear_date", Day, nullable=True),
    text("prior_cleared_by", null=True),
    Column("prior_cleared_at", Moment, nullable=True),
    Index("ix_decision_transaction_book_transaction_id", "book_transaction_id"),
    numbered=False,
)

REJECTION = table(
    "rejection",
    link("decision"),
    link("cash_account"),
    text("group_key"),
    flag("active", default=True),
    Index("uq_rejection_active", "cash_account_id", "group_key", unique=True,
          sqlite_where=sql("active"), postgresql_where=sql("active")),
)  # fmt: skip
