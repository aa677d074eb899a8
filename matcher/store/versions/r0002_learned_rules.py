"""What the matcher learned, and the pass and the group of each proposal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Id, Minor, Moment

revision = "0002"
down_revision = "0001"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("proposal", sa.Column("rule", sa.Text(), server_default="", nullable=False))
    op.add_column("proposal", sa.Column("together", sa.Text(), server_default="[]", nullable=False))
    op.create_table(
        "learned_rule",
        sa.Column("id", KEY, primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("cash_account_id", Id(), sa.ForeignKey("cash_account.id"), nullable=True),
        sa.Column("rule_condition", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("rank", Minor(), nullable=False),
        sa.Column("support", Minor(), nullable=False),
        sa.Column("against", Minor(), nullable=False),
        sa.Column("examples", sa.Text(), server_default="[]", nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.CheckConstraint("kind IN ('counterparty', 'quotes', 'entry_type')", name=op.f("ck_learned_rule_kind")),
        sa.CheckConstraint("state IN ('offered', 'accepted', 'dropped')", name=op.f("ck_learned_rule_state")),
        sa.CheckConstraint("origin IN ('learned', 'written')", name=op.f("ck_learned_rule_origin")),
        sa.CheckConstraint("(state = 'offered') = (decided_by IS NULL)", name=op.f("ck_learned_rule_decided")),
        sqlite_strict=True,
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_learned_rule_meaning",
        "learned_rule",
        ["kind", "rule_condition", "outcome", sa.text("coalesce(cash_account_id, 0)")],
        unique=True,
    )


def downgrade() -> None:
    op.drop_table("learned_rule")
    for name in ("rule", "together"):
        op.drop_column("proposal", name)
