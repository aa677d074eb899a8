"""What the matcher learned, and the pass and the group of each proposal."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Text, inspect

from matcher.store.learned_tables import LEARNED_RULE

revision = "0002"
down_revision = "0001"

_ADDED = {"rule": "", "together": "[]"}


def upgrade() -> None:
    # A database that is made now has these columns from revision 0001 on: that one makes the tables as they are today.
    have = {column["name"] for column in inspect(op.get_bind()).get_columns("proposal")}
    for name, default in _ADDED.items():
        if name not in have:
            op.add_column("proposal", Column(name, Text, nullable=False, server_default=default))
    LEARNED_RULE.create(op.get_bind())


def downgrade() -> None:
    LEARNED_RULE.drop(op.get_bind())
    for name in _ADDED:
        op.drop_column("proposal", name)
