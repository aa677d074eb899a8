"""Files that belong to a reconciliation (the bank's PDF, a letter), and the guards that keep them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from recon_core.store.columns import Id, Moment
from recon_core.store.guards import Guard, create_statements, drop_statements

revision = "0009"
down_revision = "0008"

ADDED = (
    Guard("attachment_no_update", "attachment", "UPDATE", "TRUE", "an attachment is kept as it came"),
    Guard(
        "attachment_kept",
        "attachment",
        "DELETE",
        "EXISTS (SELECT 1 FROM reconciliation d WHERE d.id = OLD.reconciliation_id AND d.state IN ('closed', 'voided'))",
        "what is attached to a closed or voided reconciliation stays",
    ),
)


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reconciliation_id", Id(), nullable=False),
        sa.Column("source_file_id", Id(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("attached_by", sa.Text(), nullable=False),
        sa.Column("attached_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(
            ["reconciliation_id"], ["reconciliation.id"], name=op.f("fk_attachment_reconciliation_id")
        ),
        sa.ForeignKeyConstraint(["source_file_id"], ["source_file.id"], name=op.f("fk_attachment_source_file_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint(
            "reconciliation_id", "source_file_id", name=op.f("uq_attachment_reconciliation_id_source_file_id")
        ),
        sqlite_autoincrement=True,
        sqlite_strict=True,
        sqlite_with_rowid=True,
    )
    for statement in create_statements(op.get_bind().dialect.name, ADDED):
        op.execute(statement)


def downgrade() -> None:
    """The bytes stay in the archive; which reconciliation they belonged to is in the log alone."""
    for statement in drop_statements(op.get_bind().dialect.name, ADDED):
        op.execute(statement)
    op.drop_table("attachment")
