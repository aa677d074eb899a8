"""Tables and their constraints: the second home of the invariants, after the domain.

Triggers, which SQLAlchemy can't describe, stand in `recon_core.store.guards`. Importing this package loads every table
into `METADATA`.
"""

from __future__ import annotations

from recon_core.store.tables import accounts, books, decisions, log, reconciliations, statements
from recon_core.store.tables.base import METADATA

__all__ = ["METADATA", "accounts", "books", "decisions", "log", "reconciliations", "statements"]
