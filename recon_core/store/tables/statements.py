"""Files as received, statements, bank lines, and bank text that adds no money."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql

from recon_core.domain.states import AdviceKind, FileOutcome, LineState, StatementState
from recon_core.store.columns import Bytes, Day, Flag, Id, Minor, Moment
from recon_core.store.tables.base import flag, link, one_of, table, text
from recon_core.store.tables.books import WITHIN

SOURCE_FILE = table(
    "source_file",
    text("sha256", unique=True),
    text("name"),
    Column("size", Minor, nullable=False),
    Column("content", Bytes, nullable=False),
    Column("received_at", Moment, nullable=False),
    text("received_by"),
    text("outcome", default=FileOutcome.RECEIVED.value),
    text("reason", default=""),
    one_of("outcome", FileOutcome),
    CheckConstraint("length(sha256) = 64", name="sha256"),
    info={"unlogged": {"content"}},
)

FILE_DELIVERY = table(
    "file_delivery",
    link("source_file"),
    text("name"),
    Column("delivered_at", Moment, nullable=False),
    text("delivered_by"),
    Index("ix_file_delivery_source_file_id", "source_file_id"),
)

STATEMENT = table(
    "statement",
    link("cash_account"),
    link("source_file"),
    text("kind"),
    text("format"),
    text("format_version", default=""),
    text("bank_statement_id", default=""),
    text("message_id", default=""),
    Column("sequence", Minor, nullable=True),
    Column("page", Minor, nullable=True),
    Column("last_page", Flag, nullable=True),
    text("currency"),
    Column("from_date", Day, nullable=True),
    Column("to_date", Day, nullable=True),
    Column("created_at", Moment, nullable=True),
    Column("opening_balance", Minor, nullable=True),
    Column("opening_date", Day, nullable=True),
    Column("closing_balance", Minor, nullable=True),
    Column("closing_date", Day, nullable=True),
    Column("available_balance", Minor, nullable=True),
    text("duplicate", default=""),
    Column("line_count", Minor, nullable=False),
    Column("new_count", Minor, nullable=False),
    Column("new_total", Minor, nullable=False),
    Column("booked_total", Minor, nullable=False),
    text("balanced", default=""),
    flag("automatic", default=True),
    text("statement_key"),
    text("content_sha256"),
    Column("revision", Minor, nullable=False, server_default="1"),
    link("statement", "supersedes_id", null=True),
    text("state"),
    text("hold_reason", default=""),
    text("flags", default="[]"),
    one_of("state", StatementState),
    CheckConstraint("state <> 'held' OR hold_reason <> ''", name="hold_reason"),
    CheckConstraint("balanced IN ('', 'yes', 'no')", name="balanced"),
    UniqueConstraint("cash_account_id", "statement_key", "content_sha256"),
    Index("ix_statement_source_file_id", "source_file_id"),
)  # fmt: skip

STATEMENT_DELIVERY = table(
    "statement_delivery",
    link("statement"),
    link("source_file"),
    Column("delivered_at", Moment, nullable=False),
    Index("ix_statement_delivery_statement_id", "statement_id"),
)

STATEMENT_LINE = table(
    "statement_line",
    Column("cash_account_id", Id, nullable=False),
    link("statement"),
    Column("line_index", Minor, nullable=False),
    Column("booking_date", Day, nullable=False),
    Column("value_date", Day, nullable=True),
    Column("amount", Minor, nullable=False),
    text("currency"),
    flag("reversal"),
    text("bank_reference", null=True),
    text("code", null=True),
    text("proprietary_code", null=True),
    text("end_to_end_id", null=True),
    text("creditor_reference", null=True),
    text("remittance", null=True),
    text("counterparty_name", null=True),
    text("counterparty_account", null=True),
    text("more", default="{}"),
    text("source_where", default=""),
    text("line_key"),
    Column("occurrence", Minor, nullable=False),
    text("state", default=LineState.OPEN.value),
    Column("used_amount", Minor, nullable=False, server_default="0"),
    text("state_reason", default=""),
    link("statement", "withdrawn_by", null=True),
    one_of("state", LineState),
    CheckConstraint("occurrence >= 1", name="occurrence"),
    CheckConstraint(WITHIN.format("amount", "used_amount"), name="used_amount"),
    CheckConstraint("state NOT IN ('matched', 'adjusted') OR used_amount = amount", name="used_up"),
    CheckConstraint("state <> 'ignored' OR state_reason <> ''", name="ignored_reason"),
    ForeignKeyConstraint(["cash_account_id", "currency"], ["cash_account.id", "cash_account.currency"]),
    UniqueConstraint("cash_account_id", "booking_date", "line_key", "occurrence"),
    Index("ix_statement_line_statement_id", "statement_id", "line_index"),
    Index("ix_statement_line_open", "cash_account_id", "booking_date",
          sqlite_where=sql("state IN ('open', 'proposed')"), postgresql_where=sql("state IN ('open', 'proposed')")),
    info={"unlogged": {"bank_reference", "code", "proprietary_code", "end_to_end_id", "creditor_reference",
                       "remittance", "counterparty_name", "counterparty_account", "more", "source_where"}},
)  # fmt: skip

KNOWN_LINE = table(
    "known_line",
    link("statement", primary=True),
    Column("line_index", Minor, primary_key=True),
    link("statement_line"),
    Index("ix_known_line_statement_line_id", "statement_line_id"),
    numbered=False,
)

ADVICE_LINE = table(
    "advice_line",
    link("cash_account"),
    link("statement"),
    Column("line_index", Minor, nullable=False),
    text("kind"),
    Column("booking_date", Day, nullable=True),
    Column("amount", Minor, nullable=False),
    text("currency"),
    text("bank_reference", null=True),
    text("line_content"),
    link("statement_line", null=True),
    one_of("kind", AdviceKind),
    Index("ix_advice_line_cash_account_id", "cash_account_id", "booking_date"),
    Index("ix_advice_line_statement_id", "statement_id"),
    Index("ix_advice_line_statement_line_id", "statement_line_id"),
    info={"unlogged": {"line_content"}},
)
