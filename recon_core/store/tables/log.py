"""The append-only log. Each row's hash covers its content and the hash before it; nothing in it is ever changed."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index

from recon_core.store.columns import Id, Minor, Moment
from recon_core.store.tables.base import table, text

LOG = table(
    "log",
    Column("seq", Minor, primary_key=True),
    Column("happened_at", Moment, nullable=False),
    text("happened_by"),
    text("action"),
    text("subject_kind"),
    Column("subject_id", Id, nullable=False),
    Column("cash_account_id", Id, nullable=True),
    text("reason", default=""),
    text("payload"),
    text("previous_hash"),
    text("hash"),
    CheckConstraint("length(hash) = 64", name="hash"),
    Index("ix_log_subject", "subject_kind", "subject_id"),
    Index("ix_log_cash_account_id", "cash_account_id"),
    numbered=False,
    info={"logged": False},
)
