"""The books: accounts, transactions, statements, decisions, documents, log."""

from __future__ import annotations

from alembic import op

from recon_core.store.guards import create_statements, drop_statements
from recon_core.store.tables import METADATA

revision = "0001"
down_revision = None


def upgrade() -> None:
    METADATA.create_all(op.get_bind())
    for statement in create_statements(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    for statement in drop_statements(op.get_bind().dialect.name):
        op.execute(statement)
    METADATA.drop_all(op.get_bind())
