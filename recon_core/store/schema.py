"""A schema in parts: recon_core's tables, and those that another package keeps in the same database.

Each part has its own migrations and its own version table, so that neither needs to know the other's revisions. A part
may refer to tables of the parts before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import MetaData, Table
from sqlalchemy.engine import Dialect

from recon_core.store.columns import Convert, Day, Moment
from recon_core.store.tables import METADATA


class SchemaPart(NamedTuple):
    """`name` of the part, its tables, and the folder of its Alembic revisions."""

    name: str
    metadata: MetaData
    versions: Path


CORE = SchemaPart("core", METADATA, Path(__file__).parent / "migrations" / "versions")


class ResultTypes:
    """How a result column is converted: as the column of its name, or as the end of an alias tells ("_date", "_at")."""

    def __init__(self, tables: Iterable[Table], dialect: Dialect) -> None:
        self._found: dict[str, Convert | None] = {}
        self._ends = (
            ("_date", Day().result_processor(dialect, None)),
            ("_at", Moment().result_processor(dialect, None)),
        )
        types: dict[str, type] = {}
        for table in tables:
            for column in table.columns:
                kind = types.setdefault(column.name, type(column.type))
                assert kind is type(column.type), f"{table.name}.{column.name} is of another type than its namesakes"
                self._found[column.name] = column.type.result_processor(dialect, None)

    def of(self, name: str) -> Convert | None:
        """The conversion of what the driver returns under this name, or None where it needs none."""
        if name not in self._found:
            self._found[name] = next((process for end, process in self._ends if name.endswith(end)), None)
        return self._found[name]


class Schema:
    """All tables by name, and the type of each column name."""

    def __init__(self, parts: Sequence[SchemaPart]) -> None:
        self.parts = tuple(parts)
        self.tables: dict[str, Table] = {}
        self._results: ResultTypes | None = None
        for part in parts:
            for table in part.metadata.tables.values():
                known = self.tables.setdefault(table.name, table)
                assert known is table, f"two parts define {table.name}"

    def result_types(self, dialect: Dialect) -> ResultTypes:
        """The conversions of result columns, kept for the next unit of work."""
        if self._results is None:
            self._results = ResultTypes(self.tables.values(), dialect)
        return self._results
