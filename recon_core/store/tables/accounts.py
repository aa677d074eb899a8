"""Cash accounts and the settings that stand around them."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint
from sqlalchemy import text as sql

from recon_core.domain.states import Direction, EntryKind, MatchingPolicy
from recon_core.store.columns import Day, Flag, Minor
from recon_core.store.tables.base import flag, link, one_of, table, text

NUMBER_SERIES = table(
    "number_series",
    text("code", unique=True),
    text("prefix", default=""),
    Column("next_number", Minor, nullable=False, server_default="1"),
    Column("width", Minor, nullable=False, server_default="6"),
    flag("manual"),
    CheckConstraint("next_number >= 1", name="next_number"),
    CheckConstraint("width BETWEEN 1 AND 18", name="width"),
)

CASH_ACCOUNT = table(
    "cash_account",
    text("code", unique=True),
    text("name"),
    text("currency"),
    text("ledger_account"),
    text("group_name", default=""),
    flag("active", default=True),
    flag("requires_reconciliation", default=True),
    text("policy", default=MatchingPolicy.MATCH.value),
    link("number_series", null=True),
    text("in_transit_account", default=""),
    flag("match_batches"),
    flag("automatic_stopped"),
    Column("reversals_inverted", Flag, nullable=True),
    Column("cut_off_date", Day, nullable=True),
    Column("version", Minor, nullable=False, server_default="1"),
    one_of("policy", MatchingPolicy),
    CheckConstraint("length(currency) = 3", name="currency"),
    CheckConstraint("NOT requires_reconciliation OR number_series_id IS NOT NULL", name="numbered"),
    UniqueConstraint("id", "currency"),
)

ACCOUNT_IDENTIFIER = table(
    "account_identifier",
    link("cash_account"),
    text("scheme"),
    text("identifier"),
    text("currency"),
    text("bank_bic", default=""),
    flag("active", default=True),
    Index("uq_account_identifier_active", "identifier", "currency", "bank_bic", unique=True,
          sqlite_where=sql("active"), postgresql_where=sql("active")),
    Index("ix_account_identifier_cash_account_id", "cash_account_id"),
)  # fmt: skip

ENTRY_TYPE = table(
    "entry_type",
    text("code", unique=True),
    text("name"),
    text("kind"),
    text("direction"),
    text("offset_account"),
    text("code_parts", default="{}"),
    flag("active", default=True),
    one_of("kind", EntryKind),
    one_of("direction", Direction),
)

SETTING = table("setting", text("name", unique=True), text("value"))

FISCAL_PERIOD = table(
    "fiscal_period",
    text("name", unique=True),
    Column("from_date", Day, nullable=False),
    Column("to_date", Day, nullable=False),
    flag("locked"),
    CheckConstraint("from_date <= to_date", name="dates"),
)

CODE_PART = table(
    "code_part",
    text("part"),
    text("value"),
    text("name", default=""),
    flag("active", default=True),
    UniqueConstraint("part", "value"),
)

AMOUNT_LIMIT = table(
    "amount_limit",
    text("purpose"),
    text("account_code", default=""),
    text("reason", default=""),
    text("currency"),
    Column("minor_max", Minor, nullable=False),
    text("changed_by"),
    UniqueConstraint("purpose", "account_code", "reason", "currency"),
    CheckConstraint("minor_max >= 0", name="minor_max"),
    CheckConstraint("purpose IN ('write_off', 'four_eyes', 'automatic')", name="purpose"),
)
