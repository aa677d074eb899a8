"""A schema in parts: recon_core's tables, and those that another package keeps in the same database.

Each part has its own migrations and its own version table, so that neither needs to know the other's revisions. A part
may refer to tables of the parts before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import MetaData, Table
from sqlalchemy.engine import Dialect

from recon_core.store.tables import METADATA


class SchemaPart(NamedTuple):
    """`name` of the part, its tables, and the folder of its Alembic revisions."""

    name: str
    metadata: MetaData
    versions: Path


CORE = SchemaPart("core", METADATA, Path(__file__).parent / "migrations" / "versions")


class Schema:
    """All tables by name, and the type of each column name."""

    def __init__(self, parts: Sequence[SchemaPart]) -> None:
        self.parts = tuple(parts)
        self.tables: dict[str, Table] = {}
        for part in parts:
            for table in part.metadata.tables.values():
                known = self.tables.setdefault(table.name, table)
                assert known is table, f"two parts define {table.name}"

    def result_processors(self, dialect: Dialect) -> dict[str, Callable[[Any], Any]]:
        """Column name -> conversion of what the driver returns, for the names that need one."""
        found: dict[str, Callable[[Any], Any]] = {}
        types: dict[str, type] = {}
        for table in self.tables.values():
            for column in table.columns:
                kind = types.setdefault(column.name, type(column.type))
                assert kind is type(column.type), f"{table.name}.{column.name} is of another type than its namesakes"
                process = column.type.result_processor(dialect, None)
                if process is not None:
                    found[column.name] = process
        return found
