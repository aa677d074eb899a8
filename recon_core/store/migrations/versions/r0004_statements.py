"""Files, statements, bank lines and advice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Bytes, Day, Flag, Id, Minor, Moment

revision = "0004"
down_revision = "0003"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "source_file",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", Minor(), nullable=False),
        sa.Column("content", Bytes(), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="received", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("outcome IN ('received', 'read', 'set_aside')", name=op.f("ck_source_file_outcome")),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_source_file_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_file")),
        sa.UniqueConstraint("sha256", name=op.f("uq_source_file_sha256")),
        info={"unlogged": {"content"}},
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "file_delivery",
        sa.Column("id", KEY, nullable=False),
        sa.Column("source_file_id", Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("delivered_at", Moment(), nullable=False),
        sa.Column("delivered_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["source_file_id"], ["source_file.id"], name=op.f("fk_file_delivery_source_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_delivery")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_file_delivery_source_file_id", "file_delivery", ["source_file_id"], unique=False)
    op.create_table(
        "statement",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("source_file_id", Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("format_version", sa.Text(), server_default="", nullable=False),
        sa.Column("bank_statement_id", sa.Text(), server_default="", nullable=False),
        sa.Column("message_id", sa.Text(), server_default="", nullable=False),
        sa.Column("sequence", Minor(), nullable=True),
        sa.Column("page", Minor(), nullable=True),
        sa.Column("last_page", Flag(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("from_date", Day(), nullable=True),
        sa.Column("to_date", Day(), nullable=True),
        sa.Column("created_at", Moment(), nullable=True),
        sa.Column("opening_balance", Minor(), nullable=True),
        sa.Column("opening_date", Day(), nullable=True),
        sa.Column("closing_balance", Minor(), nullable=True),
        sa.Column("closing_date", Day(), nullable=True),
        sa.Column("available_balance", Minor(), nullable=True),
        sa.Column("duplicate", sa.Text(), server_default="", nullable=False),
        sa.Column("line_count", Minor(), nullable=False),
        sa.Column("new_count", Minor(), nullable=False),
        sa.Column("new_total", Minor(), nullable=False),
        sa.Column("booked_total", Minor(), nullable=False),
        sa.Column("balanced", sa.Text(), server_default="", nullable=False),
        sa.Column("automatic", Flag(), server_default=sa.true(), nullable=False),
        sa.Column("statement_key", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("revision", Minor(), server_default="1", nullable=False),
        sa.Column("supersedes_id", Id(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("hold_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("flags", sa.Text(), server_default="[]", nullable=False),
        sa.CheckConstraint("balanced IN ('', 'yes', 'no')", name=op.f("ck_statement_balanced")),
        sa.CheckConstraint("state <> 'held' OR hold_reason <> ''", name=op.f("ck_statement_hold_reason")),
        sa.CheckConstraint("state IN ('accepted', 'held', 'superseded', 'refused')", name=op.f("ck_statement_state")),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_statement_cash_account_id")),
        sa.ForeignKeyConstraint(["source_file_id"], ["source_file.id"], name=op.f("fk_statement_source_file_id")),
        sa.ForeignKeyConstraint(["supersedes_id"], ["statement.id"], name=op.f("fk_statement_supersedes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement")),
        sa.UniqueConstraint(
            "cash_account_id",
            "statement_key",
            "content_sha256",
            name=op.f("uq_statement_cash_account_id_statement_key_content_sha256"),
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_statement_source_file_id", "statement", ["source_file_id"], unique=False)
    op.create_table(
        "statement_delivery",
        sa.Column("id", KEY, nullable=False),
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("source_file_id", Id(), nullable=False),
        sa.Column("delivered_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_file_id"], ["source_file.id"], name=op.f("fk_statement_delivery_source_file_id")
        ),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_delivery_statement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_delivery")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_statement_delivery_statement_id", "statement_delivery", ["statement_id"], unique=False)
    op.create_table(
        "statement_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("line_index", Minor(), nullable=False),
        sa.Column("booking_date", Day(), nullable=False),
        sa.Column("value_date", Day(), nullable=True),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("reversal", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("proprietary_code", sa.Text(), nullable=True),
        sa.Column("end_to_end_id", sa.Text(), nullable=True),
        sa.Column("creditor_reference", sa.Text(), nullable=True),
        sa.Column("remittance", sa.Text(), nullable=True),
        sa.Column("counterparty_name", sa.Text(), nullable=True),
        sa.Column("counterparty_account", sa.Text(), nullable=True),
        sa.Column("more", sa.Text(), server_default="{}", nullable=False),
        sa.Column("source_where", sa.Text(), server_default="", nullable=False),
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("occurrence", Minor(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("used_amount", Minor(), server_default="0", nullable=False),
        sa.Column("state_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("withdrawn_by", Id(), nullable=True),
        sa.CheckConstraint("state <> 'ignored' OR state_reason <> ''", name=op.f("ck_statement_line_ignored_reason")),
        sa.CheckConstraint(
            "state IN ('open', 'proposed', 'matched', 'adjusted', 'ignored')", name=op.f("ck_statement_line_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('matched', 'adjusted') OR used_amount = amount", name=op.f("ck_statement_line_used_up")
        ),
        sa.CheckConstraint(
            "((amount >= 0 AND used_amount BETWEEN 0 AND amount) OR (amount < 0 AND used_amount BETWEEN amount AND 0))",
            name=op.f("ck_statement_line_used_amount"),
        ),
        sa.CheckConstraint("occurrence >= 1", name=op.f("ck_statement_line_occurrence")),
        sa.ForeignKeyConstraint(
            ["cash_account_id", "currency"],
            ["cash_account.id", "cash_account.currency"],
            name=op.f("fk_statement_line_cash_account_id_currency"),
        ),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_statement_line_statement_id")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["statement.id"], name=op.f("fk_statement_line_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_line")),
        sa.UniqueConstraint(
            "cash_account_id",
            "booking_date",
            "line_key",
            "occurrence",
            name=op.f("uq_statement_line_cash_account_id_booking_date_line_key_occurrence"),
        ),
        info={
            "unlogged": {
                "counterparty_name",
                "counterparty_account",
                "bank_reference",
                "code",
                "source_where",
                "creditor_reference",
                "end_to_end_id",
                "proprietary_code",
                "remittance",
                "more",
            }
        },
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index(
        "ix_statement_line_open",
        "statement_line",
        ["cash_account_id", "booking_date"],
        unique=False,
        sqlite_where=sa.text("state IN ('open', 'proposed')"),
        postgresql_where=sa.text("state IN ('open', 'proposed')"),
    )
    op.create_index("ix_statement_line_statement_id", "statement_line", ["statement_id", "line_index"], unique=False)
    op.create_table(
        "known_line",
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("line_index", Minor(), nullable=False),
        sa.Column("statement_line_id", Id(), nullable=False),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_known_line_statement_id")),
        sa.ForeignKeyConstraint(
            ["statement_line_id"], ["statement_line.id"], name=op.f("fk_known_line_statement_line_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", "line_index", name=op.f("pk_known_line")),
        sqlite_autoincrement=False,
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index("ix_known_line_statement_line_id", "known_line", ["statement_line_id"], unique=False)
    op.create_table(
        "advice_line",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("statement_id", Id(), nullable=False),
        sa.Column("line_index", Minor(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("booking_date", Day(), nullable=True),
        sa.Column("amount", Minor(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("bank_reference", sa.Text(), nullable=True),
        sa.Column("line_content", sa.Text(), nullable=False),
        sa.Column("statement_line_id", Id(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('pending', 'info', 'future', 'report', 'notification', 'held')", name=op.f("ck_advice_line_kind")
        ),
        sa.ForeignKeyConstraint(["cash_account_id"], ["cash_account.id"], name=op.f("fk_advice_line_cash_account_id")),
        sa.ForeignKeyConstraint(["statement_id"], ["statement.id"], name=op.f("fk_advice_line_statement_id")),
        sa.ForeignKeyConstraint(
            ["statement_line_id"], ["statement_line.id"], name=op.f("fk_advice_line_statement_line_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advice_line")),
        info={"unlogged": {"line_content"}},
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_advice_line_cash_account_id", "advice_line", ["cash_account_id", "booking_date"], unique=False)
    op.create_index("ix_advice_line_statement_id", "advice_line", ["statement_id"], unique=False)
    op.create_index("ix_advice_line_statement_line_id", "advice_line", ["statement_line_id"], unique=False)


def downgrade() -> None:
    op.drop_table("advice_line")
    op.drop_table("known_line")
    op.drop_table("statement_line")
    op.drop_table("statement_delivery")
    op.drop_table("statement")
    op.drop_table("file_delivery")
    op.drop_table("source_file")
