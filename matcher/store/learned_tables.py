"""The table of learned rules. They decide what is cleared, so unlike opinions every change of one stands in the log."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table
from sqlalchemy import text as sql

from matcher.proposal import RuleKind, RuleOrigin, RuleState
from matcher.store.base import METADATA, number
from recon_core.store.columns import Id, Minor, Moment
from recon_core.store.tables.accounts import CASH_ACCOUNT
from recon_core.store.tables.base import one_of, text

LEARNED_RULE = Table(
    "learned_rule",
    METADATA,
    number(),
    text("kind"),
    text("state"),
    text("origin"),
    Column("cash_account_id", Id, ForeignKey(CASH_ACCOUNT.c.id), nullable=True),
    text("rule_condition"),
    text("outcome"),
    Column("rank", Minor, nullable=False),
    Column("support", Minor, nullable=False),
    Column("against", Minor, nullable=False),
    text("examples", default="[]"),
    text("made_by"),
    Column("made_at", Moment, nullable=False),
    text("decided_by", null=True),
    Column("decided_at", Moment, nullable=True),
    one_of("kind", RuleKind),
    one_of("state", RuleState),
    one_of("origin", RuleOrigin),
    CheckConstraint("(state = 'offered') = (decided_by IS NULL)", name="decided"),
    Index("uq_learned_rule_meaning", "kind", "rule_condition", "outcome", sql("coalesce(cash_account_id, 0)"),
          unique=True),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)  # fmt: skip
