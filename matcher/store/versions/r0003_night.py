"""The nightly work: runs, files, jobs, claims on accounts."""

from __future__ import annotations

from alembic import op

from matcher.store.base import METADATA
from matcher.store.night_tables import TABLES

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    METADATA.create_all(op.get_bind(), tables=list(TABLES))


def downgrade() -> None:
    METADATA.drop_all(op.get_bind(), tables=list(TABLES))
