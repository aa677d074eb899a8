"""Room on the pages of PostgreSQL for the second version of rows that are written once and then matched: it stands
beside the first and, where no index knows what changed, needs no entries of its own.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

_TABLES = ("statement_line", "book_transaction")


def upgrade() -> None:
    _each("SET (fillfactor = 50)")


def downgrade() -> None:
    _each("RESET (fillfactor)")


def _each(change: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        for table in _TABLES:
            op.execute(f"ALTER TABLE {table} {change}")
