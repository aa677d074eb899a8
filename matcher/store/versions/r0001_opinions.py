"""Opinions: match runs and proposals."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Id, Minor, Moment

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("proposal_state = 'open'")


def upgrade() -> None:
    op.create_table(
        "match_run",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("engine_version", sa.Text(), nullable=False),
        sa.Column("rules_sha256", sa.Text(), nullable=False),
        sa.Column("account_count", Minor(), nullable=False),
        sa.Column("line_count", Minor(), nullable=False),
        sa.Column("cleared_count", Minor(), nullable=False),
        sa.Column("proposed_count", Minor(), nullable=False),
        sa.Column("unmatched_count", Minor(), nullable=False),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_table(
        "match_state",
        sa.Column("cash_account_id", Id(), sa.ForeignKey("cash_account.id"), primary_key=True),
        sa.Column("match_run_id", Id(), sa.ForeignKey("match_run.id"), nullable=False),
        sa.Column("open_items", sa.Text(), nullable=False),
        sqlite_strict=True,
    )
    op.create_table(
        "proposal",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("match_run_id", Id(), sa.ForeignKey("match_run.id"), nullable=False),
        sa.Column("cash_account_id", Id(), sa.ForeignKey("cash_account.id"), nullable=False),
        sa.Column("statement_line_id", Id(), sa.ForeignKey("statement_line.id"), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("proposal_state", sa.Text(), server_default="open", nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("score_ppm", Minor(), nullable=False),
        sa.Column("difference", Minor(), nullable=False),
        sa.Column("book_ids", sa.Text(), nullable=False),
        sa.Column("alternatives", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint("proposal_state IN ('open', 'decided')", name=op.f("ck_proposal_proposal_state")),
        sa.CheckConstraint("verdict IN ('cleared', 'proposed', 'unmatched')", name=op.f("ck_proposal_verdict")),
        sa.CheckConstraint("score_ppm BETWEEN 0 AND 1000000", name=op.f("ck_proposal_score_ppm")),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_proposal_open", "proposal", ["statement_line_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_proposal_cash_account_id", "proposal", ["cash_account_id"])


def downgrade() -> None:
    for table in ("proposal", "match_state", "match_run"):
        op.drop_table(table)
