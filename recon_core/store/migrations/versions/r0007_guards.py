"""The triggers that hold the rules of the books. A change of a guard is a revision of its own, with its own tuple."""

from __future__ import annotations

from alembic import op

from recon_core.store.guards import create_statements, drop_statements

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    for statement in create_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in drop_statements(op.get_bind().dialect.name):
        op.execute(statement)
