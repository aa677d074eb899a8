"""Settings and cash accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Day, Flag, Id, Minor

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "amount_limit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("account_code", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("minor_max", Minor(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.CheckConstraint("purpose IN ('write_off', 'four_eyes', 'automatic')", name=op.f("ck_amount_limit_purpose")),
        sa.CheckConstraint("minor_max >= 0", name=op.f("ck_amount_limit_minor_max")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amount_limit")),
        sa.UniqueConstraint(
            "purpose",
            "account_code",
            "reason",
            "currency",
            name=op.f("uq_amount_limit_purpose_account_code_reason_currency"),
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "code_part",
        sa.Column("id", KEY, nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("active", Flag(), server_default=sa.true(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_part")),
        sa.UniqueConstraint("part", "value", name=op.f("uq_code_part_part_value")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "entry_type",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("offset_account", sa.Text(), nullable=False),
        sa.Column("code_parts", sa.Text(), server_default="{}", nullable=False),
        sa.Column("active", Flag(), server_default=sa.true(), nullable=False),
        sa.CheckConstraint("direction IN ('receipt', 'disbursement')", name=op.f("ck_entry_type_direction")),
        sa.CheckConstraint(
            "kind IN ('bank_fee', 'interest', 'tax', 'unknown_receipt', 'rounding', 'fx', 'write_off', 'other')",
            name=op.f("ck_entry_type_kind"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_type")),
        sa.UniqueConstraint("code", name=op.f("uq_entry_type_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "fiscal_period",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_date", Day(), nullable=False),
        sa.Column("to_date", Day(), nullable=False),
        sa.Column("locked", Flag(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("from_date <= to_date", name=op.f("ck_fiscal_period_dates")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fiscal_period")),
        sa.UniqueConstraint("name", name=op.f("uq_fiscal_period_name")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "number_series",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), server_default="", nullable=False),
        sa.Column("next_number", Minor(), server_default="1", nullable=False),
        sa.Column("width", Minor(), server_default="6", nullable=False),
        sa.Column("manual", Flag(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("next_number >= 1", name=op.f("ck_number_series_next_number")),
        sa.CheckConstraint("width BETWEEN 1 AND 18", name=op.f("ck_number_series_width")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("code", name=op.f("uq_number_series_code")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "setting",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting")),
        sa.UniqueConstraint("name", name=op.f("uq_setting_name")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "cash_account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("ledger_account", sa.Text(), nullable=False),
        sa.Column("group_name", sa.Text(), server_default="", nullable=False),
        sa.Column("active", Flag(), server_default=sa.true(), nullable=False),
        sa.Column("requires_reconciliation", Flag(), server_default=sa.true(), nullable=False),
        sa.Column("policy", sa.Text(), server_default="match", nullable=False),
        sa.Column("number_series_id", Id(), nullable=True),
        sa.Column("in_transit_account", sa.Text(), server_default="", nullable=False),
        sa.Column("match_batches", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("automatic_stopped", Flag(), server_default=sa.false(), nullable=False),
        sa.Column("reversals_inverted", Flag(), nullable=True),
        sa.Column("cut_off_date", Day(), nullable=True),
        sa.Column("version", Minor(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "policy IN ('import', 'match', 'clear', 'adjust', 'release')", name=op.f("ck_cash_account_policy")
        ),
        sa.CheckConstraint(
            "NOT requires_reconciliation OR number_series_id IS NOT NULL", name=op.f("ck_cash_account_numbered")
        ),
        sa.CheckConstraint("length(currency) = 3", name=op.f("ck_cash_account_currency")),
        sa.ForeignKeyConstraint(
            ["number_series_id"], ["number_series.id"], name=op.f("fk_cash_account_number_series_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_account")),
        sa.UniqueConstraint("code", name=op.f("uq_cash_account_code")),
        sa.UniqueConstraint("id", "currency", name=op.f("uq_cash_account_id_currency")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_table(
        "account_identifier",
        sa.Column("id", KEY, nullable=False),
        sa.Column("cash_account_id", Id(), nullable=False),
        sa.Column("scheme", sa.Text(), nullable=False),
        sa.Column("identifier", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("bank_bic", sa.Text(), server_default="", nullable=False),
        sa.Column("active", Flag(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cash_account_id"], ["cash_account.id"], name=op.f("fk_account_identifier_cash_account_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_identifier")),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    op.create_index("ix_account_identifier_cash_account_id", "account_identifier", ["cash_account_id"], unique=False)
    op.create_index(
        "uq_account_identifier_active",
        "account_identifier",
        ["identifier", "currency", "bank_bic"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )


def downgrade() -> None:
    op.drop_table("account_identifier")
    op.drop_table("cash_account")
    op.drop_table("setting")
    op.drop_table("number_series")
    op.drop_table("fiscal_period")
    op.drop_table("entry_type")
    op.drop_table("code_part")
    op.drop_table("amount_limit")
