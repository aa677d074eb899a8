"""What all table modules share: one MetaData, the naming of constraints, and shorthand for common columns."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Integer, MetaData, Table, Text, false, true
from sqlalchemy.schema import SchemaItem

from recon_core.store.columns import Flag, Id

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def table(name: str, *items: SchemaItem, numbered: bool = True, info: dict[str, Any] | None = None) -> Table:
    """A STRICT table; `numbered` gives it an `id` that is never used twice, not even after a delete.

    `info["unlogged"]` names columns whose values the log does not repeat (texts that a content hash covers).
    """
    first: list[SchemaItem] = []
    if numbered:
        first = [Column("id", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)]
    return Table(
        name,
        METADATA,
        *first,
        *items,
        sqlite_strict=True,
        sqlite_autoincrement=numbered,
        sqlite_with_rowid=numbered,
        info=info or {},
    )


def text(name: str, *, default: str | None = None, null: bool = False, unique: bool = False) -> Column[str]:
    """Text; NOT NULL unless said, because NULLs are distinct in unique indexes."""
    return Column(name, Text, nullable=null, server_default=default, unique=unique)


def flag(name: str, *, default: bool = False) -> Column[bool]:
    """Yes or no, never NULL."""
    return Column(name, Flag, nullable=False, server_default=true() if default else false())


def link(target: str, name: str | None = None, *, null: bool = False, primary: bool = False) -> Column[int]:
    """A foreign key to `target`.id, named `target`_id unless said."""
    return Column(name or f"{target}_id", Id, ForeignKey(f"{target}.id"), nullable=null, primary_key=primary)


def one_of(column: str, states: type[StrEnum]) -> CheckConstraint:
    """The column holds one of the enumeration's values."""
    listed = ", ".join(f"'{state.value}'" for state in states)
    return CheckConstraint(f"{column} IN ({listed})", name=column)
