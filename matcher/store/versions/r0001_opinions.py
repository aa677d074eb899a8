"""Opinions: match runs and proposals."""

from __future__ import annotations

from alembic import op

from matcher.store.base import METADATA
from matcher.store.tables import MATCH_RUN, MATCH_STATE, PROPOSAL

revision = "0001"
down_revision = None


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), tables=[MATCH_RUN, MATCH_STATE, PROPOSAL])


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=[PROPOSAL, MATCH_STATE, MATCH_RUN])
